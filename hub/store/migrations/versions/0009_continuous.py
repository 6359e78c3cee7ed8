"""Continuous reconciliation: reports kept, rows compared in sets, slices, breaks of hospitals.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # generated from hub.store.tables_comparison, and a constraint stays one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

CLASSES = "'only_at_hub', 'only_at_insured', 'only_at_treatment', 'only_at_hospital', 'amount', 'fund_split', 'status', 'duplicate', 'day', 'totals', 'no_report'"
SIDE_KEY = ["business_date", "area", "role"]


def upgrade() -> None:
    _breaks()
    op.add_column(
        "reconciliation_sides", sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True)
    )
    # Rows that wait for being compared are sent again when their side is asked again.
    op.execute("DELETE FROM reported_rows")
    op.create_index(
        "settlement_steps_booked",
        "settlement_steps",
        ["at"],
        postgresql_where=sa.text(
            "event = 'settle' AND to_state = 'settled' OR event = 'release' AND from_state = 'reversing'"
        ),
    )
    _comparison()


def _breaks() -> None:
    op.drop_constraint("breaks_class_is_known", "breaks", type_="check")
    op.create_check_constraint("breaks_class_is_known", "breaks", f"class IN ({CLASSES})")
    op.add_column("breaks", sa.Column("hospital_code", sa.String(length=30), nullable=True))
    op.add_column("breaks", sa.Column("hospital_number", sa.BigInteger(), nullable=True))
    op.add_column(
        "breaks",
        sa.Column(
            "compared_on",
            sa.Date(),
            sa.Computed("CASE WHEN hospital_code IS NULL THEN business_date END", persisted=True),
            nullable=True,
        ),
    )
    op.create_check_constraint(
        "breaks_of_a_hospital", "breaks", "(hospital_code IS NULL) = (hospital_number IS NULL)"
    )
    op.create_check_constraint(
        "breaks_only_at_a_named_hospital",
        "breaks",
        "class <> 'only_at_hospital' OR hospital_code IS NOT NULL",
    )
    op.drop_constraint("breaks_of_a_side", "breaks", type_="foreignkey")
    op.create_foreign_key(
        "breaks_of_a_side",
        "breaks",
        "reconciliation_sides",
        ["compared_on", "area", "role"],
        SIDE_KEY,
    )
    op.create_index(
        "breaks_of_hospitals",
        "breaks",
        ["area", "hospital_number"],
        unique=True,
        postgresql_where=sa.text("hospital_number IS NOT NULL"),
    )
    op.create_index("breaks_of_day", "breaks", ["business_date", "area", "role"])


def _comparison() -> None:
    op.create_table(
        "reported_buckets",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("civil_servant_fen", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_fen", sa.BigInteger(), nullable=False),
        sa.Column("critical_illness_fen", sa.BigInteger(), nullable=False),
        sa.Column("large_sum_fen", sa.BigInteger(), nullable=False),
        sa.Column("veterans_fen", sa.BigInteger(), nullable=False),
        sa.Column("medical_aid_fen", sa.BigInteger(), nullable=False),
        sa.Column("other_fen", sa.BigInteger(), nullable=False),
        sa.Column("account_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="reported_buckets_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="reported_buckets_visit_kind_is_known",
        ),
        sa.CheckConstraint("count >= 0", name="reported_buckets_count"),
        sa.ForeignKeyConstraint(
            ["business_date", "area", "role"],
            [
                "reconciliation_sides.business_date",
                "reconciliation_sides.area",
                "reconciliation_sides.role",
            ],
            name="reported_buckets_of_a_side",
        ),
        sa.PrimaryKeyConstraint(
            "business_date", "area", "role", "counterpart", "insurance_kind", "visit_kind"
        ),
    )
    op.create_table(
        "narrowed_buckets",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("among", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("pieces > 0", name="narrowed_buckets_pieces"),
        sa.ForeignKeyConstraint(
            ["business_date", "area", "role"],
            [
                "reconciliation_sides.business_date",
                "reconciliation_sides.area",
                "reconciliation_sides.role",
            ],
            name="narrowed_buckets_of_a_side",
        ),
        sa.PrimaryKeyConstraint(
            "business_date", "area", "role", "counterpart", "insurance_kind", "visit_kind"
        ),
    )
    op.create_table(
        "days_laid_out",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("laid_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["reconciliations.business_date"],
        ),
        sa.PrimaryKeyConstraint("business_date"),
    )
    op.create_table(
        "compared_rows",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "business_date",
            "insured_area",
            "treatment_area",
            "insurance_kind",
            "visit_kind",
            "slot",
            "settlement_id",
            "sign",
        ),
    )
    op.create_table(
        "slice_sides",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("covered_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('insured', 'treatment')", name="slice_sides_role_is_known"),
        sa.PrimaryKeyConstraint("area", "role"),
    )
    op.create_table(
        "open_slices",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ask_again_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('insured', 'treatment')", name="open_slices_role_is_known"),
        sa.CheckConstraint("since < until", name="open_slices_have_a_length"),
        sa.PrimaryKeyConstraint("area", "role", "since", "until"),
    )
    op.create_index("open_slices_due", "open_slices", ["ask_again_at"], unique=False)
    op.create_table(
        "slice_rows",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["area", "role", "since", "until"],
            ["open_slices.area", "open_slices.role", "open_slices.since", "open_slices.until"],
            name="slice_rows_of_a_slice",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "area",
            "role",
            "since",
            "until",
            "business_date",
            "counterpart",
            "insurance_kind",
            "visit_kind",
            "attempt",
            "part",
        ),
    )
    op.create_table(
        "slices_looked",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one", name="slices_looked_has_one_row"),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "provisional_breaks",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("hub_fen", sa.BigInteger(), nullable=True),
        sa.Column("side_fen", sa.BigInteger(), nullable=True),
        sa.Column("other_date", sa.Date(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "class IN ('only_at_hub', 'only_at_insured', 'only_at_treatment', 'only_at_hospital', 'amount', 'fund_split', 'status', 'duplicate', 'day', 'totals', 'no_report')",
            name="provisional_breaks_class_is_known",
        ),
        sa.ForeignKeyConstraint(
            ["area", "role", "since", "until"],
            ["open_slices.area", "open_slices.role", "open_slices.since", "open_slices.until"],
            name="provisional_breaks_of_a_slice",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("area", "role", "settlement_id", "sign"),
    )
    op.create_index(
        "provisional_breaks_of_slice",
        "provisional_breaks",
        ["area", "role", "since", "until"],
        unique=False,
    )
