"""One look at the country: queries see the hub's tables, and beside them what is gathered."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from sqlalchemy import Connection, Engine, text

from contracts.delivery import bulk
from simulators.truth_checks.gathered import FIGURES, GATHERED, TOLD, TOLD_COLUMNS, Gathered
from simulators.truth_checks.sides import Sides
from simulators.witness import Reply, Witness

CANCELLING = ("2208", "2305")
SHOWN_MAX = 5
_IN_MEMORY_MAX = 32 * 1024 * 1024
_NAMES = re.compile(r"\b(" + "|".join([*GATHERED, TOLD]) + r")\b")
_NULL = "\\N"


@dataclass(slots=True)
class Scene:
    """A transaction of the hub that is rolled back; tables are gathered when a query names them."""

    tx: Connection
    sides: Sides
    witness: Witness
    now: datetime
    _there: set[str] = field(default_factory=set)

    def rows(self, query: str, **values: object) -> list[Mapping[str, Any]]:
        """Rows of a query over the hub's tables and GATHERED and `told`, all of them."""
        self._gather(query)
        usual = {"now": self.now, **self._parties()}
        known = {name: value for name, value in usual.items() if f":{name}" in query}
        return [dict(row) for row in self.tx.execute(text(query), known | values).mappings()]

    def found(self, query: str, **values: object) -> list[str]:
        """What a query finds, as texts: the first few rows, and how many there are."""
        return shown([_row(row) for row in self.rows(query, **values)])

    def at(self, role: str, query: str) -> list[str]:
        """As `found`, of a query that is asked of every area's database of a role."""
        engines = self.sides.insured if role == "insured" else self.sides.treatment
        lines: list[str] = []
        for area in sorted(engines):
            with engines[area].connect() as tx:
                rows = [dict(row) for row in tx.execute(text(query)).mappings()]
            lines += [f"{role}.{area}: {_row(row)}" for row in rows]
        return shown(lines)

    def _parties(self) -> dict[str, list[str]]:
        """By which parties a query may ask: those that are there."""
        return {
            "insured": sorted(self.sides.insured),
            "treatment": sorted(self.sides.treatment),
            "parties": [party for party, _ in self.sides.named()],
        }

    def _gather(self, query: str) -> None:
        for name in dict.fromkeys(_NAMES.findall(query)):
            if name not in self._there:
                self._there.add(name)
                if name == TOLD:
                    _tell(self.tx, self.witness.replies)
                else:
                    _fill(self.tx, self.sides, name, GATHERED[name])


@contextmanager
def scene(sides: Sides, witness: Witness, now: datetime) -> Iterator[Scene]:
    """For the length of a `with` block; nothing of it stays: closing undoes what nobody commits."""
    with sides.hub.connect() as tx:
        yield Scene(tx, sides, witness, now)


def by_query(query: str) -> Callable[[Scene], list[str]]:
    """A check that is one query: each row breaks the truth."""
    return lambda looked: looked.found(query)


def shown(lines: list[str]) -> list[str]:
    """The first few, and how many more there are."""
    more = len(lines) - SHOWN_MAX
    return lines if more <= 0 else [*lines[:SHOWN_MAX], f"… and {more} more"]


def _row(row: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items() if value is not None)


def _fill(tx: Connection, sides: Sides, name: str, what: Gathered) -> None:
    _make(tx, name, what.columns)
    for party, engine in sides.named():
        role, _, area = party.partition(".")
        if role in what.queries:
            query = what.queries[role].format(party=party, role=role, area=area)
            _copy(tx, name, engine, query)
    _look_over(tx, name)


def _copy(tx: Connection, name: str, source: Engine, query: str) -> None:
    with SpooledTemporaryFile(max_size=_IN_MEMORY_MAX) as between, source.connect() as other:
        _cursor(other).copy_expert(f"COPY ({query}) TO STDOUT", between)
        between.seek(0)
        _cursor(tx).copy_expert(f"COPY pg_temp.{name} FROM STDIN", between)


def _tell(tx: Connection, replies: tuple[Reply, ...]) -> None:
    _make(tx, TOLD, TOLD_COLUMNS)
    columns = [column.split()[0] for column in TOLD_COLUMNS.split(",")]
    lines = (_line(place, reply) for place, reply in enumerate(replies))
    bulk.copy_lines(tx, TOLD, columns, lines)
    _look_over(tx, TOLD)


def _line(place: int, one: Reply) -> str:
    sign = -1 if one.infno in CANCELLING else 1
    values = (
        place,
        one.at.isoformat(),
        one.area,
        one.infno,
        one.msgid,
        f"\\x{one.content.hex()}",
        one.verdict.value,
        one.settlement_id,
        one.code,
        None if one.certain_by is None else one.certain_by.isoformat(),
        one.about,
        ",".join(sorted(one.figures.keys() - set(FIGURES))),
        *(None if name not in one.figures else sign * one.figures[name] for name in FIGURES),
    )
    return "\t".join(_NULL if value is None else _escaped(str(value)) for value in values) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _make(tx: Connection, name: str, columns: str) -> None:
    tx.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))


def _look_over(tx: Connection, name: str) -> None:
    """Without statistics the planner thinks that a new table is small."""
    tx.execute(text(f"ANALYZE pg_temp.{name}"))


def _cursor(tx: Connection) -> Any:
    connection = tx.connection.driver_connection
    assert connection is not None, "the transaction has ended"
    return connection.cursor()
