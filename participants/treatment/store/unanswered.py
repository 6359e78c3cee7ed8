"""Settlements that the hub has still to speak of: found when due, and reminded of."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import SettlementId
from participants.treatment.domain.reminding import Reminding, Unanswered
from participants.treatment.domain.settlement import PENDING
from participants.treatment.store.settlement_rows import STANDING, standing

_PENDING = ", ".join(f"'{state.value}'" for state in sorted(PENDING))
# Later than `answer_by` everything is due; before, what nobody was told the end of.
_DUE = f"""
    SELECT {STANDING}, reminders, cancellation_id FROM settlements
    WHERE state IN ({_PENDING}) AND answer_by <= %(ask)s AND (
        answer_by <= %(now)s
        OR answer_by <= %(void)s AND lapsed_at IS NULL AND undone_at IS NULL
        OR state IN ('requested', 'reversing') AND reminders = 0 AND undone_at IS NULL)
    ORDER BY answer_by LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""
_PUT = """
    UPDATE settlements SET reminders = again.times, answer_by = again.answer_by,
        lapsed_at = coalesce(settlements.lapsed_at, again.lapsed_at),
        undone_at = coalesce(settlements.undone_at, again.undone_at)
    FROM (VALUES %s) AS again (settlement_id, times, answer_by, lapsed_at, undone_at)
    WHERE settlements.settlement_id = again.settlement_id
"""
_PUT_TEMPLATE = "(%s::uuid, %s::smallint, %s::timestamptz, %s::timestamptz, %s::timestamptz)"


@dataclass(frozen=True, slots=True)
class Reminder:
    """How often the hub has been reminded now, and by when we look again.

    `lapsed_at`: it is void now; `undone_at`: undone now.
    """

    settlement_id: SettlementId
    times: int
    answer_by: datetime
    lapsed_at: datetime | None = None
    undone_at: datetime | None = None


def lock_due(
    tx: Connection, now: datetime, reminding: Reminding, count_max: int
) -> list[Unanswered]:
    """Those to do something about now, that nobody is moving."""
    void = now + reminding.void_before
    which = {"now": now, "void": void, "ask": void + reminding.ask_before, "most": count_max}
    rows = bulk.fetch(tx, _DUE, which)
    return [Unanswered(standing(row[:-2]), row[-2], row[-1]) for row in rows]


def put(tx: Connection, reminders: Sequence[Reminder]) -> None:
    """Write what was done about locked settlements."""
    rows = [
        (one.settlement_id, one.times, one.answer_by, one.lapsed_at, one.undone_at)
        for one in reminders
    ]
    bulk.write_rows(tx, _PUT, _PUT_TEMPLATE, rows)
