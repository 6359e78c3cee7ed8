"""The queue as a sheet: out, edited by a person, back in with a preview, and then proposed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.refusal import RefusalCode, Refused
from hub.domain.identity_numbers import holds_identity_number
from hub.domain.repair import BY_ZH, KIND_ZH, BreakQuery, QueuedBreak, RepairKind
from hub.domain.second_person import Proposal
from hub.papers import break_sheets
from hub.papers.break_sheets import Line, Sheet, SheetWrong
from hub.services import proposing_repairs
from hub.store import break_queue

OWNER_COLUMN = 14  # what an owner does meanwhile is no change of the break
REASONS_MAX = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What one line of the sheet would propose."""

    row: int
    one: QueuedBreak
    kind: RepairKind
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edited sheet would do; `sheet_sha256` names the very file that was looked at."""

    sheet_sha256: str
    lines: int
    changes: tuple[Change, ...]

    @property
    def at_risk_fen(self) -> int:
        return sum(change.one.at_risk_fen for change in self.changes)


def out(tx: Connection, query: BreakQuery) -> bytes:
    """The breaks of a query as a workbook. Refused: FIELD_INVALID for more than ROWS_MAX."""
    count_max = break_sheets.ROWS_MAX
    found = break_queue.queued(tx, query, after=0, count=count_max + 1)
    if len(found) > count_max:
        raise Refused(RefusalCode.FIELD_INVALID, f"查询结果超过{count_max}笔，请缩小范围")
    return break_sheets.written(found)


def preview(tx: Connection, content: bytes) -> Preview:
    """What the sheet would propose; nothing is changed.

    Refused: TABLE_WRONG, which says what is wrong and where; REPAIR_NOT_FITTING.
    """
    sheet = _read(content)
    queued = break_queue.of_ids(tx, [line.break_id for line in sheet.lines])
    _check_lines(tx, sheet, queued)
    changes = tuple(_change(line, queued) for line in sheet.lines if line.kind)
    if not changes:
        raise Refused(RefusalCode.TABLE_WRONG, "没有填写任何处理方式")
    return Preview(hashlib.sha256(content).hexdigest(), len(sheet.lines), changes)


def propose(
    tx: Connection, content: bytes, sheet_sha256: str, by: Principal, now: datetime
) -> Proposal:
    """Put what a previewed sheet says before a second person.

    Refused: TABLE_WRONG, also for another file than the one that was previewed, and what
    proposing_repairs.propose refuses.
    """
    seen = preview(tx, content)
    if seen.sheet_sha256 != sheet_sha256:
        raise Refused(RefusalCode.TABLE_WRONG, "与预览的文件不一致，请重新预览")
    reasons = "；".join(dict.fromkeys(change.reason for change in seen.changes))
    return proposing_repairs.propose(
        tx,
        {change.one.break_id: change.kind for change in seen.changes},
        reason=reasons[:REASONS_MAX],
        by=by,
        now=now,
        reasons={change.one.break_id: change.reason for change in seen.changes},
    )


def _read(content: bytes) -> Sheet:
    try:
        return break_sheets.read(content)
    except SheetWrong as error:
        raise Refused(RefusalCode.TABLE_WRONG, str(error)) from error


def _check_lines(tx: Connection, sheet: Sheet, queued: Mapping[int, QueuedBreak]) -> None:
    ids = [line.break_id for line in sheet.lines]
    known = break_queue.resolved(tx, ids)
    seen: set[int] = set()
    for line in sheet.lines:
        if line.break_id in seen:
            raise _wrong(line, f"差错{line.break_id}重复")
        seen.add(line.break_id)
        if line.break_id not in known:
            raise _wrong(line, f"差错{line.break_id}不存在")
        one = queued.get(line.break_id)
        if one is None and line.kind:
            raise _wrong(line, f"差错{line.break_id}已处理")
        if one is not None:
            _check_fixed(line, one)
        if line.kind and not line.reason:
            raise _wrong(line, "未填写处理理由")
        if holds_identity_number(line.reason):
            raise _wrong(line, "处理理由含有证件号码，请以结算编号指称")


def _check_fixed(line: Line, one: QueuedBreak) -> None:
    expected = break_sheets.fixed_of(one)
    for column, (theirs, ours) in enumerate(zip(line.fixed, expected, strict=True)):
        if theirs != ours and column != OWNER_COLUMN:
            raise _wrong(line, f"“{break_sheets.COLUMNS[column][0]}”与系统不一致")


def _change(line: Line, queued: Mapping[int, QueuedBreak]) -> Change:
    one, kind = queued[line.break_id], BY_ZH[line.kind]
    if one.is_engaged:
        raise _wrong(line, f"差错{line.break_id}已有处理")
    if kind not in one.fitting:
        raise Refused(
            RefusalCode.REPAIR_NOT_FITTING, f"第{line.row}行差错{line.break_id}不能{KIND_ZH[kind]}"
        )
    return Change(line.row, one, kind, line.reason)


def _wrong(line: Line, what: str) -> Refused:
    return Refused(RefusalCode.TABLE_WRONG, f"第{line.row}行{what}")
