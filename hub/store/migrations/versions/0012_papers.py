"""Papers of a run and their proofs.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

APPEND_ONLY = ("rooted_days", "day_roots", "run_seals", "clearing_papers")


def upgrade() -> None:
    _roots()
    _seals()
    _papers()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _roots() -> None:
    op.create_table(
        "rooted_days",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rooted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["business_date"], ["business_days.business_date"]),
        sa.PrimaryKeyConstraint("business_date"),
    )
    op.create_table(
        "day_roots",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="day_roots_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="day_roots_visit_kind_is_known",
        ),
        sa.CheckConstraint("count > 0 AND length(root) = 32", name="day_roots_are_of_rows"),
        sa.ForeignKeyConstraint(["business_date"], ["rooted_days.business_date"]),
        sa.PrimaryKeyConstraint(
            "business_date", "insured_area", "treatment_area", "insurance_kind", "visit_kind"
        ),
    )


def _seals() -> None:
    op.create_table(
        "run_seals",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("merkle_root", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("statements", sa.Integer(), nullable=False),
        sa.Column("details", sa.Integer(), nullable=False),
        sa.CheckConstraint("(position = 1) = (previous IS NULL)", name="run_seals_are_a_chain"),
        sa.CheckConstraint("position > 0", name="run_seals_numbered"),
        sa.CheckConstraint(
            "merkle_root ~ '^[0-9a-f]{64}$' AND sha256 ~ '^[0-9a-f]{64}$'", name="run_seals_in_hex"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["clearing_runs.run_id"]),
        sa.ForeignKeyConstraint(["previous"], ["run_seals.sha256"]),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("run_id", "version", name="run_seals_one_a_version"),
        sa.UniqueConstraint("sha256", name="run_seals_sha256"),
        sa.UniqueConstraint("previous"),
    )


def _papers() -> None:
    op.create_table(
        "clearing_papers",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("issue", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=True),
        sa.Column("treatment_area", sa.String(length=6), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("title_zh", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('national', 'statement', 'detail', 'notice', 'advance')",
            name="clearing_papers_kind_is_known",
        ),
        sa.CheckConstraint(
            "(kind = 'advance') = (run_id IS NULL) AND coalesce(run_id, issue) = issue",
            name="clearing_papers_of_a_run",
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'national' THEN insured_area IS NULL AND treatment_area IS NULL"
            " WHEN 'detail' THEN insured_area <> treatment_area"
            " WHEN 'advance' THEN insured_area = treatment_area"
            " ELSE (insured_area IS NULL) <> (treatment_area IS NULL) END IS TRUE",
            name="clearing_papers_for_somebody",
        ),
        sa.CheckConstraint(
            "encode(sha256(content), 'hex') = sha256 AND length(content) = size_bytes",
            name="clearing_papers_are_whole",
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "version"],
            ["run_seals.run_id", "run_seals.version"],
            name="clearing_papers_of_a_seal",
        ),
        sa.PrimaryKeyConstraint("paper_id"),
    )
    op.create_index(
        "clearing_papers_of_a_version", "clearing_papers", ["issue", "version"], unique=False
    )
