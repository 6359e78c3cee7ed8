"""Repairs: what fits which break, how one goes on, and how much is at risk."""

from datetime import date

import pytest

from contracts.delivery import bulk
from contracts.ids import SettlementId, new_id
from contracts.state_machine import IllegalStep
from hub.domain.reconciliation import Break, BreakClass
from hub.domain.repair import (
    FITTING,
    REPAIR,
    BreakQuery,
    QueuedBreak,
    RepairEvent,
    RepairKind,
    RepairState,
    at_risk_fen,
    fitting,
)
from hub.domain.settlement import State
from hub.store import break_queue
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.tables import rows

ROW = (SettlementId(new_id()), 1)

# What is proposed first, and all that fits a row of a settlement that stands as the hub has it.
PROPOSED = """
    class              stands     proposed  fitting
    only_at_hub        settled    resend    resend,adopt,reverse,ask
    only_at_hub        reversed   resend    resend,adopt,ask
    only_at_hub        reversing  adopt     adopt,ask
    only_at_insured    expired    adopt     adopt,resend,ask
    only_at_insured    nowhere    adopt     adopt,ask
    only_at_treatment  expired    adopt     adopt,ask
    amount             settled    adopt     adopt,reverse,ask
    fund_split         settled    adopt     adopt,reverse,ask
    status             reversed   resend    resend,adopt,ask
    status             settled    resend    resend,adopt,reverse,ask
    duplicate          settled    adopt     adopt,ask
    day                settled    adopt     adopt,ask
    totals             nowhere    ask       ask
    no_report          nowhere    ask       ask
    only_at_hospital   nowhere    ask       ask
"""
AT_RISK = """
    class            hub   side  at_risk
    only_at_hub      500   -     500
    only_at_insured  -     500   500
    amount           500   507   7
    amount           -500  -507  7
    fund_split       500   500   500
    day              500   -     500
    duplicate        500   1000  500
    status           -500  -     500
    no_report        -     -     0
"""


def _fen(text: str) -> int | None:
    return None if text == "-" else int(text)


def _break(case: dict[str, str]) -> Break:
    kind = BreakClass(case["class"])
    return Break(kind, None, ROW, _fen(case["hub"]), _fen(case["side"]))


@pytest.mark.parametrize(
    "case", rows(PROPOSED), ids=lambda case: f"{case['class']}-{case['stands']}"
)
def test_each_class_has_a_repair_that_is_proposed(case: dict[str, str]) -> None:
    state = None if case["stands"] == "nowhere" else State(case["stands"])
    found = fitting(Break(BreakClass(case["class"]), None, ROW), state)
    assert ",".join(found) == case["fitting"]
    assert found[0] == case["proposed"]
    assert fitting(Break(BreakClass(case["class"])), state)[-1] is RepairKind.ASK


def test_only_a_settled_row_is_reversed() -> None:
    for state in State:
        for sign in (1, -1):
            found = Break(BreakClass.AMOUNT, None, (ROW[0], sign))
            may = RepairKind.REVERSE in fitting(found, state)
            assert may == (state is State.SETTLED and sign == 1)
    assert set(BreakClass) - set(FITTING) <= {BreakClass.ONLY_AT_HOSPITAL}


@pytest.mark.parametrize("case", rows(AT_RISK), ids=lambda case: case["class"])
def test_what_is_at_risk_by_the_clerks_table(case: dict[str, str]) -> None:
    assert at_risk_fen(_break(case)) == int(case["at_risk"])


def test_the_database_and_the_domain_say_the_same_of_what_is_at_risk(databases: Databases) -> None:
    found = [_break(case) for case in rows(AT_RISK)]
    with databases.fresh("hub", migrate).begin() as tx:
        day = date(2026, 3, 1)
        add = "INSERT INTO {} VALUES {}"
        bulk.run(tx, add.format("business_days", "(%s, 'closed', now(), now())"), (day,))
        bulk.run(tx, add.format("reconciliations", "(%s, now())"), (day,))
        bulk.run(
            tx,
            """
            INSERT INTO reconciliation_sides (business_date, area, role, state, attempt,
                reported_attempt, asked_at, break_after)
            VALUES (%s, '320000', 'insured', 'broken', 1, 1, now(), now())
            """,
            (day,),
        )
        for one in found:
            row = (day, one.break_class.value, *one.row, one.hub_fen, one.side_fen)  # type: ignore[misc]  # each has a row
            bulk.run(
                tx,
                """
                INSERT INTO breaks (business_date, area, role, class, settlement_id, sign,
                    hub_fen, side_fen, found_at)
                VALUES (%s, '320000', 'insured', %s, %s, %s, %s, %s, now())
                """,
                row,
            )
        for each in break_queue.queued(tx, BreakQuery(), after=0, count=100):
            at_least = BreakQuery(at_least_fen=each.at_risk_fen)
            more = BreakQuery(at_least_fen=each.at_risk_fen + 1)
            assert each.break_id in _ids(break_queue.queued(tx, at_least, after=0, count=100))
            assert each.break_id not in _ids(break_queue.queued(tx, more, after=0, count=100))
        sums = break_queue.sums(tx)
    assert sum(one.at_risk_fen for one in sums) == sum(map(at_risk_fen, found))


def _ids(found: list[QueuedBreak]) -> set[int]:
    return {one.break_id for one in found}


def test_a_repair_ends_and_is_undone_once() -> None:
    assert REPAIR.terminal() == {RepairState.UNDONE}
    for state in (RepairState.OBEYED, RepairState.WORKED, RepairState.FAILED):
        assert REPAIR.after(state, RepairEvent.UNDO) is RepairState.UNDOING
    with pytest.raises(IllegalStep):
        REPAIR.after(RepairState.UNDONE, RepairEvent.UNDO)
    with pytest.raises(IllegalStep):
        REPAIR.after(RepairState.WORKED, RepairEvent.GIVE_UP)
