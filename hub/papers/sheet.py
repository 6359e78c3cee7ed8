"""A paper as values: what it says, before it is drawn as PDF or written as XLSX."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CellKind(StrEnum):
    """What stands in a column."""

    TEXT = "text"  # words
    COUNT = "count"  # whole numbers that add up
    YUAN = "yuan"  # fen, shown as yuan with two decimals, that add up


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its name, what stands in it, how wide it is beside the others."""

    zh: str
    kind: CellKind
    weight: int = 10


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper. Rows hold str for TEXT, int (a number, or fen) for the rest.

    `facts`: labels and values above the table; `words`: paragraphs before it; `marks`: what a
    reader must see in red; `signed_by`: places for seals and names below; `footer`: on every page.
    """

    title_zh: str
    facts: tuple[tuple[str, str], ...]
    headings: tuple[Heading, ...]
    rows: Sequence[tuple[str | int, ...]]
    made_at: datetime
    words: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ("编制单位（盖章）", "经办人", "复核人", "日期")
    footer: str = ""

    def total(self, column: int) -> int:
        """The sum of a column of numbers."""
        return sum(int(row[column]) for row in self.rows)
