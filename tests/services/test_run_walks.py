"""Runs under whatever order of answers, payments and orders comes: the same truths always hold."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from contracts.codes import AreaCode, Role
from contracts.refusal import Refused
from hub.domain.answers import Answer, Verdict, key_of
from hub.domain.clearing import AWAITING, STANDING, payable_by_pair
from hub.domain.netting import Netting, positions
from hub.domain.payments import BankEntry
from hub.services import answers, clearing, payments
from hub.store.db import migrate
from tests.services.test_run_life import LATER, SLIP, Books, _agreed
from tests.support.databases import Databases
from tests.support.hub_books import HUNAN, NOON

STEPS = 400
Act = Callable[[Connection], object]


def _acts(books: Books, random: Random) -> Iterator[Act]:
    """Anything that anybody may try, in any order, sound or not."""
    run_id = books.run_id
    while True:
        by = {"by": f"person {random.randrange(3)}", "now": LATER}
        yield random.choice(
            [
                *[_an_answer(run_id, random)] * 8,
                *[_a_payment(run_id, random)] * 4,
                *[_a_receipt(run_id, random)] * 4,
                lambda tx, by=by: clearing.confirm(tx, run_id, **by),  # type: ignore[misc]  # early bound
                lambda tx, by=by: clearing.close(tx, run_id, **by),  # type: ignore[misc]  # the same
                lambda tx, by=by: clearing.issue(tx, run_id, **by),  # type: ignore[misc]  # the same
                lambda tx, by=by: clearing.freeze(tx, run_id, **by),  # type: ignore[misc]  # the same
                lambda tx, by=by: clearing.again(  # type: ignore[misc]  # the same
                    tx, run_id, hold_over=(), why="重核", **by
                ),
            ]
        )


def _an_answer(run_id: UUID, random: Random) -> Act:
    role, contests = random.choice(list(Role)), random.random() < 0.1

    def act(tx: Connection) -> object:
        run = clearing.find_run(tx, run_id)
        line = random.choice(clearing.lines_of(tx, run_id, run.version))
        said = Answer(key_of(line), role, Verdict.CONFIRMED, line.payable_fen)
        if contests:
            said = replace(said, verdict=Verdict.CONTESTED, reason="不符")
        how = {"version": run.version, "total_fen": said.payable_fen, "area": said.area}
        return answers.answer(tx, run_id, [said], **how, by="agency", now=LATER)  # type: ignore[arg-type]  # by their names

    return act


def _a_payment(run_id: UUID, random: Random) -> Act:
    serial, share = str(random.randrange(200)), random.choice([1, 1, 2, 3])

    def act(tx: Connection) -> object:
        owed = random.choice(payments.obligations_of(tx, run_id) or [None])
        if owed is None:
            return None
        slip = BankEntry(
            "工商银行", serial, LATER.date(), max(1, (owed.amount_fen - owed.paid_fen) // share)
        )
        area = random.choice([owed.from_area, owed.from_area, owed.to_area])
        return payments.pay(tx, owed.obligation_id, slip, area=area, by="payer", now=LATER)

    return act


def _a_receipt(run_id: UUID, random: Random) -> Act:
    def act(tx: Connection) -> object:
        found = [
            (owed, paid)
            for owed in payments.obligations_of(tx, run_id)
            for paid in payments.find(tx, owed.obligation_id)[1]
        ]
        if not found:
            return None
        owed, paid = random.choice(found)
        slip = replace(paid.sent, bank_name="建设银行")
        return payments.receive(tx, paid.payment_id, slip, area=owed.to_area, by="payee", now=LATER)

    return act


def _truths(tx: Connection, run_id: UUID) -> None:
    run = clearing.find_run(tx, run_id)
    steps = clearing.history(tx, run_id)
    assert steps[-1].to_state is run.state
    assert all(a.to_state is b.from_state for a, b in pairwise(steps))
    given = answers.standing(tx, run_id, run.version).values()
    is_contested = any(one.answer.verdict is Verdict.CONTESTED for one in given)
    assert run.state not in AWAITING or is_contested == (run.state == "contested")
    owed = payments.obligations_of(tx, run_id)
    assert bool(owed) == (run.state in STANDING)
    if not owed:
        return
    assert clearing.unconfirmed(tx, run) == 0
    moved: Counter[AreaCode] = Counter()
    for one in owed:
        paid = payments.find(tx, one.obligation_id)[1]
        assert sum(p.sent.amount_fen for p in paid) == one.paid_fen <= one.amount_fen
        assert sum(p.received.amount_fen for p in paid if p.received) == one.received_fen
        moved[one.from_area] -= one.amount_fen
        moved[one.to_area] += one.amount_fen
    due = positions(payable_by_pair(clearing.lines_of(tx, run_id, run.version)))
    assert {area: fen for area, fen in moved.items() if fen} == {a: f for a, f in due.items() if f}
    assert all(one.is_settled for one in owed) == (run.state in {"paid", "closed"})


def _books(databases: Databases, netting: Netting) -> Books:
    engine: Engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        _agreed(tx)
        run = clearing.open_run(tx, "2026-03", now=NOON, netting=netting)
        clearing.freeze(tx, run.run_id, by="operator", now=NOON)
        clearing.issue(tx, run.run_id, by="operator", now=NOON)
    return Books(engine, run.run_id)


@pytest.mark.parametrize("netting", Netting)
def test_whatever_comes_the_same_truths_hold_and_what_is_refused_changes_nothing(
    databases: Databases, netting: Netting
) -> None:
    books, random = _books(databases, netting), Random(f"walk {netting}")
    reached, refusals = set(), 0
    for _, act in zip(range(STEPS), _acts(books, random), strict=False):
        before = books.all_rows()
        try:
            books.do(act)
        except Refused:
            refusals += 1
            assert books.all_rows() == before
        with books.engine.begin() as tx:
            _truths(tx, books.run_id)
            reached.add(clearing.find_run(tx, books.run_id).state.value)
    assert refusals
    assert reached >= {"issued", "contested", "confirmed", "paid", "closed"}


def test_payers_at_once_never_pay_more_than_is_owed(databases: Databases) -> None:
    books = _books(databases, Netting.GROSS)
    books.confirmed()
    with books.engine.begin() as tx:
        owed = next(
            one for one in payments.obligations_of(tx, books.run_id) if one.from_area == HUNAN
        )

    def pay(number: int) -> bool:
        slip = replace(SLIP, serial=f"{number % 8}", amount_fen=20_00)
        try:
            books.do(
                lambda tx: payments.pay(
                    tx, owed.obligation_id, slip, area=HUNAN, by="agency", now=LATER
                )
            )
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(pay, range(16)))
    # 85.00 are owed: four slips of 20.00 fit, each of them sent twice.
    assert sum(taken) in range(4, 9)
    with books.engine.begin() as tx:
        assert payments.find(tx, owed.obligation_id)[0].paid_fen == 80_00
        count = tx.execute(text("SELECT count(*) FROM clearing_payments")).scalar_one()
    assert count == 4
