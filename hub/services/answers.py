"""Areas confirm or contest the lines of an issued run, each for itself."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.messages.clearing import ClearingLine
from contracts.refusal import RefusalCode, Refused
from hub.domain.answers import Answer, AnswerKey, GivenAnswer, LineKey, Tie, contested, key_of, tie
from hub.domain.clearing import AWAITING, STATE_ZH, ClearingRun, RunEvent, RunState
from hub.services.run_steps import locked, take
from hub.services.second_person import check_names_nobody
from hub.store import answers as store
from hub.store import lines as lines_store

REFUSED_BY: dict[Tie, tuple[RefusalCode, str]] = {
    Tie.NO_SUCH_LINE: (RefusalCode.LINES_DO_NOT_TIE, "清算明细中无此行"),
    Tie.ANOTHER_AMOUNT: (RefusalCode.LINES_DO_NOT_TIE, "金额与清算明细不一致"),
    Tie.NO_REASON: (RefusalCode.FIELD_MISSING, "reason"),
}


def answer(
    tx: Connection,
    run_id: UUID,
    said: Sequence[Answer],
    *,
    version: int,
    total_fen: int,
    area: AreaCode,
    by: str,
    now: datetime,
) -> ClearingRun:
    """Record what an area says about lines of a version; all of it, or nothing.

    `total_fen` is the sum of `said`, as the area has it: it must come to the same. Said again word
    for word: the run as it is, and nothing written. Refused: UNKNOWN_RUN, NOT_ALLOWED for another
    area's line, FIELD_INVALID for a line twice or an identity number in a reason, LINES_DO_NOT_TIE,
    FIELD_MISSING for a contest without a reason, OUT_OF_STEP for another version or a run that is
    not open to answers.
    """
    for one in said:
        check_names_nobody("reason", one.reason)
    if any(one.area != area for one in said):
        raise Refused(RefusalCode.NOT_ALLOWED, "只能答复本地区的清算明细")
    _check_total(said, total_fen)
    found = locked(tx, run_id)
    if version != found.version:
        raise Refused(RefusalCode.OUT_OF_STEP, f"现行清算明细为第{found.version}版")
    _check_ties(said, lines_store.of_run(tx, run_id, version))
    before = _standing(tx, found)
    fresh = [one for one in said if before.get(one.key) != one]
    if not fresh:
        return found
    if found.state not in AWAITING:
        raise Refused(RefusalCode.OUT_OF_STEP, f"清算批次{found.cycle}{STATE_ZH[found.state]}")
    store.add(tx, run_id, version, fresh, by, now)
    said_now = {one.key: one for one in fresh}
    return _moved(tx, found, said_now, contested(before | said_now), by, now)


def standing(tx: Connection, run_id: UUID, version: int) -> dict[AnswerKey, GivenAnswer]:
    """The answer that counts of each area about each line of a version."""
    return store.standing(tx, run_id, version)


def history(tx: Connection, run_id: UUID, version: int) -> list[GivenAnswer]:
    """Every answer about a version, in the order in which they came."""
    return store.history(tx, run_id, version)


def _check_total(said: Sequence[Answer], total_fen: int) -> None:
    if len({one.key for one in said}) != len(said):
        raise Refused(RefusalCode.FIELD_INVALID, "同一明细行重复")
    if sum(one.payable_fen for one in said) != total_fen:
        raise Refused(RefusalCode.LINES_DO_NOT_TIE, "合计与各行之和不符")


def _check_ties(said: Sequence[Answer], lines: Sequence[ClearingLine]) -> None:
    by_key: dict[LineKey, ClearingLine] = {key_of(line): line for line in lines}
    for one in said:
        found = tie(one, by_key)
        if found is not Tie.FITS:
            raise Refused(*REFUSED_BY[found])


def _standing(tx: Connection, found: ClearingRun) -> dict[AnswerKey, Answer]:
    given = store.standing(tx, found.run_id, found.version)
    return {key: one.answer for key, one in given.items()}


def _moved(  # noqa: PLR0917 - what was said, what stands against it, by whom and when
    tx: Connection,
    found: ClearingRun,
    said: Mapping[AnswerKey, Answer],
    against: Collection[AnswerKey],
    by: str,
    now: datetime,
) -> ClearingRun:
    """Contested as long as one contest stands; with the last one taken back it is as before."""
    new = contested(said)
    if new:
        why = "、".join(sorted({said[key].reason for key in new}))
        return take(tx, found, RunEvent.CONTEST, by=by, now=now, why=why)
    if found.state is RunState.CONTESTED and not against:
        return take(tx, found, RunEvent.WITHDRAW, by=by, now=now)
    return found
