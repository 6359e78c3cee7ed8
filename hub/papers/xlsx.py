"""Papers as XLSX: numbers are numbers, heads stay in sight, totals are formulas that agree."""

import io
from datetime import UTC
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from hub.papers.sheet import CellKind, Heading, Sheet

FORMATS: dict[CellKind, str] = {
    CellKind.TEXT: "@",
    CellKind.COUNT: "#,##0",
    CellKind.YUAN: "#,##0.00;[Red]-#,##0.00",
}
WIDTHS: dict[CellKind, int] = {CellKind.TEXT: 14, CellKind.COUNT: 10, CellKind.YUAN: 17}
LANDSCAPE_FROM = 9
A4 = 9
CREATOR = "异地就医清算枢纽 Yidi"


def written(sheet: Sheet) -> bytes:
    """A workbook of one sheet. The same values give the same bytes."""
    held = io.BytesIO()
    # Words stay words: hospitals' codes are never taken for formulas, links or numbers.
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(held, options) as book:
        created = sheet.made_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": sheet.title_zh, "author": CREATOR, "created": created})
        _write(book, book.add_worksheet(), sheet)
    return held.getvalue()


def _write(book: Workbook, page: Worksheet, sheet: Sheet) -> None:
    styles = _styles(book)
    width = len(sheet.headings)
    page.merge_range(0, 0, 0, max(width - 1, 1), sheet.title_zh, styles["title"])
    top = _words(page, sheet, styles)
    for column, heading in enumerate(sheet.headings):
        page.set_column(column, column, WIDTHS[heading.kind])
        page.write_string(top, column, heading.zh, styles["head"])
    for number, row in enumerate(sheet.rows, start=top + 1):
        _row(page, number, sheet.headings, row, styles)
    below = _totals(page, sheet, top + 1, styles)
    for number, place in enumerate(sheet.signed_by):
        page.write_string(below + 1 + number, 0, f"{place}：", styles["plain"])
    _printing(page, sheet, top)


def _words(page: Worksheet, sheet: Sheet, styles: dict[str, Any]) -> int:
    """What stands above the table; the row where the table begins."""
    said = [f"{label}：{value}" for label, value in sheet.facts] + list(sheet.words)
    lines = [(text, "plain") for text in said] + [(text, "mark") for text in sheet.marks]
    for number, (text, style) in enumerate(lines, start=1):
        page.write_string(number, 0, text, styles[style])
    return len(lines) + 2


def _row(
    page: Worksheet,
    number: int,
    headings: tuple[Heading, ...],
    row: tuple[str | int, ...],
    styles: dict[str, Any],
) -> None:
    for column, (heading, value) in enumerate(zip(headings, row, strict=True)):
        style = styles[heading.kind.value]
        if heading.kind is CellKind.TEXT:
            page.write_string(number, column, str(value), style)
        else:
            page.write_number(number, column, _number(heading.kind, int(value)), style)


def _totals(page: Worksheet, sheet: Sheet, first: int, styles: dict[str, Any]) -> int:
    """A row of sums: each a formula with the value that it has; the row after it."""
    at = first + len(sheet.rows)
    page.write_string(at, 0, "合计", styles["head"])
    for column, heading in enumerate(sheet.headings):
        if column and heading.kind is CellKind.TEXT:
            page.write_blank(at, column, None, styles["head"])
        elif heading.kind is not CellKind.TEXT:
            name = xl_col_to_name(column)
            formula = f"=SUM({name}{first + 1}:{name}{at})" if sheet.rows else "=0"
            value = _number(heading.kind, sheet.total(column))
            page.write_formula(at, column, formula, styles[f"total {heading.kind.value}"], value)
    return at + 1


def _number(kind: CellKind, value: int) -> Any:
    """A spreadsheet holds no fen: yuan with two decimals, exact as shown up to 10^13 fen."""
    return value / 100 if kind is CellKind.YUAN else value


def _printing(page: Worksheet, sheet: Sheet, top: int) -> None:
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(top)
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.set_footer(f"&L{sheet.footer.replace('&', '&&')}&R第 &P 页 共 &N 页")
    if len(sheet.headings) >= LANDSCAPE_FROM:
        page.set_landscape()


def _styles(book: Workbook) -> dict[str, Any]:
    head = {"bold": True, "border": 1, "bg_color": "#DDE7F0", "align": "center"}
    cells = {kind.value: {"border": 1, "num_format": said} for kind, said in FORMATS.items()}
    sums = {f"total {k}": {**style, "bold": True} for k, style in cells.items()}
    plain = {"title": {"bold": True, "font_size": 16, "align": "center"}, "plain": {}}
    mark = {"mark": {"bold": True, "font_color": "#C00000"}}
    named = {"head": head, **cells, **sums, **plain, **mark}
    return {name: book.add_format({"font_name": "宋体", **style}) for name, style in named.items()}
