"""A break in the queue, and a repair of it: who is engaged, what is told, how a repair goes on."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.codes import AreaCode, Role
from contracts.ids import SettlementId
from contracts.state_machine import IllegalStep
from hub.domain.reconciliation import WORDS, Break, BreakClass
from hub.domain.repair import LIVE, QueuedBreak, Repair, RepairEvent, RepairKind, RepairState
from hub.domain.settlement import State
from tests.support.tables import rows

AT = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
# `row`: +1 settled, -1 reversed, - the break is about no row in particular.
FITS = """
    class       | row | at_hub   | at_risk | fits
    only_at_hub | +1  | settled  | 100     | resend,adopt,reverse,ask
    only_at_hub | -1  | settled  | 100     | resend,adopt,ask
    only_at_hub | +1  | routed   | 100     | adopt,ask
    only_at_hub | -   | settled  | 100     | ask
    amount      | -1  | reversed | 100     | adopt,ask
    day         | +1  | settled  | 100     | adopt,ask
"""


def _queued(found: Break, state: State | None = State.SETTLED) -> QueuedBreak:
    return QueuedBreak(
        break_id=1,
        side=(date(2026, 3, 31), Role.INSURED, AreaCode("430000")),
        found=found,
        since=AT,
        owner=None,
        proposal_id=None,
        repair_kind=None,
        repair_state=None,
        settlement_state=state,
    )


@pytest.mark.parametrize("case", rows(FITS), ids=lambda case: "-".join(case.values()))
def test_the_queue_tells_what_is_possible_for_the_row_and_what_is_at_risk(
    case: dict[str, str],
) -> None:
    row = None if case["row"] == "-" else (SettlementId(UUID(int=7)), int(case["row"]))
    found = Break(BreakClass(case["class"]), row=row, hub_fen=100)
    queued = _queued(found, State(case["at_hub"]))
    expected = tuple(map(RepairKind, case["fits"].split(",")))
    assert (queued.fitting, queued.proposed) == (expected, expected[0])
    assert queued.at_risk_fen == int(case["at_risk"])
    assert queued.cause_zh == WORDS[found.break_class][1]


def test_what_one_party_has_on_another_day_is_at_risk_whole() -> None:
    fen = [
        _queued(Break(BreakClass.DAY, hub_fen=hub_fen, side_fen=side_fen)).at_risk_fen
        for hub_fen, side_fen in ((None, -90), (-70, None), (None, None))
    ]
    assert fen == [90, 70, 0]


def test_a_break_is_engaged_while_a_repair_of_it_waits_or_runs() -> None:
    free = _queued(Break(BreakClass.AMOUNT))
    assert free.is_engaged is False
    assert replace(free, proposal_id=UUID(int=3)).is_engaged
    engaged = {state for state in RepairState if replace(free, repair_state=state).is_engaged}
    assert engaged == LIVE == {RepairState.ORDERED, RepairState.OBEYED}


def test_a_repair_changes_the_comparison_of_its_day_and_of_the_other_day() -> None:
    day, before = date(2026, 3, 31), date(2026, 3, 30)
    hunan = (Role.INSURED, AreaCode("430000"))
    one_day, two_days = Break(BreakClass.AMOUNT), Break(BreakClass.DAY, other_date=before)
    assert _queued(one_day).sides() == [(day, *hunan)]
    assert _queued(two_days).sides() == [(before, *hunan), (day, *hunan)]
    assert replace(_queued(two_days), hospital_code="H31000000001").sides() == []


def test_a_repair_goes_on_by_the_table_and_keeps_what_it_is() -> None:
    ordered = Repair(
        UUID(int=1), 2, RepairKind.ADOPT, RepairState.ORDERED, UUID(int=3), ordered_at=AT
    )
    obeyed = ordered.after(RepairEvent.OBEY)
    assert obeyed == replace(ordered, state=RepairState.OBEYED)
    undone = obeyed.after(RepairEvent.UNDO).after(RepairEvent.OBEY)
    assert undone == replace(ordered, state=RepairState.UNDONE)
    with pytest.raises(IllegalStep):
        undone.after(RepairEvent.RESOLVE)
