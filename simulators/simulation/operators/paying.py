"""What a confirmed run lets areas owe: the payer's agency records it, the payee's confirms it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.delivery.outbox import Writing
from contracts.refusal import RefusalCode
from hub.domain.payments import BankEntry, Obligation, Payment
from hub.services import payments, withdrawing_payments
from simulators.simulation.operators.words import Person, Word

IN_PART_PERCENT, MISTYPES_PERCENT, REPEATS_PERCENT, REGRETS_PERCENT = 60, 10, 30, 40
ARRIVES_PERCENT = 30
"""Money takes its time; until it has come the payer may find that it was recorded wrongly."""
ANSWERS = frozenset(
    {
        RefusalCode.OUT_OF_STEP,  # it was received, or withdrawn, by now
        RefusalCode.PAID_TOO_MUCH,
        RefusalCode.PAYMENT_DIFFERS,  # a slip with another amount, or one that was withdrawn
    }
)
_OWED = """
    SELECT obligation_id, confirmed_at FROM obligations JOIN clearing_runs USING (run_id)
    WHERE from_area = %s ORDER BY obligation_id
"""
_DUE = """
    SELECT obligation_id FROM obligations WHERE to_area = %s AND received_fen < paid_fen
    ORDER BY obligation_id
"""


def paying(tx: Connection, one: Person) -> Sequence[Word]:
    """What an agency owes: paid in one or in parts, said again, and at times taken back."""
    owed: Sequence[tuple[UUID, datetime]] = bulk.fetch(tx, _OWED, (one.who.area,))
    return [word for id_, since in owed for word in _of_one(tx, one, id_, shanghai_date_of(since))]


def receiving(tx: Connection, one: Person) -> Sequence[Word]:
    """What was sent to an agency, by its own bank's slip."""
    due = [id_ for (id_,) in bulk.fetch(tx, _DUE, (one.who.area,))]
    sent = [paid for id_ in due for paid in payments.find(tx, id_)[1] if _is_under_way(paid)]
    return [_received(one, paid) for paid in sent if one.by_chance(ARRIVES_PERCENT)]


def _of_one(tx: Connection, one: Person, owed_id: UUID, since: date) -> Iterator[Word]:
    owed, paid = payments.find(tx, owed_id)
    if owed.paid_fen < owed.amount_fen:
        yield _paid(one, owed_id, _slip(one, owed, paid, since))
    if paid and one.by_chance(REPEATS_PERCENT):
        yield _paid(one, owed_id, one.random.choice(paid).sent)
    regretted = [each.payment_id for each in paid if _is_under_way(each)]
    if regretted and one.by_chance(REGRETS_PERCENT):
        id_ = one.random.choice(regretted)
        yield Word("withdrawal proposed", f"payment {id_}", partial(_regret, one, id_), ANSWERS)


def _slip(one: Person, owed: Obligation, paid: Sequence[Payment], since: date) -> BankEntry:
    """The rest or a part of it; a mistyped amount may be more than is owed. What was withdrawn is
    recorded again under its serial, corrected.
    """
    rest = owed.amount_fen - owed.paid_fen
    fen = one.random.randint(1, max(1, rest // 2)) if one.by_chance(IN_PART_PERCENT) else rest
    gone = [each.sent.serial for each in paid if each.withdrawn_at is not None]
    serial = one.random.choice([*gone, f"P{owed.obligation_id.hex[:16]}-{len(paid)}"])
    return BankEntry(_bank(owed.from_area), serial, since, fen + one.by_chance(MISTYPES_PERCENT))


def _paid(one: Person, owed_id: UUID, slip: BankEntry) -> Word:
    about = f"{slip.serial} {slip.amount_fen} for {owed_id}"
    return Word("paid", about, partial(_pay, one, owed_id, slip), ANSWERS)


def _received(one: Person, paid: Payment) -> Word:
    fen = paid.sent.amount_fen + one.by_chance(MISTYPES_PERCENT)
    slip = BankEntry(_bank(_area(one)), f"R{paid.payment_id.hex[:16]}", paid.sent.on, fen)
    about = f"{slip.serial} {fen} of {paid.payment_id}"
    return Word("received", about, partial(_receive, one, paid.payment_id, slip), ANSWERS)


def _is_under_way(paid: Payment) -> bool:
    return paid.received is None and paid.withdrawn_at is None


def _bank(area: AreaCode) -> str:
    return f"仿真银行{area}"


def _area(one: Person) -> AreaCode:
    assert one.who.area is not None, "an agency has its area"
    return one.who.area


def _pay(one: Person, owed_id: UUID, slip: BankEntry, writing: Writing) -> None:
    by, area = one.who.subject, _area(one)
    payments.pay(writing.tx, owed_id, slip, area=area, by=by, now=writing.now)


def _receive(one: Person, payment_id: UUID, slip: BankEntry, writing: Writing) -> None:
    by, area = one.who.subject, _area(one)
    payments.receive(writing.tx, payment_id, slip, area=area, by=by, now=writing.now)


def _regret(one: Person, payment_id: UUID, writing: Writing) -> None:
    withdrawing_payments.propose(
        writing.tx, payment_id, reason="仿真误登", by=one.who, now=writing.now
    )
