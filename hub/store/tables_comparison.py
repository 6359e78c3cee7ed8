"""What comparing keeps: reports, rows beside them while they differ, and the open day's slices."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from contracts.codes import InsuranceKind, Role, VisitKind
from contracts.messages.values import PARTS
from hub.domain.reconciliation import BreakClass
from hub.store.tables import metadata, one_of
from hub.store.tables_money import SIDE_KEY

SLICE = ["area", "role", "since", "until"]


def _side() -> tuple[Column[Any], ...]:
    return (
        Column("business_date", Date, primary_key=True),
        Column("area", String(6), primary_key=True),
        Column("role", String(10), primary_key=True),
    )


def _bucket() -> tuple[Column[Any], ...]:
    return (
        Column("counterpart", String(6), primary_key=True),
        Column("insurance_kind", String(3), primary_key=True),
        Column("visit_kind", String(20), primary_key=True),
    )


def _of_a_side(table: str) -> ForeignKeyConstraint:
    columns = [f"reconciliation_sides.{name}" for name in SIDE_KEY]
    return ForeignKeyConstraint(SIDE_KEY, columns, name=f"{table}_of_a_side")


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **({"nullable": False} | options))


Table(  # The control totals of a side's last report, whether they agree or not.
    "reported_buckets",
    metadata,
    *_side(),
    *_bucket(),
    Column("count", BigInteger, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    *(Column(part, BigInteger, nullable=False) for part in PARTS),
    Column("digest", String(64), nullable=False),
    _of_a_side("reported_buckets"),
    one_of("reported_buckets", "insurance_kind", InsuranceKind),
    one_of("reported_buckets", "visit_kind", VisitKind),
    CheckConstraint("count >= 0", name="reported_buckets_count"),
)

Table(  # A large bucket that differs: of which of its pieces the rows were asked for.
    "narrowed_buckets",
    metadata,
    *_side(),
    *_bucket(),
    Column("pieces", Integer, nullable=False),
    Column("among", ARRAY(Integer), nullable=False),
    _of_a_side("narrowed_buckets"),
    CheckConstraint("pieces > 0", name="narrowed_buckets_pieces"),
)

Table(  # A day that differs: its rows are laid out beside those of its sides.
    "days_laid_out",
    metadata,
    Column("business_date", Date, ForeignKey("reconciliations.business_date"), primary_key=True),
    _instant("laid_out_at"),
)

# The hub's rows of a day that differs, bucket by bucket, until all its sides agree: derived from
# the settlements in one statement, so that no row of it needs a check of its own.
Table(
    "compared_rows",
    metadata,
    Column("business_date", Date, primary_key=True),
    Column("insured_area", String(6), primary_key=True),
    Column("treatment_area", String(6), primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("visit_kind", String(20), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("settlement_id", Uuid, primary_key=True),
    Column("sign", SmallInteger, primary_key=True, autoincrement=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("parts", Text, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
)

Table(  # Up to where a side has reported slices of the open day.
    "slice_sides",
    metadata,
    Column("area", String(6), primary_key=True),
    Column("role", String(10), primary_key=True),
    _instant("covered_until"),
    one_of("slice_sides", "role", Role),
)

slices = Table(  # A slice that is not agreed: asked for, or reported and different.
    "open_slices",
    metadata,
    Column("area", String(6), primary_key=True),
    Column("role", String(10), primary_key=True),
    _instant("since", primary_key=True),
    _instant("until", primary_key=True),
    Column("attempt", Integer, nullable=False),
    _instant("found_at"),
    _instant("asked_at"),
    _instant("ask_again_at"),
    _instant("reported_at", nullable=True),
    one_of("open_slices", "role", Role),
    CheckConstraint("since < until", name="open_slices_have_a_length"),
)
Index("open_slices_due", slices.c.ask_again_at)

Table(  # The rows of a differing slice, as they come in parts.
    "slice_rows",
    metadata,
    Column("area", String(6), primary_key=True),
    Column("role", String(10), primary_key=True),
    _instant("since", primary_key=True),
    _instant("until", primary_key=True),
    Column("business_date", Date, primary_key=True),
    *_bucket(),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("parts", Integer, nullable=False),
    Column("rows", JSONB, nullable=False),
    ForeignKeyConstraint(
        SLICE,
        [f"open_slices.{name}" for name in SLICE],
        name="slice_rows_of_a_slice",
        ondelete="CASCADE",
    ),
)

Table(  # One row: up to where the hub looked for rows that no side has reported.
    "slices_looked",
    metadata,
    Column("one", Boolean, primary_key=True),
    _instant("looked_until"),
    CheckConstraint("one", name="slices_looked_has_one_row"),
)

provisional = Table(  # Differences of the open day: no breaks before the day's agreed time.
    "provisional_breaks",
    metadata,
    Column("area", String(6), primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("settlement_id", Uuid, primary_key=True),
    Column("sign", SmallInteger, primary_key=True, autoincrement=False),
    Column("business_date", Date, nullable=False),
    _instant("since"),
    _instant("until"),
    Column("class", String(20), nullable=False),
    Column("counterpart", String(6), nullable=False),
    Column("insurance_kind", String(3), nullable=False),
    Column("visit_kind", String(20), nullable=False),
    Column("hub_fen", BigInteger),
    Column("side_fen", BigInteger),
    Column("other_date", Date),
    _instant("found_at"),
    one_of("provisional_breaks", "class", BreakClass),
    ForeignKeyConstraint(
        SLICE,
        [f"open_slices.{name}" for name in SLICE],
        name="provisional_breaks_of_a_slice",
        ondelete="CASCADE",
    ),
)
Index(
    "provisional_breaks_of_slice",
    *(provisional.c[name] for name in SLICE),
)

steps = metadata.tables["settlement_steps"]
Index(
    "settlement_steps_booked",
    steps.c.at,
    postgresql_where="event = 'settle' AND to_state = 'settled'"
    " OR event = 'release' AND from_state = 'reversing'",
)
