"""The tables of what hospitals reconcile with us, apply to be paid, and confirm of a month."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from participants.treatment.domain.application import ApplicationState
from participants.treatment.domain.comparison import DifferenceClass
from participants.treatment.store.columns import at, fen


def add_to(metadata: MetaData) -> None:
    """Declare hospital_statements, hospital_breaks, hub_breaks, clearing_applications,
    clearing_claims, splits, split_rows, split_visits, split_confirmations and split_decisions.
    """
    _statements(metadata)
    _breaks(metadata)
    _applications(metadata)
    _splits(metadata)


def _statements(metadata: MetaData) -> None:
    Table(
        "hospital_statements",
        metadata,
        Column("statement_id", Uuid, primary_key=True),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("msgid", String(30), nullable=False),
        Column("infno", String(10), nullable=False),
        Column("clr_type", String(6), nullable=False),
        Column("insutype", String(6), nullable=False),
        Column("office", String(6), nullable=False),
        Column("begins_on", Date, nullable=False),
        Column("ends_on", Date, nullable=False),
        *(Column(f"{who}_count", BigInteger, nullable=False) for who in ("said", "our")),
        *(fen(f"{who}_{what}_fen") for who in ("said", "our") for what in ("total", "fund")),
        # 3201 says the personal account, 3202 the cash: the other one is not said.
        *(
            Column(f"{who}_{what}_fen", BigInteger)
            for who in ("said", "our")
            for what in ("account", "cash")
        ),
        Column("is_equal", Boolean, nullable=False),
        Column("told", String(200), nullable=False),
        at("asked_at"),
        UniqueConstraint("hospital_code", "msgid", name="hospital_statements_message"),
        CheckConstraint("ends_on >= begins_on", name="hospital_statements_dates"),
    )


def _breaks(metadata: MetaData) -> None:
    breaks = Table(
        "hospital_breaks",
        metadata,
        Column("break_id", BigInteger, Identity(), primary_key=True),
        Column(
            "statement_id", Uuid, ForeignKey("hospital_statements.statement_id"), nullable=False
        ),
        Column("hospital_code", String(30), nullable=False),
        Column("day", Date, nullable=False),
        Column("clr_type", String(6), nullable=False),
        Column("class", String(20), nullable=False),
        Column("setl_id", String(30), nullable=False),  # as the hospital writes it
        Column("sign", SmallInteger, nullable=False),
        Column("settlement_id", Uuid),
        Column("mdtrt_id", String(30), nullable=False),
        Column("person_id", String(30), nullable=False),
        Column("times", Integer, nullable=False),
        *(
            Column(f"{who}_{what}_fen", BigInteger)
            for who in ("said", "our")
            for what in ("total", "fund", "account")
        ),
        Column("memo", String(200), nullable=False),
        at("found_at"),
        at("resolved_at", nullable=True),
        Column("is_told", Boolean, nullable=False, server_default="false"),  # to the hub
        CheckConstraint(_in("class", DifferenceClass), name="hospital_breaks_class"),
        CheckConstraint("sign IN (1, -1)", name="hospital_breaks_sign"),
        CheckConstraint(
            "said_total_fen IS NOT NULL OR our_total_fen IS NOT NULL", name="hospital_breaks_sides"
        ),
    )
    Index(
        "hospital_breaks_open",
        *(breaks.c[name] for name in ("hospital_code", "clr_type", "setl_id", "sign", "class")),
        unique=True,
        postgresql_where="resolved_at IS NULL",
    )
    Index("hospital_breaks_untold", breaks.c.break_id, postgresql_where="NOT is_told")
    Index("hospital_breaks_of_day", breaks.c.hospital_code, breaks.c.day)
    told = Table(
        "hub_breaks",
        metadata,
        Column("business_date", Date, primary_key=True),
        Column("role", String(20), primary_key=True),
        Column("area", String(6), primary_key=True),
        Column("settlement_id", Uuid, primary_key=True),
        Column("sign", SmallInteger, primary_key=True),
        Column("class", String(30), nullable=False),
        Column("hub_fen", BigInteger),
        Column("side_fen", BigInteger),
        at("told_at"),
        at("repaired_at", nullable=True),
        CheckConstraint("sign IN (1, -1)", name="hub_breaks_sign"),
    )
    Index(
        "hub_breaks_open",
        told.c.settlement_id,
        postgresql_where="repaired_at IS NULL",
    )


def _applications(metadata: MetaData) -> None:
    applications = Table(
        "clearing_applications",
        metadata,
        Column("application_id", Uuid, primary_key=True),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("msgid", String(30), nullable=False),
        Column("clr_type", String(30), nullable=False),
        Column("clr_way", String(30), nullable=False),
        Column("month", String(6), nullable=False),
        Column("count", BigInteger, nullable=False),
        *(fen(f"{what}_fen") for what in ("total", "recognised", "fund", "account", "cash")),
        Column("state", String(20), nullable=False),
        at("applied_at"),
        at("moved_at"),
        UniqueConstraint("hospital_code", "msgid", name="clearing_applications_message"),
        CheckConstraint(_in("state", ApplicationState), name="clearing_applications_state"),
        CheckConstraint("month ~ '^[0-9]{4}(0[1-9]|1[0-2])$'", name="clearing_applications_month"),
    )
    keys = ("hospital_code", "clr_type", "clr_way", "month")
    Index(
        "clearing_applications_live",
        *(applications.c[name] for name in keys),
        unique=True,
        postgresql_where="state NOT IN ('rejected', 'withdrawn')",
    )
    # Codes overlap (99952 holds them all), so what is applied for is claimed kind by kind.
    Table(
        "clearing_claims",
        metadata,
        Column("hospital_code", String(30), primary_key=True),
        Column("month", String(6), primary_key=True),
        Column("clr_way", String(30), primary_key=True),
        Column("insurance_kind", String(3), primary_key=True),
        Column("visit_kind", String(20), primary_key=True),
        Column(
            "application_id",
            Uuid,
            ForeignKey("clearing_applications.application_id"),
            nullable=False,
        ),
    )


def _splits(metadata: MetaData) -> None:
    Table(
        "splits",
        metadata,
        Column("hospital_code", String(30), ForeignKey("institutions.code"), primary_key=True),
        Column("month", String(6), primary_key=True),
        at("frozen_at"),
        CheckConstraint("month ~ '^[0-9]{4}(0[1-9]|1[0-2])$'", name="splits_month"),
    )
    Sequence("split_serials", metadata=metadata)
    Table(
        "split_visits",
        metadata,
        Column("visit_id", Uuid, ForeignKey("visits.visit_id"), primary_key=True),
        Column("name", String(20), nullable=False, unique=True),
    )
    Table(
        "split_rows",
        metadata,
        Column("hospital_code", String(30), primary_key=True),
        Column("month", String(6), primary_key=True),
        Column("seqno", Integer, primary_key=True, autoincrement=False),
        Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id"), nullable=False),
        Column("sign", SmallInteger, nullable=False),
        Column("visit_id", Uuid, ForeignKey("split_visits.visit_id"), nullable=False),
        at("booked_at"),
        fen("total_fen"),
        fen("paid_fen"),  # what the insuring office pays: every fund, and the personal account
        ForeignKeyConstraint(["hospital_code", "month"], ["splits.hospital_code", "splits.month"]),
        UniqueConstraint("settlement_id", "sign", name="split_rows_once"),
        CheckConstraint("sign IN (1, -1) AND sign * total_fen > 0", name="split_rows_amounts"),
    )
    Table(
        "split_confirmations",
        metadata,
        Column("hospital_code", String(30), primary_key=True),
        Column("reference", String(30), primary_key=True),
        Column("month", String(6), nullable=False),
        Column("msgid", String(30), nullable=False),
        at("confirmed_at"),
        at("undone_at", nullable=True),
    )
    decisions = Table(
        "split_decisions",
        metadata,
        Column("decision_id", BigInteger, Identity(), primary_key=True),
        Column("hospital_code", String(30), nullable=False),
        Column("reference", String(30), nullable=False),
        Column("month", String(6), nullable=False),
        Column("seqno", Integer, nullable=False),
        Column("is_included", Boolean, nullable=False),
        at("undone_at", nullable=True),
        ForeignKeyConstraint(
            ["hospital_code", "reference"],
            ["split_confirmations.hospital_code", "split_confirmations.reference"],
        ),
        ForeignKeyConstraint(
            ["hospital_code", "month", "seqno"],
            ["split_rows.hospital_code", "split_rows.month", "split_rows.seqno"],
        ),
    )
    Index(
        "split_decisions_live",
        *(decisions.c[name] for name in ("hospital_code", "month", "seqno")),
        unique=True,
        postgresql_where="undone_at IS NULL",
    )


def _in(column: str, members: Iterable[StrEnum]) -> str:
    listed = ", ".join(f"'{member.value}'" for member in sorted(members))
    return f"{column} IN ({listed})"
