"""The detail of a pair as Parquet: whole fen as integers, for whoever computes with it."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from contracts.messages.values import PARTS
from hub.domain.proof import Row


@dataclass(frozen=True, slots=True)
class _Column:
    """Amounts are signed fen; no cell is empty."""

    name: str
    kind: str
    """A type of Arrow, by its name."""
    value: Callable[[Row], Any]


def _text(name: str, value: Callable[[Row], str]) -> _Column:
    return _Column(name, "string", value)


def _fen(name: str, value: Callable[[Row], int]) -> _Column:
    return _Column(name, "int64", value)


def _part(at: int) -> Callable[[Row], int]:
    return lambda row: row.signed_fen[at]


def _place(at: int) -> Callable[[Row], str]:
    return lambda row: row.place[at]


_PLACES = (
    "hospital_code",
    "insured_division",
    "treatment_division",
    "admitted_on",
    "discharged_on",
)
COLUMNS: tuple[_Column, ...] = (
    _Column("business_date", "date32", lambda row: row.business_date),
    _text("row_id", lambda row: str(row.row_id)),
    _Column("sign", "int32", lambda row: row.sign),
    _text("reason", lambda row: row.reason),
    _text("insured_area", lambda row: row.insured_area),
    _text("treatment_area", lambda row: row.treatment_area),
    _text("insurance_kind", lambda row: row.insurance_kind.value),
    _text("visit_kind", lambda row: row.visit_kind.value),
    *(_text(name, _place(at)) for at, name in enumerate(_PLACES)),
    _fen("total_fen", lambda row: row.sign * row.total_fen),
    *(_fen(name, _part(at)) for at, name in enumerate(PARTS)),
    _fen("payable_fen", lambda row: row.payable_fen),
)


@cache
def schema() -> Any:
    """Arrow's schema of these columns.

    Here and below Arrow is imported late: it takes a tenth of a second, which every program of the
    hub would pay at its start, and only who writes papers needs it.
    """
    import pyarrow as pa

    kinds = {name: getattr(pa, name)() for name in {one.kind for one in COLUMNS}}
    return pa.schema([pa.field(one.name, kinds[one.kind], nullable=False) for one in COLUMNS])


def written(rows: Sequence[Row]) -> bytes:
    """A Parquet file of these rows. The same rows give the same bytes, by the same library."""
    import pyarrow as pa
    from pyarrow import parquet

    cells = [[column.value(row) for row in rows] for column in COLUMNS]
    table = pa.table(cells, schema=schema())
    file = io.BytesIO()
    parquet.write_table(table, file, compression="none", store_schema=False)  # the bundle packs it
    return file.getvalue()
