"""A grant 待遇: what the area gave for one settlement, and the states it goes through."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import PersonId, SettlementId
from contracts.messages.settlement import Basis, Outcome
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from contracts.state_machine import StateMachine, Step
from participants.insured.domain.insurance_year import NOTHING, YearKey, key_before
from participants.policy.benefits import Elsewhere
from participants.policy.model import YearToDate


class GrantState(StrEnum):
    """Where a settlement stands in the insured area's books."""

    GRANTED = "granted"  # answered; the year and the account have moved
    SETTLED = "settled"  # the hub says it counts, on `settled_on`
    RELEASED = "released"  # given back: the year and the account moved back
    REFUSED = "refused"  # calculated as a no; nothing moved
    TOMBSTONE = "tombstone"  # released before it was ever asked for; nothing will move


class GrantEvent(StrEnum):
    """What the hub may say about a grant."""

    SETTLE = "settle"
    RELEASE = "release"
    REVERSE = "reverse"


_S, _E = GrantState, GrantEvent
# fmt: off
GRANT = StateMachine(name="grant", initial=(_S.GRANTED, _S.REFUSED, _S.TOMBSTONE), steps=(
    Step(_S.GRANTED,   _E.SETTLE,  _S.SETTLED,   "the hub settled it"),
    Step(_S.GRANTED,   _E.RELEASE, _S.RELEASED,  "expired, withdrawn or unsound: give back"),
    Step(_S.SETTLED,   _E.SETTLE,  _S.SETTLED,   "said again"),
    Step(_S.SETTLED,   _E.RELEASE, _S.RELEASED,  "cancelled or withdrawn after it was settled"),
    Step(_S.RELEASED,  _E.RELEASE, _S.RELEASED,  "asked again: given back once"),
    Step(_S.RELEASED,  _E.SETTLE,  _S.RELEASED,  "its day is heard after the release"),
    Step(_S.RELEASED,  _E.REVERSE, _S.RELEASED,  "the hub reversed it: the day is noted"),
    Step(_S.REFUSED,   _E.RELEASE, _S.REFUSED,   "nothing was granted"),
    Step(_S.TOMBSTONE, _E.RELEASE, _S.TOMBSTONE, "asked again: nothing was granted"),
))
# fmt: on

EVENT_OF_OUTCOME = {Outcome.SETTLED: GrantEvent.SETTLE, Outcome.REVERSED: GrantEvent.REVERSE}
NOBODY = Shares()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`delta` is what it added to `year`, the account's part lies in `shares`.

    `delta_before` is what a stay over the New Year added to the year before `year`, None unless
    the policy split its bill. `beyond_bill_fen`: what a lump sum pays to the person beside it.
    A tombstone knows its settlement and its person and nothing else. `registration_basis` and
    `_category` are what the hub found about the registration (视同备案 is `deemed`), `paid_as` what
    the area's rules made of it.
    """

    settlement_id: SettlementId
    person_id: PersonId
    state: GrantState
    insurance_kind: InsuranceKind | None = None
    visit_kind: VisitKind | None = None
    treatment_area: AreaCode | None = None
    year: int | None = None
    policy_id: str | None = None
    registration_basis: Basis | None = None
    registration_category: RegistrationCategory | None = None
    paid_as: Elsewhere | None = None
    total_fen: int = 0
    in_scope_fen: int = 0
    shares: Shares = NOBODY
    deductible_fen: int = 0
    beyond_bill_fen: int = 0
    delta: YearToDate = NOTHING
    delta_before: YearToDate | None = None
    code: RefusalCode | None = None
    detail: str = ""
    calculated_at: datetime | None = None
    released_at: datetime | None = None
    settled_on: date | None = None
    reversed_on: date | None = None
    settled_at: datetime | None = None
    reversed_at: datetime | None = None

    @property
    def is_held(self) -> bool:
        """Whether it counts in the year and the account."""
        return self.state in {GrantState.GRANTED, GrantState.SETTLED}

    @property
    def was_granted(self) -> bool:
        return self.is_held or self.state is GrantState.RELEASED

    @property
    def year_key(self) -> YearKey:
        assert self.insurance_kind is not None, "a tombstone has no insurance"
        assert self.year is not None, "a tombstone has no year"
        return self.person_id, self.insurance_kind, self.year

    @property
    def moves(self) -> dict[YearKey, YearToDate]:
        """What it adds to each year while it is held."""
        if self.delta_before is None:
            return {self.year_key: self.delta}
        return {self.year_key: self.delta, key_before(self.year_key): self.delta_before}

    def released(self, now: datetime) -> "Grant":
        """Given back, or as it was when there is nothing to give back (any more)."""
        state = GRANT.after(self.state, GrantEvent.RELEASE)
        at = now if self.is_held else self.released_at
        return replace(self, state=state, released_at=at)


@dataclass(frozen=True, slots=True)
class Ending:
    """As much of a grant as the hub's conclusion of its settlement moves."""

    settlement_id: SettlementId
    person_id: PersonId
    state: GrantState
    released_at: datetime | None = None
    settled_on: date | None = None
    reversed_on: date | None = None
    settled_at: datetime | None = None
    reversed_at: datetime | None = None

    def concluded(self, event: GrantEvent, day: date, at: datetime) -> "Ending | None":
        """With the hub's day and instant of its conclusion; None when that is out of step.

        Said again, the first instant stays.
        """
        known = self.settled_on if event is GrantEvent.SETTLE else self.reversed_on
        if not GRANT.allows(self.state, event) or known not in {None, day}:
            return None
        state = GRANT.after(self.state, event)
        if event is GrantEvent.SETTLE:
            return replace(self, state=state, settled_on=day, settled_at=self.settled_at or at)
        return replace(self, state=state, reversed_on=day, reversed_at=self.reversed_at or at)


def tombstone(settlement_id: SettlementId, person_id: PersonId, now: datetime) -> Grant:
    """What a release leaves behind when nothing was granted yet."""
    return Grant(
        settlement_id=settlement_id,
        person_id=person_id,
        state=GrantState.TOMBSTONE,
        released_at=now,
    )
