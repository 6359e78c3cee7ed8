"""Clearing 清算: freeze what was agreed, prove it by the ledger, tell the areas, let it stand."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection

from contracts.message import Outgoing
from contracts.messages.clearing import ClearingLine
from contracts.refusal import RefusalCode, Refused
from hub.domain.answers import without_confirmation
from hub.domain.clearing import (
    STANDING,
    ClearingRun,
    Difference,
    Pair,
    RunEvent,
    RunState,
    RunStep,
    payable_by_pair,
)
from hub.domain.clearing import differences as differing
from hub.domain.clearing_terms import all_terms
from hub.domain.cycle import Cycle, cycle_named, span_of
from hub.domain.netting import Netting
from hub.services import holding_over, payments, proofs
from hub.services.run_steps import NOTHING_ELSE, locked, take
from hub.services.second_person import check_names_nobody
from hub.services.telling_clearing import statements
from hub.store import answers, cycle_days, pair_days
from hub.store import clearing as store
from hub.store import lines as lines_store

CLEARING = uuid5(UUID(int=0), "yidi: a clearing run of the hub")


def run(
    tx: Connection, cycle: str, now: datetime, *, by: str = "operator"
) -> tuple[ClearingRun, list[Outgoing]]:
    """Freeze a period in which everything agrees, and issue it. A broken run issues nothing.

    `cycle`: 'YYYY-MM', or 'YYYY-MM-DD..DD'. Here nothing is held over: one side that has not
    agreed keeps the whole period. Refused: FIELD_INVALID, MONTH_CLEARED_ALREADY, DAY_NOT_CLOSED,
    DAY_NOT_RECONCILED.
    """
    period = _cycle(cycle)
    store.take_turn(tx)
    before = store.find(tx, period.name)
    if before is not None and before.state not in {RunState.OPEN, RunState.BROKEN}:
        raise Refused(RefusalCode.MONTH_CLEARED_ALREADY, period.name)
    _check_closed(tx, period)
    open_sides = store.not_agreed(tx, period.first, period.last)
    if open_sides:
        raise Refused(RefusalCode.DAY_NOT_RECONCILED, f"{period.name}尚有{open_sides}方未对平")
    opened = before or open_run(tx, period.name, now=now)
    frozen = freeze(tx, opened.run_id, by=by, now=now)
    if frozen.state is RunState.BROKEN:
        return frozen, []
    return issue(tx, frozen.run_id, by=by, now=now)


def open_run(
    tx: Connection, cycle: str, *, now: datetime, netting: Netting | None = None
) -> ClearingRun:
    """The run of a cycle, opened if it is not there. `netting` None: as the terms of that time say.

    Refused: FIELD_INVALID when the terms know no such cycle, or it overlaps one that has a run.
    """
    period = _cycle(cycle)
    store.take_turn(tx)
    there = store.find(tx, period.name)
    if there is not None:
        return there
    if store.overlaps(tx, period.first, period.last):
        raise Refused(RefusalCode.FIELD_INVALID, f"{period.name}与已有清算期重叠")
    opened = ClearingRun(
        run_id=uuid5(CLEARING, period.name),
        cycle=period.name,
        first_day=period.first,
        last_day=period.last,
        version=0,
        state=RunState.OPEN,
        netting=netting or period.terms.netting,
        opened_at=now,
    )
    store.add(tx, opened)
    return opened


def freeze(
    tx: Connection,
    run_id: UUID,
    *,
    by: str,
    now: datetime,
    hold_over: Collection[Pair] = (),
    why: str = "",
) -> ClearingRun:
    """Fix the next version of an open, broken or contested run, and prove it by the ledger.

    It takes every pair day that is ready, but those of the pairs `hold_over`: they, and what is
    not ready, come late in a later run. The run is reconciled then, or broken with its
    differences. Refused: UNKNOWN_RUN, OUT_OF_STEP, DAY_NOT_CLOSED, DAY_NOT_RECONCILED where a day
    is not compared yet, FIELD_MISSING for a pair left out, or a contest, without a reason,
    FIELD_INVALID for a pair that has no day in it, or a reason that holds an identity number.
    """
    check_names_nobody("why", why)
    store.take_turn(tx)
    before = locked(tx, run_id)
    if (hold_over or before.state is RunState.CONTESTED) and not why.strip():
        raise Refused(RefusalCode.FIELD_MISSING, "why")
    period = _cycle(before.cycle)
    _check_closed(tx, period)
    _check_begun(tx, period)
    anew = {
        "version": before.version + 1,
        "frozen_at": now,
        "issued_at": None,
        "payable_fen": 0,
        "receivable_fen": 0,
        "differences": (),
    }
    frozen = take(
        tx,
        before,
        RunEvent.FREEZE,
        by=by,
        now=now,
        why=holding_over.told(why, hold_over),
        changes=anew,
    )
    pair_days.release(tx, run_id)
    pair_days.take(tx, run_id, span_of(period))
    holding_over.hold_over(tx, run_id, hold_over, span_of(period))
    lines_store.freeze(tx, run_id, frozen.version)
    return _proved(tx, frozen, by, now)


def again(
    tx: Connection,
    run_id: UUID,
    *,
    hold_over: Collection[Pair],
    why: str,
    by: str,
    now: datetime,
) -> tuple[ClearingRun, list[Outgoing]]:
    """Issue a contested run as its next version, or keep it broken; see `freeze` and `issue`.

    Refused: UNKNOWN_RUN, OUT_OF_STEP when it is not contested, FIELD_MISSING without a reason.
    """
    if not why.strip():
        raise Refused(RefusalCode.FIELD_MISSING, "why")
    store.take_turn(tx)  # before the run, as `freeze` does: nobody waits in a circle
    if locked(tx, run_id).state is not RunState.CONTESTED:
        raise Refused(RefusalCode.OUT_OF_STEP, "仅有异议的清算批次可重新出具")
    frozen = freeze(tx, run_id, by=by, now=now, hold_over=hold_over, why=why)
    if frozen.state is RunState.BROKEN:
        return frozen, []
    return issue(tx, run_id, by=by, now=now)


def issue(
    tx: Connection, run_id: UUID, *, by: str, now: datetime
) -> tuple[ClearingRun, list[Outgoing]]:
    """Tell every area its lines of this version, and seal it. Refused: UNKNOWN_RUN, OUT_OF_STEP.

    An area that has none any more is told so. What an area confirmed in the version before stays
    confirmed where the line did not change.
    """
    issued = take(
        tx, locked(tx, run_id), RunEvent.ISSUE, by=by, now=now, changes={"issued_at": now}
    )
    answers.carry(tx, run_id, issued.version)
    proofs.seal(tx, run_id, now)
    lines = lines_store.of_run(tx, run_id, issued.version)
    return issued, statements(issued, lines, _told_before(tx, issued))


def confirm(tx: Connection, run_id: UUID, *, by: str, now: datetime) -> ClearingRun:
    """Let an issued run stand once both areas of every line have confirmed it; write what is owed.

    A run that stands is answered as it is. Refused: UNKNOWN_RUN, NOT_ALL_CONFIRMED,
    LINES_DO_NOT_TIE when the ledger no longer says the same, OUT_OF_STEP.
    """
    found = locked(tx, run_id)
    if found.state in STANDING:
        return found
    missing = unconfirmed(tx, found)
    if missing:
        raise Refused(RefusalCode.NOT_ALL_CONFIRMED, f"尚有{missing}项未确认或有异议")
    return _standing(tx, found, RunEvent.CONFIRM, by=by, now=now)


def override(
    tx: Connection, run_id: UUID, *, proposal: UUID, why: str, by: str, now: datetime
) -> ClearingRun:
    """Let it stand without the areas, as two persons decided; the run is marked with the reason.

    They set aside an answer, never the arithmetic. Refused: UNKNOWN_RUN, LINES_DO_NOT_TIE,
    OUT_OF_STEP.
    """
    found = locked(tx, run_id)
    marked = {"override_proposal": proposal, "override_reason": why}
    return _standing(tx, found, RunEvent.OVERRIDE, by=by, now=now, why=why, marked=marked)


def close(tx: Connection, run_id: UUID, *, by: str, now: datetime) -> ClearingRun:
    """Shut the books of a paid run; a closed one is answered as it is. Refused: UNKNOWN_RUN,
    OUT_OF_STEP.
    """
    found = locked(tx, run_id)
    if found.state is RunState.CLOSED:
        return found
    return take(tx, found, RunEvent.CLOSE, by=by, now=now, changes={"closed_at": now})


def find(tx: Connection, cycle: str) -> tuple[ClearingRun, list[ClearingLine]] | None:
    """A cycle's run and the lines of its version, or None. Refused: FIELD_INVALID."""
    found = store.find(tx, _cycle(cycle).name)
    return None if found is None else (found, lines_store.of_run(tx, found.run_id, found.version))


def find_run(tx: Connection, run_id: UUID) -> ClearingRun:
    """Refused: UNKNOWN_RUN."""
    found = store.find_run(tx, run_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_RUN)
    return found


def listed(tx: Connection, count_max: int) -> list[ClearingRun]:
    """The newest periods first."""
    return store.listed(tx, count_max)


def history(tx: Connection, run_id: UUID) -> list[RunStep]:
    """Every step of a run, in order."""
    return store.steps_of(tx, run_id)


def lines_of(tx: Connection, run_id: UUID, version: int) -> list[ClearingLine]:
    """The lines of a version of a run; those of older versions stay as they were issued."""
    return lines_store.of_run(tx, run_id, version)


def shown_version(tx: Connection, run_id: UUID, version: int | None, *, issued_only: bool) -> int:
    """Which version of a run to show: this one, or the current one. Refused: UNKNOWN_RUN when there
    is no such version, PAPER_NOT_READY when it was not issued and only issued ones may be seen.
    """
    found = find_run(tx, run_id)
    shown = version or found.version
    if not 1 <= shown <= found.version:
        raise Refused(RefusalCode.UNKNOWN_RUN, f"第{shown}版")
    steps = store.steps_of(tx, run_id) if issued_only else []
    if issued_only and (RunEvent.ISSUE, shown) not in {(s.event, s.version) for s in steps}:
        raise Refused(RefusalCode.PAPER_NOT_READY)
    return shown


def unconfirmed(tx: Connection, found: ClearingRun) -> int:
    """How many answers of its version are missing, or contest."""
    given = answers.standing(tx, found.run_id, found.version)
    lines = lines_store.of_run(tx, found.run_id, found.version)
    return len(without_confirmation(lines, {key: one.answer for key, one in given.items()}))


def _told_before(tx: Connection, issued: ClearingRun) -> list[ClearingLine]:
    """The lines of the version that was issued last before this one; what broke told nobody."""
    steps = store.steps_of(tx, issued.run_id)
    versions = [one.version for one in steps if one.event is RunEvent.ISSUE]
    earlier = max((one for one in versions if one < issued.version), default=None)
    return [] if earlier is None else lines_store.of_run(tx, issued.run_id, earlier)


def _cycle(name: str) -> Cycle:
    try:
        return cycle_named(name, all_terms())
    except ValueError as error:
        raise Refused(RefusalCode.FIELD_INVALID, "清算期应为YYYY-MM或YYYY-MM-DD..DD") from error


def _check_closed(tx: Connection, period: Cycle) -> None:
    if not store.is_closed(tx, period.first, period.last):
        raise Refused(RefusalCode.DAY_NOT_CLOSED, period.name)


def _check_begun(tx: Connection, period: Cycle) -> None:
    waiting = cycle_days.not_begun(tx, span_of(period))
    if waiting:
        first, count = waiting[0].isoformat(), len(waiting)
        raise Refused(RefusalCode.DAY_NOT_RECONCILED, f"{first}等{count}日尚未开始对账")


def _proved(tx: Connection, frozen: ClearingRun, by: str, now: datetime) -> ClearingRun:
    """A frozen run by its two computations: reconciled, or broken with its evidence."""
    payable, receivable = _both(tx, frozen)
    found = tuple(differing(payable, receivable))
    store.add_differences(tx, frozen.run_id, frozen.version, found)
    event = RunEvent.DIFFER if found else RunEvent.BALANCE
    changes = {
        "payable_fen": sum(payable.values()),
        "receivable_fen": sum(receivable.values()),
        "differences": found,
    }
    return take(tx, frozen, event, by=by, now=now, changes=changes)


def _both(tx: Connection, found: ClearingRun) -> tuple[dict[Pair, int], dict[Pair, int]]:
    """What every pair owes by the lines, and by the ledger."""
    lines = lines_store.of_run(tx, found.run_id, found.version)
    return payable_by_pair(lines), lines_store.receivable_of_run(tx, found.run_id)


def _standing(
    tx: Connection,
    found: ClearingRun,
    event: RunEvent,
    *,
    by: str,
    now: datetime,
    why: str = "",
    marked: Mapping[str, object] = NOTHING_ELSE,
) -> ClearingRun:
    payable, receivable = _both(tx, found)
    apart = differing(payable, receivable)
    if apart:
        raise Refused(RefusalCode.LINES_DO_NOT_TIE, _named(apart))
    changes = {"confirmed_at": now, **marked}
    stands = take(tx, found, event, by=by, now=now, why=why, changes=changes)
    payments.write(tx, stands, payable)
    return payments.paid_if_settled(tx, stands, by=by, now=now)


def _named(apart: Iterable[Difference]) -> str:
    return "、".join(f"{one.insured_area}→{one.treatment_area}" for one in apart)
