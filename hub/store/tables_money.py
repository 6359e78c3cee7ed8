"""The tables of reconciliation and clearing; what an issued run says is never changed again."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contracts.codes import Fund, InsuranceKind, Role, VisitKind
from contracts.messages.values import PARTS
from hub.domain.reconciliation import BreakClass, SideState
from hub.store.tables import metadata, one_of

FUNDS = tuple(f"{fund.value}_fen" for fund in Fund)
SIDE_KEY = ["business_date", "area", "role"]


def _area(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(6), **({"nullable": False} | options))


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **({"nullable": False} | options))


def _fen(name: str, **options: Any) -> Column[Any]:
    return Column(name, BigInteger, **({"nullable": False} | options))


def _kinds(table: str) -> tuple[CheckConstraint, CheckConstraint]:
    return one_of(table, "insurance_kind", InsuranceKind), one_of(table, "visit_kind", VisitKind)


Table(  # A closed day whose comparison has begun: its totals stand, and its sides were asked.
    "reconciliations",
    metadata,
    Column("business_date", Date, ForeignKey("business_days.business_date"), primary_key=True),
    _instant("begun_at"),
)

# The hub's own control totals. The bucket of an insured area with a treatment area is the same
# rows as that treatment area's with the insured area, so one line serves both sides. `count` is
# rows; `visits` is settled minus reversed.
Table(
    "daily_totals",
    metadata,
    Column("business_date", Date, ForeignKey("reconciliations.business_date"), primary_key=True),
    _area("insured_area", primary_key=True),
    _area("treatment_area", primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("visit_kind", String(20), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("visits", BigInteger, nullable=False),
    _fen("total_fen"),
    *(_fen(name) for name in PARTS),
    Column("digest", String(64), nullable=False),
    *_kinds("daily_totals"),
    CheckConstraint(" + ".join(PARTS) + " = total_fen", name="daily_totals_parts_add_up"),
)

sides = Table(
    "reconciliation_sides",
    metadata,
    Column("business_date", Date, ForeignKey("reconciliations.business_date"), primary_key=True),
    _area("area", primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("reported_attempt", Integer, nullable=False),
    Column("reported_count", BigInteger),
    _fen("reported_fen", nullable=True),
    _instant("asked_at"),
    _instant("break_after"),
    _instant("agreed_at", nullable=True),
    _instant("reported_at", nullable=True),
    one_of("reconciliation_sides", "role", Role),
    one_of("reconciliation_sides", "state", SideState),
    CheckConstraint(
        "(state = 'agreed') = (agreed_at IS NOT NULL)",
        name="reconciliation_sides_agreed_has_an_instant",
    ),
    CheckConstraint("reported_attempt <= attempt", name="reconciliation_sides_report_was_asked"),
)
Index(
    "reconciliation_sides_not_agreed", sides.c.asked_at, postgresql_where=text("state <> 'agreed'")
)

Table(  # The rows of a differing bucket, as they come in parts; only those of the last report.
    "reported_rows",
    metadata,
    Column("business_date", Date, primary_key=True),
    _area("area", primary_key=True),
    Column("role", String(10), primary_key=True),
    _area("counterpart", primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("visit_kind", String(20), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("parts", Integer, nullable=False),
    Column("rows", JSONB, nullable=False),
    ForeignKeyConstraint(
        SIDE_KEY,
        [f"reconciliation_sides.{name}" for name in SIDE_KEY],
        name="reported_rows_of_a_side",
    ),
)

breaks = Table(
    "breaks",
    metadata,
    Column("break_id", BigInteger, Identity(), primary_key=True),
    Column("business_date", Date, nullable=False),
    _area("area"),
    Column("role", String(10), nullable=False),
    Column("class", String(20), nullable=False),
    _area("counterpart", nullable=True),
    Column("insurance_kind", String(3)),
    Column("visit_kind", String(20)),
    Column("settlement_id", Uuid),
    Column("sign", SmallInteger),
    _fen("hub_fen", nullable=True),
    _fen("side_fen", nullable=True),
    Column("other_date", Date),
    _instant("found_at"),
    _instant("resolved_at", nullable=True),
    # Of a difference between a hospital and its treatment area: whose, and its number there.
    # Then `hub_fen` is what the treatment area has, and `side_fen` what the hospital said.
    Column("hospital_code", String(30)),
    Column("hospital_number", BigInteger),
    Column(
        "compared_on",
        Date,
        Computed("CASE WHEN hospital_code IS NULL THEN business_date END", persisted=True),
    ),
    one_of("breaks", "class", BreakClass),
    CheckConstraint(
        "(hospital_code IS NULL) = (hospital_number IS NULL)", name="breaks_of_a_hospital"
    ),
    CheckConstraint(
        "class <> 'only_at_hospital' OR hospital_code IS NOT NULL",
        name="breaks_only_at_a_named_hospital",
    ),
    # A hospital's files are of any day; only what the hub compares has a side.
    ForeignKeyConstraint(
        ["compared_on", "area", "role"],
        [f"reconciliation_sides.{name}" for name in SIDE_KEY],
        name="breaks_of_a_side",
    ),
)
Index(
    "breaks_of_hospitals",
    breaks.c.area,
    breaks.c.hospital_number,
    unique=True,
    postgresql_where=text("hospital_number IS NOT NULL"),
)
Index(
    "breaks_open",
    breaks.c.business_date,
    breaks.c.area,
    breaks.c.role,
    postgresql_where=text("resolved_at IS NULL"),
)
Index("breaks_of_day", breaks.c.business_date, breaks.c.area, breaks.c.role)
Index(
    "breaks_settlement_id",
    breaks.c.settlement_id,
    postgresql_where=text("settlement_id IS NOT NULL"),
)

Table(
    "clearing_lines",
    metadata,
    Column("run_id", Uuid, ForeignKey("clearing_runs.run_id"), primary_key=True),
    Column("version", SmallInteger, primary_key=True, autoincrement=False),
    _area("insured_area", primary_key=True),
    _area("treatment_area", primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("visit_kind", String(20), primary_key=True),
    Column("count", BigInteger, nullable=False),
    _fen("total_fen"),
    *(_fen(name) for name in PARTS),
    _fen("audit_fen"),
    _fen("late_fen"),
    _fen("payable_fen"),
    *_kinds("clearing_lines"),
    CheckConstraint(" + ".join(PARTS) + " = total_fen", name="clearing_lines_parts_add_up"),
    CheckConstraint(
        " + ".join((*FUNDS, "audit_fen", "late_fen")) + " = payable_fen",
        name="clearing_lines_funds_are_payable",
    ),
    CheckConstraint("version > 0", name="clearing_lines_have_a_version"),
    CheckConstraint("insured_area <> treatment_area", name="clearing_lines_between_two_areas"),
)
