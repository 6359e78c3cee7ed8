"""The work queue as a sheet (XLSX): written for people to edit, and read back without trust."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import openpyxl
import xlsxwriter

from contracts.clock import SHANGHAI
from contracts.codes import Role
from contracts.money import yuan_from_fen
from hub.domain.clearing import INSURANCE_ZH, VISIT_ZH
from hub.domain.reconciliation import WORDS
from hub.domain.repair import BY_ZH, KIND_ZH, QueuedBreak

ROLE_ZH = {Role.INSURED: "参保地", Role.TREATMENT: "就医地"}
SHEET, TITLE = "对账差错", "对账差错处理表"
TOTAL = "合计"
# fmt: off
COLUMNS: tuple[tuple[str, int], ...] = (  # Heading and width. Only the last two may be edited.
    ("差错编号", 10), ("结算日", 12), ("角色", 8), ("地区", 9), ("差错类别", 20), ("对方地区", 9),
    ("险种", 7), ("就诊类别", 16), ("结算编号", 38), ("方向", 6), ("中心金额（元）", 14),
    ("该方金额（元）", 14), ("涉及金额（元）", 14), ("逾期起始", 18), ("经办人", 14),
    ("可能原因", 40), ("可选处理", 30), ("校验码", 18), ("处理方式", 12), ("处理理由", 40),
)
# fmt: on
FIXED = len(COLUMNS) - 2
"""The columns that must come back as they went out."""
FIRST_ROW, LAST_COLUMN = 3, len(COLUMNS)  # title, headings, then the breaks; counted from 1
AT_RISK_COLUMN = 12  # counted from 0
ROWS_MAX, BYTES_MAX, UNPACKED_MAX = 5_000, 2_000_000, 40_000_000
REASON_MAX = 200
SUM_OF_COLUMN = re.compile(r"=SUM\(M3:M\d{1,5}\)|=0", re.ASCII)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, when somebody opens the file."""


class SheetWrong(Exception):
    """Not a sheet of ours, or edited where it must not be; says what and where, in Chinese."""


@dataclass(frozen=True, slots=True)
class Line:
    """One break as the sheet has it: `fixed` as text, and what was filled in ('' for nothing)."""

    row: int
    break_id: int
    fixed: tuple[str, ...]
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines, and the totals that the sheet claims: how many, and fen at risk."""

    lines: tuple[Line, ...]
    count: int
    at_risk_fen: int


def written(breaks: Sequence[QueuedBreak]) -> bytes:
    """The queue as a workbook; texts are never taken for formulas, sums are formulas that agree."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"title": TITLE, "created": datetime(2000, 1, 1)})  # noqa: DTZ001 - a constant
    page = book.add_worksheet(SHEET)
    _head(book, page)
    money, free = book.add_format({"num_format": "#,##0.00"}), book.add_format({"locked": False})
    for n, one in enumerate(breaks, start=FIRST_ROW - 1):
        _line(page, n, one, money, free)
    _foot(book, page, breaks, money)
    choices = {"validate": "list", "source": list(KIND_ZH.values()), "ignore_blank": True}
    page.data_validation(FIRST_ROW - 1, FIXED, FIRST_ROW + len(breaks), FIXED, choices)
    page.protect("", {"autofilter": True, "sort": True})
    book.close()
    return target.getvalue()


def read(content: bytes) -> Sheet:
    """What came back. SheetWrong: not an xlsx, too large, formulas, other headings, bad totals."""
    book = _opened(content)
    if SHEET not in book.sheetnames:
        raise SheetWrong(f"没有名为“{SHEET}”的工作表")
    page = _rows(book[SHEET])
    head = list(islice(page, FIRST_ROW - 1))
    if head[1:] != [tuple(name for name, _ in COLUMNS)]:
        raise SheetWrong("表头被改动，请使用系统导出的表格")
    *body, foot = [*page] or [("",)]
    if foot[0] != TOTAL:
        raise SheetWrong("缺少合计行")
    lines = tuple(_read_line(n, row) for n, row in enumerate(body, start=FIRST_ROW))
    sheet = Sheet(lines, _whole(foot[1], "合计笔数"), _fen(foot[AT_RISK_COLUMN], "合计金额"))
    _check_totals(sheet)
    return sheet


def fixed_of(one: QueuedBreak) -> tuple[str, ...]:
    """The columns that must not change, as text; the last is a digest of the others."""
    day, role, area = one.side
    counterpart, insurance, visit = one.found.bucket or ("", None, None)
    settlement_id, sign = one.found.row or ("", 0)
    values = (
        str(one.break_id),
        day.isoformat(),
        ROLE_ZH[role],
        area,
        WORDS[one.found.break_class][0],
        str(counterpart),
        INSURANCE_ZH[insurance] if insurance else "",
        VISIT_ZH[visit] if visit else "",
        str(settlement_id),
        f"{sign:+d}" if sign else "",
        _yuan(one.found.hub_fen),
        _yuan(one.found.side_fen),
        _yuan(one.at_risk_fen),
        f"{one.since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        one.owner or "",
        one.cause_zh,
        "、".join(KIND_ZH[kind] for kind in one.fitting),
    )
    # What an owner does meanwhile is no change of the break.
    told = "|".join((*values[:14], *values[15:16]))
    return (*values, hashlib.sha256(told.encode()).hexdigest()[:16])


def _head(book: Any, page: Any) -> None:
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    page.write_string(0, 0, f"{TITLE}（仅可填写“处理方式”和“处理理由”）")
    for n, (name, width) in enumerate(COLUMNS):
        page.set_column(n, n, width)
        page.write_string(1, n, name, bold)
    page.freeze_panes(FIRST_ROW - 1, 1)


def _line(page: Any, n: int, one: QueuedBreak, money: Any, free: Any) -> None:
    fixed = fixed_of(one)
    page.write_number(n, 0, one.break_id)
    for column, text in enumerate(fixed[1:], start=1):
        page.write_string(n, column, text)
    amounts = (one.found.hub_fen, one.found.side_fen, one.at_risk_fen)
    for column, fen in enumerate(amounts, start=10):
        if fen is not None:
            page.write_number(n, column, fen / 100, money)
    page.write_blank(n, FIXED, None, free)
    page.write_blank(n, FIXED + 1, None, free)


def _foot(book: Any, page: Any, breaks: Sequence[QueuedBreak], money: Any) -> None:
    n = last = FIRST_ROW - 1 + len(breaks)  # rows count from 0 here, and from 1 in a formula
    bold = book.add_format({"bold": True, "top": 1})
    page.write_string(n, 0, TOTAL, bold)
    page.write_number(n, 1, len(breaks), bold)
    sum_fen = sum(one.at_risk_fen for one in breaks)
    formula = f"=SUM(M{FIRST_ROW}:M{last})" if breaks else "=0"
    page.write_formula(n, AT_RISK_COLUMN, formula, money, sum_fen / 100)


def _opened(content: bytes) -> Any:
    """The workbook, formulas as such. An archive that unpacks to too much is not unpacked."""
    if len(content) > BYTES_MAX:
        raise SheetWrong(f"文件超过{BYTES_MAX // 1_000_000}MB")
    if _unpacked_bytes(content) > UNPACKED_MAX:
        raise SheetWrong("文件解压后过大")
    try:
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    except Exception as error:  # a broken file makes the library raise anything
        raise SheetWrong("不是有效的xlsx文件") from error


def _unpacked_bytes(content: bytes) -> int:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(one.file_size for one in archive.infolist())
    except zipfile.BadZipFile as error:
        raise SheetWrong("不是有效的xlsx文件") from error


def _rows(page: Any) -> Iterator[tuple[str, ...]]:
    """Rows as texts up to the totals; a formula is taken nowhere but in the sum of the totals."""
    for n, cells in enumerate(page.iter_rows(max_col=LAST_COLUMN), start=1):
        if n > ROWS_MAX + FIRST_ROW:
            raise SheetWrong(f"超过{ROWS_MAX}行")
        is_foot = bool(cells) and cells[0].value == TOTAL
        yield tuple(_text(cell, n, column, is_foot) for column, cell in enumerate(_padded(cells)))
        if is_foot:
            return


def _padded(cells: Sequence[Any]) -> list[Any]:
    return [*cells, *[None] * (LAST_COLUMN - len(cells))]


def _text(cell: Any, row: int, column: int, is_foot: bool) -> str:
    value = None if cell is None else cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        if is_foot and column == AT_RISK_COLUMN and SUM_OF_COLUMN.fullmatch(str(value)):
            return ""
        raise SheetWrong(f"第{row}行“{COLUMNS[column][0]}”含有公式")
    if isinstance(value, str) and column >= FIXED and value.strip().startswith(FORMULA_STARTS):
        raise SheetWrong(f"第{row}行“{COLUMNS[column][0]}”以公式符号开头")
    if isinstance(value, datetime | date):
        raise SheetWrong(f"第{row}行“{COLUMNS[column][0]}”被改为日期格式")
    if isinstance(value, bool | int | str):
        return str(value).strip()
    return f"{value:.2f}" if column in range(10, 13) else f"{value:g}"


def _read_line(row: int, cells: tuple[str, ...]) -> Line:
    amounts = tuple(_amount(row, column, cells[column]) for column in range(10, 13))
    fixed = (*cells[:10], *amounts, *cells[13:FIXED])
    kind, reason = cells[FIXED], cells[FIXED + 1]
    if kind and kind not in BY_ZH:
        raise SheetWrong(f"第{row}行处理方式“{kind[:20]}”不存在")
    if len(reason) > REASON_MAX:
        raise SheetWrong(f"第{row}行处理理由超过{REASON_MAX}字")
    return Line(row, _whole(cells[0], f"第{row}行差错编号"), fixed, kind, reason)


def _amount(row: int, column: int, text: str) -> str:
    return "" if text == "" else _yuan(_fen(text, f"第{row}行“{COLUMNS[column][0]}”"))


def _check_totals(sheet: Sheet) -> None:
    if sheet.count != len(sheet.lines):
        raise SheetWrong(f"合计笔数{sheet.count}与明细{len(sheet.lines)}行不符")
    sum_fen = sum(_fen(line.fixed[AT_RISK_COLUMN], "涉及金额") for line in sheet.lines)
    if sheet.at_risk_fen not in {sum_fen, NO_VALUE}:
        raise SheetWrong("合计金额与明细不符")


NO_VALUE = -1
"""The sum stands as its formula, which says the same whatever a program computed for it."""


def _whole(text: str, what: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise SheetWrong(f"{what}不是整数")
    return int(text)


def _fen(text: str, what: str) -> int:
    if text == "":
        return NO_VALUE if what == "合计金额" else 0
    whole, _, decimals = text.lstrip("-").partition(".")
    digits = whole + decimals.ljust(2, "0")
    if not digits.isascii() or not digits.isdecimal() or len(decimals) > 2 or len(digits) > 18:
        raise SheetWrong(f"{what}不是金额")
    return int(digits) * (-1 if text.startswith("-") else 1)


def _yuan(fen: int | None) -> str:
    return "" if fen is None else yuan_from_fen(fen)
