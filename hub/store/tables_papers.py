"""The tables of papers and proofs; nothing in them is ever changed."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from contracts.codes import InsuranceKind, VisitKind
from hub.domain.papers import PaperKind
from hub.store.tables import metadata, one_of


def _instant(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False)


Table(  # A closed day whose rows were hashed: no row of it can change unseen from here on.
    "rooted_days",
    metadata,
    Column("business_date", Date, ForeignKey("business_days.business_date"), primary_key=True),
    Column("rows", BigInteger, nullable=False),
    _instant("rooted_at"),
)

Table(  # The Merkle root of the rows of one line on one day; see hub.domain.proof.
    "day_roots",
    metadata,
    Column("business_date", Date, ForeignKey("rooted_days.business_date"), primary_key=True),
    Column("insured_area", String(6), primary_key=True),
    Column("treatment_area", String(6), primary_key=True),
    Column("insurance_kind", String(3), primary_key=True),
    Column("visit_kind", String(20), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    one_of("day_roots", "insurance_kind", InsuranceKind),
    one_of("day_roots", "visit_kind", VisitKind),
    CheckConstraint("count > 0 AND length(root) = 32", name="day_roots_are_of_rows"),
)

Table(  # The chain: what a version of a run is known by, each naming the one before it.
    "run_seals",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("run_id", Uuid, ForeignKey("clearing_runs.run_id"), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("cycle", String(20), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    _instant("issued_at"),
    Column("lines", Integer, nullable=False),
    Column("merkle_root", String(64), nullable=False),
    Column("previous", String(64), ForeignKey("run_seals.sha256"), unique=True),
    Column("sha256", String(64), nullable=False),
    Column("statements", Integer, nullable=False),
    Column("details", Integer, nullable=False),
    UniqueConstraint("run_id", "version", name="run_seals_one_a_version"),
    UniqueConstraint("sha256", name="run_seals_sha256"),
    CheckConstraint("(position = 1) = (previous IS NULL)", name="run_seals_are_a_chain"),
    CheckConstraint("position > 0", name="run_seals_numbered"),
    CheckConstraint(
        "merkle_root ~ '^[0-9a-f]{64}$' AND sha256 ~ '^[0-9a-f]{64}$'", name="run_seals_in_hex"
    ),
)

papers = Table(  # Sealed bundles as they were made. `run_id` is empty for advance notices.
    "clearing_papers",
    metadata,
    Column("paper_id", Uuid, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("issue", Uuid, nullable=False),
    Column("run_id", Uuid),
    Column("version", SmallInteger, nullable=False),
    Column("insured_area", String(6)),
    Column("treatment_area", String(6)),
    Column("name", String(100), nullable=False),
    Column("title_zh", String(100), nullable=False),
    _instant("made_at"),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    one_of("clearing_papers", "kind", PaperKind),
    ForeignKeyConstraint(
        ["run_id", "version"],
        ["run_seals.run_id", "run_seals.version"],
        name="clearing_papers_of_a_seal",
    ),
    CheckConstraint(
        "(kind = 'advance') = (run_id IS NULL) AND coalesce(run_id, issue) = issue",
        name="clearing_papers_of_a_run",
    ),
    CheckConstraint(
        "CASE kind WHEN 'national' THEN insured_area IS NULL AND treatment_area IS NULL"
        " WHEN 'detail' THEN insured_area <> treatment_area"
        " WHEN 'advance' THEN insured_area = treatment_area"
        " ELSE (insured_area IS NULL) <> (treatment_area IS NULL) END IS TRUE",
        name="clearing_papers_for_somebody",
    ),
    CheckConstraint(
        "encode(sha256(content), 'hex') = sha256 AND length(content) = size_bytes",
        name="clearing_papers_are_whole",
    ),
)
Index("clearing_papers_of_a_version", papers.c.issue, papers.c.version)
