"""The close preview: if we froze now. It reads, and writes nothing."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import Pair
from hub.domain.clearing_terms import all_terms
from hub.domain.cycle import Cycle, cycle_named, cycle_on, cycles, span_of
from hub.domain.preview import Findings, Preview, preview_of
from hub.store import cycle_days, job_runs, lines, pair_days


def preview(
    tx: Connection, name: str | None, now: datetime, *, sees: Callable[[Pair], bool]
) -> Preview:
    """What a run of this cycle would be now; without a name, of the oldest that was not issued.

    `sees`: of which pairs it speaks. Refused: FIELD_INVALID when there is no such cycle.
    """
    cycle = next_cycle(tx, now) if name is None else named(name)
    span = span_of(cycle)
    found = Findings(
        cycle=cycle,
        open_days=cycle_days.not_closed(tx, span),
        days_not_begun=cycle_days.not_begun(tx, span),
        ready=pair_days.ready(tx, span),
        held=pair_days.held(tx, span),
        past_its_time=pair_days.past_its_time(tx, span),
        lines=lines.if_frozen(tx, span),
        receivable=lines.receivable_if_frozen(tx, span),
    )
    return preview_of(found.seen_by(sees))


def named(name: str) -> Cycle:
    """Refused: FIELD_INVALID when the terms of that time have no such cycle."""
    try:
        return cycle_named(name, all_terms())
    except ValueError as error:
        raise Refused(RefusalCode.FIELD_INVALID, "清算期应为YYYY-MM或YYYY-MM-DD..DD") from error


def next_cycle(tx: Connection, now: datetime) -> Cycle:
    """The oldest cycle that was not issued; the one that runs now when all before it were."""
    today, first = shanghai_date_of(now), job_runs.first_day(tx)
    cleared = cycle_days.cleared(tx)
    ended = cycles(first or today, today, all_terms())
    return next((one for one in ended if one.name not in cleared), cycle_on(today, all_terms()))
