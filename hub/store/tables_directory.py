"""The tables of the directory: what areas published, the newest of each; and what look-ups need."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from contracts.codes import Role, VisitKind
from hub.store.tables import metadata, one_of, settlements


def _division(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(6), **({"nullable": False} | options))


def _visit_kinds(name: str) -> Column[Any]:
    return Column(name, ARRAY(Text), nullable=False)


def _published() -> Column[Any]:
    return Column("published_at", DateTime(timezone=True), nullable=False)


def _known_kinds(table: str, column: str) -> CheckConstraint:
    kinds = ", ".join(f"'{kind}'" for kind in VisitKind)
    check = f"{column} <@ ARRAY[{kinds}]::text[]"
    return CheckConstraint(check, name=f"{table}_{column}_is_known")


def _own_division(table: str) -> CheckConstraint:
    check = "left(division, 2) = left(area, 2)"
    return CheckConstraint(check, name=f"{table}_division_is_the_areas")


Table(
    "area_terms",
    metadata,
    _division("area", primary_key=True),
    Column("holds_from", Date, primary_key=True),
    _visit_kinds("need_registration"),
    Column("lock_in_months", SmallInteger, nullable=False),
    _published(),
    _known_kinds("area_terms", "need_registration"),
    CheckConstraint("lock_in_months >= 0", name="area_terms_lock_in_is_no_debt"),
)

Table(  # One row an area and role: which publication its agencies and pooling areas are of.
    "directories",
    metadata,
    _division("area", primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    _published(),
    one_of("directories", "role", Role),
)

Table(
    "agencies",
    metadata,
    _division("area", primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    _division("division"),
    Column("name", String(200), nullable=False),
    Column("phone", String(200), nullable=False),
    Column("address", String(200), nullable=False),
    Column("hours", String(200), nullable=False),
    one_of("agencies", "role", Role),
    _own_division("agencies"),
)

Table(
    "pooling_areas",
    metadata,
    _division("area", primary_key=True),
    Column("role", String(20), primary_key=True),
    _division("division", primary_key=True),
    Column("name", String(200), nullable=False),
    _visit_kinds("opened"),
    Column("since", Date, nullable=False),
    one_of("pooling_areas", "role", Role),
    _known_kinds("pooling_areas", "opened"),
    _own_division("pooling_areas"),
)

institutions = Table(
    "institutions",
    metadata,
    Column("code", String(30), primary_key=True),
    _division("area"),
    Column("name", String(200), nullable=False),
    _division("division"),
    Column("level", SmallInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    _visit_kinds("opened"),
    Column("since", Date, nullable=False),
    Column("until", Date),
    _published(),
    CheckConstraint("kind IN ('hospital', 'pharmacy')", name="institutions_kind_is_known"),
    CheckConstraint("level BETWEEN 0 AND 4", name="institutions_level_is_known"),
    _known_kinds("institutions", "opened"),
    _own_division("institutions"),
)
Index("institutions_area", institutions.c.area, institutions.c.code)

# One's own costs, newest first; and how an insured area answered of late.
Index("settlements_person_id", settlements.c.person_id, settlements.c.received_at)
Index(
    "settlements_asked",
    settlements.c.insured_area,
    settlements.c.received_at,
    postgresql_where=text("answer_by IS NOT NULL"),
)
