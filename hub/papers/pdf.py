"""Papers as PDF: A4, a Chinese font inside, numbered pages, and a place for seals."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from contracts.money import yuan_from_fen
from hub.papers.sheet import CellKind, Sheet

FONT = "NotoSansSC"
FONT_FILE = "NotoSansSC-Regular-GB2312.ttf"
MISSING = "〓"
LANDSCAPE_FROM = 9
MARGIN, ROW, PADDING = 12 * mm, 6 * mm, 1.2 * mm
TITLE_SIZE, TEXT_SIZE, CELL_SIZE, CELL_SIZE_MIN = 15.0, 9.5, 8.0, 3.5
SHADE, MARK, LINE = HexColor("#DDE7F0"), HexColor("#C00000"), HexColor("#8899AA")
SEALS_HEIGHT = 22 * mm


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand on each page, in points. `pages`: the rows of each page."""

    width: float
    height: float
    columns: tuple[float, ...]
    words: tuple[str, ...]
    marks: tuple[str, ...]
    pages: tuple[Sequence[tuple[str | int, ...]], ...]

    @property
    def top(self) -> float:
        return self.height - MARGIN


def written(sheet: Sheet) -> bytes:
    """The document. The same values give the same bytes: no date and no id of the moment."""
    _register_font()
    layout = _layout(sheet)
    held = io.BytesIO()
    size = (layout.width, layout.height)
    # Without a first font of its own, reportlab names one that is not embedded.
    options: dict[str, Any] = {"invariant": 1, "pageCompression": 1, "initialFontName": FONT}
    page = Canvas(held, size, **options)
    page.setTitle(sheet.title_zh)
    page.setAuthor("异地就医清算枢纽 Yidi")
    for number, rows in enumerate(layout.pages, start=1):
        _page(page, sheet, layout, number, rows)
        page.showPage()
    page.save()
    return held.getvalue()


@cache
def _register_font() -> frozenset[int]:
    """Make the font known to reportlab, once a process; the characters that it has."""
    with files("hub.papers").joinpath("fonts", FONT_FILE).open("rb") as opened:
        font = TTFont(FONT, io.BytesIO(opened.read()))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _layout(sheet: Sheet) -> _Layout:
    width, height = landscape(A4) if len(sheet.headings) >= LANDSCAPE_FROM else A4
    weights = [heading.weight for heading in sheet.headings]
    room = width - 2 * MARGIN
    columns = tuple(room * weight / sum(weights) for weight in weights)
    words = tuple(line for text in sheet.words for line in _wrapped(text, room, TEXT_SIZE))
    marks = tuple(line for text in sheet.marks for line in _wrapped(text, room, TEXT_SIZE))
    facts = (len(sheet.facts) + 1) // 2
    above = 14 * mm + (facts + len(words) + len(marks)) * ROW + 2 * mm
    body = height - 2 * MARGIN - 2 * ROW  # without the footer and the head of the table
    first, other = int((body - above) / ROW), int((body - 10 * mm) / ROW)
    below = int((SEALS_HEIGHT + ROW) / ROW) + 1  # what the sums and the seals take
    return _Layout(
        width, height, columns, words, marks, tuple(_pages(sheet.rows, first, other, below))
    )


def _pages(
    rows: Sequence[tuple[str | int, ...]], first: int, other: int, below: int
) -> Iterator[Sequence[tuple[str | int, ...]]]:
    """Cut the rows into pages so that sums and seals find room on the last one."""
    at, room = 0, first
    while len(rows) - at > room - below:
        taken = min(room, len(rows) - at)
        yield rows[at : at + taken]
        at, room = at + taken, other
    yield rows[at:]


def _page(
    page: Canvas,
    sheet: Sheet,
    layout: _Layout,
    number: int,
    rows: Sequence[tuple[str | int, ...]],
) -> None:
    at = _head(page, sheet, layout, is_first=number == 1)
    at = _cells(page, layout, at, [heading.zh for heading in sheet.headings], sheet, fill=SHADE)
    for row in rows:
        at = _cells(page, layout, at, _shown(sheet, row), sheet)
    if number == len(layout.pages):
        _end(page, sheet, layout, at)
    _footer(page, sheet, layout, number)


def _head(page: Canvas, sheet: Sheet, layout: _Layout, *, is_first: bool) -> float:
    """Title and what stands above the table; later pages repeat the title, smaller."""
    if not is_first:
        _text(page, layout.width / 2, layout.top - 4 * mm, f"{sheet.title_zh}（续）", 10, align=0)
        return layout.top - 10 * mm
    _text(page, layout.width / 2, layout.top - 7 * mm, sheet.title_zh, TITLE_SIZE, align=0)
    at = layout.top - 14 * mm
    for number, (label, value) in enumerate(sheet.facts):
        left = MARGIN if number % 2 == 0 else layout.width / 2
        _text(page, left, at, f"{label}：{value}", TEXT_SIZE)
        at -= ROW if number % 2 == 1 or number == len(sheet.facts) - 1 else 0
    for line in layout.words:
        _text(page, MARGIN, at, line, TEXT_SIZE)
        at -= ROW
    for mark in layout.marks:
        _text(page, MARGIN, at, mark, TEXT_SIZE, colour=MARK)
        at -= ROW
    return at + ROW - 3 * mm


def _cells(
    page: Canvas,
    layout: _Layout,
    top: float,
    texts: Sequence[str],
    sheet: Sheet,
    *,
    fill: Color | None = None,
) -> float:
    """One row of boxes; the place of the next one."""
    left = MARGIN
    page.setStrokeColor(LINE)
    page.setLineWidth(0.4)
    for width, text, heading in zip(layout.columns, texts, sheet.headings, strict=True):
        if fill is not None:
            page.setFillColor(fill)
        page.rect(left, top - ROW, width, ROW, stroke=1, fill=int(fill is not None))
        size = _fitting(text, width - 2 * PADDING)
        right = heading.kind is not CellKind.TEXT and fill is None
        at = left + width - PADDING if right else left + PADDING
        _text(page, at, top - ROW + 1.9 * mm, text, size, align=1 if right else -1)
        left += width
    return top - ROW


def _shown(sheet: Sheet, row: Sequence[str | int]) -> list[str]:
    return [
        yuan_from_fen(int(value)) if heading.kind is CellKind.YUAN else str(value)
        for heading, value in zip(sheet.headings, row, strict=True)
    ]


def _end(page: Canvas, sheet: Sheet, layout: _Layout, top: float) -> None:
    sums = [
        "" if heading.kind is CellKind.TEXT else sheet.total(column)
        for column, heading in enumerate(sheet.headings)
    ]
    shown = [
        "" if value == "" else text
        for value, text in zip(sums, _shown_sums(sheet, sums), strict=True)
    ]
    shown[0] = shown[0] or "合计"
    at = _cells(page, layout, top, shown, sheet) - 10 * mm
    room = (layout.width - 2 * MARGIN) / max(len(sheet.signed_by), 1)
    for number, place in enumerate(sheet.signed_by):
        _text(page, MARGIN + number * room, at, f"{place}：", TEXT_SIZE)


def _shown_sums(sheet: Sheet, sums: Sequence[str | int]) -> list[str]:
    return _shown(sheet, [value or 0 for value in sums])


def _footer(page: Canvas, sheet: Sheet, layout: _Layout, number: int) -> None:
    at = MARGIN - 4 * mm
    _text(page, MARGIN, at, sheet.footer, 6.5)
    told = f"第 {number} 页 共 {len(layout.pages)} 页"
    _text(page, layout.width - MARGIN, at, told, 7.5, align=1)


def _text(
    page: Canvas,
    left: float,
    at: float,
    text: str,
    size: float,
    *,
    align: int = -1,
    colour: Color = black,
) -> None:
    """One line of text: align -1 from here, 0 around here, 1 up to here."""
    page.setFont(FONT, size)
    page.setFillColor(colour)
    drawn = _known(text)
    if align < 0:
        page.drawString(left, at, drawn)
    elif align == 0:
        page.drawCentredString(left, at, drawn)
    else:
        page.drawRightString(left, at, drawn)


def _known(text: str) -> str:
    """A character that the font lacks would be an empty box: say plainly that one is missing."""
    has = _register_font()
    return "".join(sign if ord(sign) in has else MISSING for sign in text)


def _fitting(text: str, room: float) -> float:
    """The size in which a cell's text fits: no figure is ever cut off."""
    wanted = pdfmetrics.stringWidth(_known(text), FONT, CELL_SIZE)
    return CELL_SIZE if wanted <= room else max(CELL_SIZE_MIN, CELL_SIZE * room / wanted)


def _wrapped(text: str, room: float, size: float) -> Iterator[str]:
    line = ""
    for sign in text:
        if pdfmetrics.stringWidth(line + sign, FONT, size) > room:
            yield line
            line = ""
        line += sign
    yield line
