"""The advance fund 预付金: changes of a pair's amount, their states, and the postings they make."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.codes import AreaCode
from contracts.messages.advance import NoticeKind
from contracts.money import BASIS_POINTS
from contracts.state_machine import StateMachine, Step
from hub.domain.advance_parameters import Formula

Pair = tuple[AreaCode, AreaCode]
"""(insured area whose money it is, treatment area that holds it)."""


class ChangeState(StrEnum):
    """How far a change of an advance has come."""

    DRAFTED = "drafted"
    ISSUED = "issued"
    PAID = "paid"
    RECEIVED = "received"
    DROPPED = "dropped"


class ChangeEvent(StrEnum):
    """What moves it."""

    ISSUE = "issue"
    TAKE_OVER = "take_over"
    DROP = "drop"
    PAY_PART = "pay_part"
    PAY_REST = "pay_rest"
    RECEIVE_PART = "receive_part"
    RECEIVE_REST = "receive_rest"


# fmt: off
_S, _E = ChangeState, ChangeEvent
CHANGE = StateMachine(name="change of an advance", initial=(ChangeState.DRAFTED,), steps=(
    Step(_S.DRAFTED, _E.ISSUE,        _S.ISSUED,   "a second person approved it: both areas get their notice"),
    Step(_S.DRAFTED, _E.TAKE_OVER,    _S.RECEIVED, "an opening amount, approved: it is held already, nobody pays"),
    Step(_S.DRAFTED, _E.DROP,         _S.DROPPED,  "its reason is gone, or an operator drops it: no money moved"),
    Step(_S.ISSUED,  _E.PAY_PART,     _S.ISSUED,   "a payment that leaves some of it open"),
    Step(_S.ISSUED,  _E.PAY_REST,     _S.PAID,     "payments make up the whole amount"),
    Step(_S.ISSUED,  _E.RECEIVE_PART, _S.ISSUED,   "the payee confirms a payment, more are to come"),
    Step(_S.PAID,    _E.RECEIVE_PART, _S.PAID,     "the payee confirms one of several payments"),
    Step(_S.PAID,    _E.RECEIVE_REST, _S.RECEIVED, "the payee confirmed every payment"),
))
# fmt: on


class Account(StrEnum):
    """Where a pair's advance stands; each pair has each of them, and they sum to zero."""

    GRANTED = "granted"  # the insured area's own money: what it gave is negative here
    OWED = "owed"  # by an issued notice, not paid yet
    IN_TRANSIT = "in_transit"  # paid, its receipt not confirmed
    HELD = "held"  # in the treatment area's treasury
    RETURNING = "returning"  # to be paid back by an issued notice
    COMING_BACK = "coming_back"  # paid back, its receipt not confirmed


class Cause(StrEnum):
    """What an advance posting follows from."""

    NOTICE = "notice"  # an issued change
    OPENING = "opening"  # an amount taken over
    PAYMENT = "payment"  # a recorded payment
    RECEIPT = "receipt"  # its confirmed receipt


# From which account to which, for an amount that goes up (True) or down (False).
# fmt: off
ROUTES: dict[tuple[Cause, bool], tuple[Account, Account]] = {
    (Cause.OPENING, True):  (Account.GRANTED,     Account.HELD),
    (Cause.NOTICE,  True):  (Account.GRANTED,     Account.OWED),
    (Cause.PAYMENT, True):  (Account.OWED,        Account.IN_TRANSIT),
    (Cause.RECEIPT, True):  (Account.IN_TRANSIT,  Account.HELD),
    (Cause.NOTICE,  False): (Account.HELD,        Account.RETURNING),
    (Cause.PAYMENT, False): (Account.RETURNING,   Account.COMING_BACK),
    (Cause.RECEIPT, False): (Account.COMING_BACK, Account.GRANTED),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class AdvancePosting:
    """A positive amount from one account of a pair to another; `payment_id` None for a notice."""

    change_id: UUID
    payment_id: UUID | None
    pair: Pair
    cause: Cause
    from_account: Account
    to_account: Account
    amount_fen: int
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands in a pair's accounts, in fen."""

    granted_fen: int = 0
    owed_fen: int = 0
    in_transit_fen: int = 0
    held_fen: int = 0
    returning_fen: int = 0
    coming_back_fen: int = 0

    @property
    def amount_fen(self) -> int:
        """预付金额度: what the notices agreed on, wherever it is."""
        return self.owed_fen + self.in_transit_fen + self.held_fen


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a pair's amount by `amount_fen`, signed and not zero.

    Up: the insured area pays and the treatment area receives. Down: the other way round.
    `basis_fen`: what the amount was computed from (the quarter's money, or the cycle's spending).
    `asked_by`: who of the treatment area asked for a top-up; None: the hub drafted it by itself.
    `issue_id`: the proposal by which it was issued; changes of one proposal share their notices.
    """

    change_id: UUID
    kind: NoticeKind
    year: int
    pair: Pair
    before_fen: int
    amount_fen: int
    basis_fen: int
    state: ChangeState
    drafted_at: datetime
    asked_by: str | None = None
    decide_by: date | None = None
    issue_id: UUID | None = None
    issued_on: date | None = None
    finance_by: date | None = None
    pay_by: date | None = None

    @property
    def is_up(self) -> bool:
        return self.amount_fen > 0

    @property
    def after_fen(self) -> int:
        return self.before_fen + self.amount_fen

    def is_overdue(self, today: date) -> bool:
        """Whether the day is over by which it should have been decided, or paid."""
        due = {ChangeState.DRAFTED: self.decide_by, ChangeState.ISSUED: self.pay_by}
        by = due.get(self.state)
        return by is not None and today > by

    @property
    def payer(self) -> AreaCode:
        return self.pair[0] if self.is_up else self.pair[1]

    @property
    def payee(self) -> AreaCode:
        return self.pair[1] if self.is_up else self.pair[0]


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that left the payer's bank for a change; `received_on` None: not confirmed yet."""

    payment_id: UUID
    change_id: UUID
    bank_name: str
    bank_serial: str
    paid_on: date
    amount_fen: int
    recorded_by: str
    recorded_at: datetime
    received_on: date | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None

    def is_same(self, other: "Payment") -> bool:
        """Whether both say the same of one transfer; who recorded it, and when, does not count."""
        mine, theirs = (
            (p.change_id, p.bank_name, p.bank_serial, p.paid_on, p.amount_fen)
            for p in (self, other)
        )
        return mine == theirs


def yearly_amount(quarter_fen: int, formula: Formula) -> int:
    """The amount of a year from what the quarter's months settled together, in fen."""
    exact = max(0, quarter_fen) * formula.factor_bp
    unit = formula.months * BASIS_POINTS * formula.round_to_fen
    return -(-exact // unit) * formula.round_to_fen


def posting_of(
    change: Change, cause: Cause, amount_fen: int, at: datetime, payment_id: UUID | None = None
) -> AdvancePosting:
    """The one posting that this step of a change makes."""
    source, target = ROUTES[cause, change.is_up]
    return AdvancePosting(
        change_id=change.change_id,
        payment_id=payment_id,
        pair=change.pair,
        cause=cause,
        from_account=source,
        to_account=target,
        amount_fen=amount_fen,
        posted_at=at,
    )


def balance_of(postings: Iterable[AdvancePosting]) -> Balance:
    """What the postings of one pair add up to."""
    found = dict.fromkeys(Account, 0)
    for posting in postings:
        found[posting.from_account] -= posting.amount_fen
        found[posting.to_account] += posting.amount_fen
    return Balance(**{f"{account.value}_fen": fen for account, fen in found.items()})


def event_of_payment(change: Change, paid_fen: int, amount_fen: int) -> ChangeEvent:
    """What a payment of `amount_fen` does after `paid_fen` were paid; not more than is open."""
    left = abs(change.amount_fen) - paid_fen - amount_fen
    assert left >= 0, "more is paid than the change is"
    return ChangeEvent.PAY_REST if left == 0 else ChangeEvent.PAY_PART


def event_of_receipt(change: Change, received_fen: int, amount_fen: int) -> ChangeEvent:
    """What confirming `amount_fen` does after `received_fen` were confirmed."""
    left = abs(change.amount_fen) - received_fen - amount_fen
    return ChangeEvent.RECEIVE_REST if left == 0 else ChangeEvent.RECEIVE_PART
