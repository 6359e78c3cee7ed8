"""The monthly clearing 清算: freeze what was agreed, prove it by the ledger, tell the areas."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Outgoing, originate
from contracts.messages.clearing import ClearingIssued, ClearingLine
from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import (
    RUN,
    ClearingRun,
    RunEvent,
    RunState,
    area_in,
    days_of,
    differences,
    lines_of,
    payable_by_pair,
)
from hub.store import clearing as store

CLEARING = uuid5(UUID(int=0), "yidi: a clearing run of the hub")


def run(tx: Connection, month: str, now: datetime) -> tuple[ClearingRun, list[Outgoing]]:
    """Clear a month 'YYYY-MM'. A broken run is kept, issues nothing, and may be run again.

    Refused: FIELD_INVALID, MONTH_CLEARED_ALREADY, DAY_NOT_CLOSED, DAY_NOT_RECONCILED.
    """
    first, last = _span(month)
    store.take_turn(tx)
    _check(tx, month)
    frozen = _frozen(month, store.count_of(tx, month) + 1, now)
    store.add(tx, frozen)
    lines = store.freeze_lines(tx, frozen.run_id, first, last)
    payable, receivable = payable_by_pair(lines), store.receivable_by_pair(tx, first, last)
    proved = replace(
        frozen,
        payable_fen=sum(payable.values()),
        receivable_fen=sum(receivable.values()),
        differences=tuple(differences(payable, receivable)),
    )
    if proved.differences:
        return _broken(tx, proved), []
    store.take_days(tx, frozen.run_id, first, last)
    issued = _issued(proved, now)
    store.move(tx, issued)
    return issued, _notices(issued, lines)


def find(tx: Connection, month: str) -> tuple[ClearingRun, list[ClearingLine]] | None:
    """The month's last run and its lines, or None. Refused: FIELD_INVALID."""
    _span(month)
    found = store.find(tx, month)
    return None if found is None else (found, store.lines_of(tx, found.run_id))


def _span(month: str) -> tuple[date, date]:
    try:
        return days_of(month)
    except ValueError as error:
        raise Refused(RefusalCode.FIELD_INVALID, "清算期应为YYYY-MM") from error


def _check(tx: Connection, month: str) -> None:
    first, last = days_of(month)
    before = store.find(tx, month)
    if before is not None and before.state is not RunState.BROKEN:
        raise Refused(RefusalCode.MONTH_CLEARED_ALREADY, month)
    if not store.is_closed(tx, first, last):
        raise Refused(RefusalCode.DAY_NOT_CLOSED, month)
    open_sides = store.not_agreed(tx, first, last)
    if open_sides:
        raise Refused(RefusalCode.DAY_NOT_RECONCILED, f"{month}尚有{open_sides}方未对平")


def _frozen(month: str, number: int, now: datetime) -> ClearingRun:
    run_id = uuid5(CLEARING, f"{month}, run {number}")
    return ClearingRun(run_id, month, RunState.FROZEN, now, None, 0, 0)


def _broken(tx: Connection, proved: ClearingRun) -> ClearingRun:
    """Kept as evidence with its lines; its days stay free for the run that will be right."""
    store.add_differences(tx, proved.run_id, proved.differences)
    broken = replace(proved, state=RUN.after(proved.state, RunEvent.DIFFER))
    store.move(tx, broken)
    return broken


def _issued(proved: ClearingRun, now: datetime) -> ClearingRun:
    reconciled = RUN.after(proved.state, RunEvent.BALANCE)
    return replace(proved, state=RUN.after(reconciled, RunEvent.ISSUE), issued_at=now)


def _notices(issued: ClearingRun, lines: Sequence[ClearingLine]) -> list[Outgoing]:
    """One statement for each area in each of its roles that has a line."""
    parties = {(role, area_in(line, role)) for line in lines for role in Role}
    return [_notice(issued, role, area, lines) for role, area in sorted(parties)]


def _notice(
    issued: ClearingRun, role: Role, area: AreaCode, lines: Sequence[ClearingLine]
) -> Outgoing:
    assert issued.issued_at is not None, issued.run_id
    mine = lines_of(lines, role, area)
    total_fen = sum(line.payable_fen for line in mine)
    body = ClearingIssued(
        run_id=issued.run_id,
        month=issued.month,
        issued_at=issued.issued_at,
        payable_fen=total_fen if role is Role.INSURED else 0,
        receivable_fen=total_fen if role is Role.TREATMENT else 0,
        lines=tuple(mine),
    )
    topic = topics.notices(role, area)
    return originate(
        body,
        message_id=id_of_effect(issued.run_id, f"{body.KIND} to {topic}"),
        topic=topic,
        key=area,
        sender=topics.HUB,
        at=issued.issued_at,
    )
