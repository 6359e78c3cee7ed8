"""Pages of the catalogue queries: what is asked for, and what stands around the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.refusal import RefusalCode, Refused
from participants.gateway.wire.checking import Row

SIZE_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` from 1, of `size` rows."""

    number: int
    size: int

    @property
    def first_row(self) -> int:
        """From 0."""
        return (self.number - 1) * self.size


def page_asked(row: Row) -> Page:
    """page_num and page_size; Refused FIELD_INVALID."""
    page = Page(row.number("page_num") or 0, row.number("page_size") or 0)
    if page.number < 1:
        raise Refused(RefusalCode.FIELD_INVALID, "当前页数(page_num)从1开始")
    if not 1 <= page.size <= SIZE_MAX:
        raise Refused(RefusalCode.FIELD_INVALID, f"本页数据量(page_size)为1至{SIZE_MAX}")
    return page


def paged(page: Page, total: int, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An output with the rows of one page out of `total`."""
    pages = -(-total // page.size)
    return {
        "firstPage": page.number == 1,
        "lastPage": page.number >= pages,
        "size": len(rows),
        "startRow": page.first_row + 1 if rows else 0,
        "endRow": page.first_row + len(rows) if rows else 0,
        "pageSize": page.size,
        "pageNum": page.number,
        "recordCounts": total,
        "pages": pages,
        "data": list(rows),
    }
