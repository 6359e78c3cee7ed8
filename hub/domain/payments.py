"""What one area has to pay another by a clearing run, and what was paid and received of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from contracts.codes import AreaCode

OBLIGATION = uuid5(UUID(int=0), "yidi: an obligation of a clearing run")
PAYMENT = uuid5(UUID(int=0), "yidi: a payment between two treasuries")


@dataclass(frozen=True, slots=True)
class Obligation:
    """`from_area` pays `to_area` `amount_fen` in all. `position`: its place in the run, from 1."""

    obligation_id: UUID
    run_id: UUID
    version: int
    position: int
    from_area: AreaCode
    to_area: AreaCode
    amount_fen: int
    paid_fen: int = 0
    received_fen: int = 0

    @property
    def is_settled(self) -> bool:
        return self.received_fen == self.amount_fen


@dataclass(frozen=True, slots=True)
class BankEntry:
    """What a bank's slip says: which bank, its serial, the day, the amount."""

    bank_name: str
    serial: str
    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Payment:
    """Money sent for an obligation, and the receipt once the payee has recorded it.

    `entry`: how often its slip was recorded, from 1; the entries before it were withdrawn.
    """

    payment_id: UUID
    obligation_id: UUID
    sent: BankEntry
    recorded_by: str
    recorded_at: datetime
    received: BankEntry | None = None
    received_by: str | None = None
    received_at: datetime | None = None
    entry: int = 1
    withdrawn_at: datetime | None = None


class Judgement(StrEnum):
    """What a slip that comes in means."""

    NEW = "new"  # it is recorded
    SAME = "same"  # it was recorded before, word for word: the same answer
    OTHER = "other"  # the serial is known with another content
    TOO_MUCH = "too_much"  # more than is still owed


def obligation_id(run_id: UUID, version: int, position: int) -> UUID:
    return uuid5(OBLIGATION, f"{run_id} version {version} number {position}")


def payment_id(payer: AreaCode, bank_name: str, serial: str, entry: int = 1) -> UUID:
    """A payer's bank gives a serial once, so they name a payment; a corrected entry has its number.

    The payer counts: banks of two provinces may be written alike, and both begin at 0001.
    """
    again = f"\n{entry}" if entry > 1 else ""
    return uuid5(PAYMENT, f"{payer}\n{bank_name}\n{serial}{again}")


def judge_payment(owed: Obligation, slip: BankEntry, known: Payment | None) -> Judgement:
    """A payment may be one of several, but all together never more than what is owed.

    A slip that was withdrawn comes again only corrected: a replay of the wrong one is refused.
    """
    if known is not None:
        is_same = (known.obligation_id, known.sent) == (owed.obligation_id, slip)
        if known.withdrawn_at is None:
            return Judgement.SAME if is_same else Judgement.OTHER
        if is_same:
            return Judgement.OTHER
    is_too_much = owed.paid_fen + slip.amount_fen > owed.amount_fen
    return Judgement.TOO_MUCH if is_too_much else Judgement.NEW


def judge_receipt(payment: Payment, slip: BankEntry) -> Judgement:
    """A receipt is of one payment, of its very amount, and not of a day before it."""
    if payment.withdrawn_at is not None:
        return Judgement.OTHER
    if payment.received is not None:
        return Judgement.SAME if payment.received == slip else Judgement.OTHER
    fits = slip.amount_fen == payment.sent.amount_fen and slip.on >= payment.sent.on
    return Judgement.NEW if fits else Judgement.OTHER
