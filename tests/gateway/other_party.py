"""The hub and the insured areas as a hospital's door sees them: one party that answers."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts import topics
from contracts.codes import AreaCode, InsuranceKind, PersonType, area_of
from contracts.delivery.broker import next_offsets
from contracts.delivery.codec import body_of, decode
from contracts.delivery.memory import MemoryLog
from contracts.ids import MessageId, PersonId, new_id
from contracts.message import Body, originate
from contracts.messages.enquiry import (
    Check,
    CheckName,
    Insurance,
    PersonAnswered,
    PersonAsked,
    PersonCard,
    PersonEnquired,
    PersonTold,
    PreflightAnswered,
    PreflightAsked,
)
from contracts.messages.registration import (
    RegistrationChangeRequested,
    RegistrationStanding,
    RegistrationSubmitted,
    RegistrationTold,
    Wanted,
)
from contracts.messages.settlement import (
    CancellationRequested,
    Outcome,
    SettlementAnswered,
    SettlementRequested,
    TrialAnswered,
    TrialRequested,
    WithdrawalRequested,
)
from contracts.messages.values import Bill, Shares
from contracts.person import person_id_of
from contracts.refusal import RefusalCode
from contracts.sealing import Sealer
from participants.gateway.telling.identity import Identity

BUSINESS_DATE = date(2024, 3, 2)
DEDUCTIBLE_FEN = 50_000


@dataclass(frozen=True, slots=True)
class Insured:
    """Somebody the insured side knows."""

    name: str
    certno: str
    gender: str
    born_on: date
    person_type: PersonType = PersonType.RETIRED


WANG = Insured("王秀英", "340104195803121228", "2", date(1958, 3, 12))


@dataclass(slots=True)
class OtherParty:
    """Pays 80 % of what is in scope over a deductible, 10 % of the rest from the account.

    `silent`: it takes messages and answers none. `refuses`: the code it answers settlements with.
    `rejects`: the code it answers registrations with. `has_clerk`: it decides them at once.
    `knows`: what it answers questions about a person with.
    `lacks`: what its pre-flights find wanting. `area_answers`: the insured area takes part in them.
    """

    log: MemoryLog
    sealer: Sealer
    person_key: bytes
    silent: bool = False
    refuses: RefusalCode | None = None
    keeps: bool = False
    rejects: RefusalCode | None = None
    reason: str = "请核对"
    has_clerk: bool = True
    lacks: Mapping[CheckName, RefusalCode] = field(default_factory=dict)
    area_answers: bool = True
    knows: Callable[[PersonAsked, PersonTold], PersonTold] = lambda _asked, told: told
    filed: dict[UUID, Wanted] = field(default_factory=dict)
    settled: dict[UUID, tuple[Shares, int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _answered: set[MessageId] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        wanted = [topics.HUB_SETTLEMENTS, topics.HUB_ENQUIRIES, topics.HUB_REGISTRATIONS]
        reader = self.log.reader("other party", wanted, batch_max=500)
        while not self._stop.is_set():
            records = reader.poll(batch_max=500, wait_ms=20)
            for record in records:
                self._take(record.value)
            if records:
                reader.commit(next_offsets(records))

    def stop(self) -> None:
        self._stop.set()

    def _take(self, value: bytes) -> None:
        letter = decode(value)
        kinds = {one.KIND: (one, answer) for one, answer in _ANSWERS}
        kind, answer = kinds[letter.head.kind]
        self.asked.append(letter.head.kind)
        # What is delivered again, as happens, gets no second answer.
        if not self.silent and letter.head.message_id not in self._answered:
            self._answered.add(letter.head.message_id)
            area = AreaCode(letter.head.sender.removeprefix("treatment."))
            said = answer(self, body_of(letter, kind).body)
            for body in said if isinstance(said, list) else [said]:
                self._say(area, body)

    def _say(self, area: AreaCode, body: Body) -> None:
        outgoing = originate(
            body,
            message_id=MessageId(new_id()),
            topic=topics.treatment_answers(area),
            key=str(_subject_of(body)),
            sender=topics.HUB,
            at=datetime.now(UTC),
        )
        self.log.post(outgoing)

    def settle(self, asked: SettlementRequested) -> SettlementAnswered:
        if self.refuses is not None:
            return _answer(asked.settlement_id, Outcome.REFUSED, code=self.refuses)
        self.settled[asked.settlement_id] = paid(asked.bill)
        return self._with_shares(asked.settlement_id, Outcome.SETTLED)

    def try_out(self, asked: TrialRequested) -> TrialAnswered:
        shares, deductible_fen = paid(asked.bill)
        return TrialAnswered(
            settlement_id=asked.settlement_id,
            shares=None if self.refuses else shares,
            deductible_fen=0 if self.refuses else deductible_fen,
            code=self.refuses,
        )

    def cancel(self, asked: CancellationRequested) -> SettlementAnswered:
        if self.keeps:
            code = RefusalCode.NOT_CANCELLABLE
            return _answer(asked.settlement_id, Outcome.KEPT, code=code)
        return self._with_shares(asked.settlement_id, Outcome.REVERSED)

    def withdraw(self, asked: WithdrawalRequested) -> SettlementAnswered:
        if asked.settlement_id not in self.settled:
            return _answer(asked.settlement_id, Outcome.WITHDRAWN)
        return self._with_shares(asked.settlement_id, Outcome.REVERSED)

    def register(self, asked: RegistrationSubmitted) -> list[RegistrationTold]:
        wanted = asked.wanted
        stranger = wanted.person_id != person_id_of("01", WANG.certno, self.person_key)
        code = RefusalCode.PERSON_UNKNOWN if stranger else self.rejects
        if code is not None:
            return [_told(wanted, RegistrationStanding.REJECTED, code=code, detail=self.reason)]
        self.filed[wanted.registration_id] = wanted
        standings = [RegistrationStanding.SUBMITTED, RegistrationStanding.ACTIVE]
        return [_told(wanted, one) for one in standings[: 1 + self.has_clerk]]

    def change(self, asked: RegistrationChangeRequested) -> RegistrationTold:
        wanted, change_id = self.filed[asked.registration_id], asked.change_id
        if self.keeps:
            code, active = RefusalCode.LOCKED_IN, RegistrationStanding.ACTIVE
            return _told(wanted, active, change_id=change_id, code=code)
        return _told(wanted, RegistrationStanding.CANCELLED, change_id=change_id)

    def judge(self, asked: PreflightAsked) -> list[PreflightAnswered]:
        hub = [CheckName.INSTITUTION, CheckName.AREAS, CheckName.REQUEST, CheckName.REGISTRATION]
        area = [CheckName.INSURANCE, CheckName.POLICY, CheckName.ROUTE]
        first = self._judged(asked, hub, is_final=False)
        return [first, self._judged(asked, hub + area, is_final=True)][: 1 + self.area_answers]

    def _judged(
        self, asked: PreflightAsked, names: list[CheckName], *, is_final: bool
    ) -> PreflightAnswered:
        checks = tuple(
            Check(name=one, passed=one not in self.lacks, code=self.lacks.get(one), fix="")
            for one in names
        )
        return PreflightAnswered(
            enquiry_id=asked.enquiry_id,
            final=is_final,
            will_settle=is_final and not self.lacks,
            standing=None,
            checks=checks,
        )

    def look_up(self, asked: PersonEnquired) -> PersonAnswered:
        known = person_id_of("01", WANG.certno, self.person_key) == asked.person_id
        return PersonAnswered(
            enquiry_id=asked.enquiry_id,
            treatment_area=asked.treatment_area,
            card=self._card(PersonId(asked.person_id), asked.insured_division) if known else None,
            code=None if known else RefusalCode.PERSON_UNKNOWN,
        )

    def tell(self, asked: PersonAsked) -> PersonTold:
        told = PersonTold(enquiry_id=asked.enquiry_id, treatment_area=asked.treatment_area)
        return self.knows(asked, told)

    def _card(self, person_id: PersonId, division: str) -> PersonCard:
        assert area_of(division) is not None
        return PersonCard(
            person_id=person_id,
            sealed_identity=Identity(WANG.name, "01", WANG.certno).sealed(self.sealer),
            gender=WANG.gender,
            born_on=WANG.born_on,
            insurances=(
                Insurance(
                    insurance_kind=InsuranceKind.EMPLOYEE,
                    person_type=WANG.person_type,
                    in_force=True,
                    division=division,
                    civil_servant=False,
                    account_balance_fen=123_450,
                ),
            ),
        )

    def _with_shares(self, settlement_id: UUID, outcome: Outcome) -> SettlementAnswered:
        shares, deductible_fen = self.settled[settlement_id]
        return _answer(
            settlement_id,
            outcome,
            business_date=BUSINESS_DATE,
            shares=shares,
            deductible_fen=deductible_fen,
        )


def paid(bill: Bill) -> tuple[Shares, int]:
    """Whole fen, and every part but three is zero."""
    deductible_fen = min(bill.in_scope_fen, DEDUCTIBLE_FEN)
    pool_fen = (bill.in_scope_fen - deductible_fen) * 8 // 10
    account_fen = (bill.total_fen - pool_fen) // 10
    cash_fen = bill.total_fen - pool_fen - account_fen
    shares = Shares(pool_fen=pool_fen, account_fen=account_fen, cash_fen=cash_fen)
    return shares, deductible_fen


def _subject_of(body: Body) -> UUID:
    """What the hub keys an answer by."""
    names = "registration_id", "enquiry_id", "settlement_id"
    return next(UUID(str(getattr(body, name))) for name in names if hasattr(body, name))


def _told(
    wanted: Wanted,
    state: RegistrationStanding,
    *,
    change_id: MessageId | None = None,
    code: RefusalCode | None = None,
    detail: str = "",
) -> RegistrationTold:
    insured_area = area_of(wanted.insured_division)
    assert insured_area is not None
    return RegistrationTold(
        registration_id=wanted.registration_id,
        person_id=wanted.person_id,
        insured_area=insured_area,
        state=state,
        materials=wanted.materials,
        change_id=change_id,
        code=code,
        detail=detail,
        at=datetime.now(UTC),
        by="hub",
    )


def _answer(
    settlement_id: UUID,
    outcome: Outcome,
    *,
    business_date: date | None = None,
    shares: Shares | None = None,
    deductible_fen: int = 0,
    code: RefusalCode | None = None,
) -> SettlementAnswered:
    return SettlementAnswered.model_validate(
        {
            "settlement_id": settlement_id,
            "outcome": outcome,
            "concluded_at": datetime.now(UTC),
            "business_date": business_date,
            "shares": shares,
            "deductible_fen": deductible_fen,
            "code": code,
        }
    )


_ANSWERS: tuple[tuple[type[Body], Callable[..., Any]], ...] = (
    (SettlementRequested, OtherParty.settle),
    (TrialRequested, OtherParty.try_out),
    (CancellationRequested, OtherParty.cancel),
    (WithdrawalRequested, OtherParty.withdraw),
    (PersonEnquired, OtherParty.look_up),
    (PersonAsked, OtherParty.tell),
    (RegistrationSubmitted, OtherParty.register),
    (RegistrationChangeRequested, OtherParty.change),
    (PreflightAsked, OtherParty.judge),
)
