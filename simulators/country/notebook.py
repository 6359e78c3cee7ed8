"""Each hospital's own books: what it was told it settled and undid, for the end of the month."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any

from contracts.codes import VisitKind
from simulators.demo.stage import fen
from simulators.world.country import DrawnVisit

Scope = tuple[str, VisitKind]
"""Insurance kind and kind of care: what 3201 asks for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the books, negative when it undoes; `on` is the day that the reply named."""

    scope: Scope
    on: date
    total_fen: int
    fund_fen: int
    account_fen: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Of the rows of a hospital in one scope."""

    count: int
    total_fen: int
    fund_fen: int
    account_fen: int


@dataclass(slots=True)
class Notebook:
    """The books of all hospitals; any thread may write."""

    _rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _latest: dict[str, DrawnVisit] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def write(self, drawn: DrawnVisit, info: Mapping[str, Any]) -> None:
        """A row of the setlinfo with which it was settled."""
        self._add(drawn, info, date.fromisoformat(str(info["setl_time"])[:10]), 1)

    def take_out(self, drawn: DrawnVisit, info: Mapping[str, Any], today: date) -> None:
        """The row that undoes it: a reversal belongs to the day of the reversal."""
        self._add(drawn, info, today, -1)

    def _add(self, drawn: DrawnVisit, info: Mapping[str, Any], on: date, sign: int) -> None:
        row = Row(
            scope=(drawn.traveller.row.insurance_kind.value, drawn.kind),
            on=on,
            total_fen=sign * fen(info["medfee_sumamt"]),
            fund_fen=sign * fen(info["fund_pay_sumamt"]),
            account_fen=sign * fen(info["acct_pay"]),
        )
        with self._lock:
            self._rows[drawn.institution.code].append(row)
            self._latest[drawn.institution.code] = drawn

    def latest(self) -> list[DrawnVisit]:
        """The latest visit of each hospital that settled anything, by the hospital's code."""
        return [self._latest[code] for code in sorted(self._latest)]

    def sums(self, code: str, first: date, last: date) -> dict[Scope, Sums]:
        """A hospital's books of some days, netted."""
        found: dict[Scope, list[Row]] = defaultdict(list)
        for row in self._rows[code]:
            if first <= row.on <= last:
                found[row.scope].append(row)
        return {
            scope: Sums(
                count=len(rows),
                total_fen=sum(row.total_fen for row in rows),
                fund_fen=sum(row.fund_fen for row in rows),
                account_fen=sum(row.account_fen for row in rows),
            )
            for scope, rows in found.items()
        }
