"""What hospitals reconcile, apply for and confirm."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What was settled before has its times in its steps.
_SETTLED_AT = """
    UPDATE settlements SET settled_at = step.at FROM settlement_steps AS step
    WHERE step.settlement_id = settlements.settlement_id AND step.event = 'settled'
"""
_REVERSED_AT = """
    UPDATE settlements SET reversed_at = step.at FROM settlement_steps AS step
    WHERE step.settlement_id = settlements.settlement_id AND step.event = 'reversed'
"""


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("split_serials")))
    op.create_table(
        "hub_breaks",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("class", sa.String(length=30), nullable=False),
        sa.Column("hub_fen", sa.BigInteger(), nullable=True),
        sa.Column("side_fen", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repaired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sign IN (1, -1)", name="hub_breaks_sign"),
        sa.PrimaryKeyConstraint("business_date", "role", "area", "settlement_id", "sign"),
    )
    op.create_index(
        "hub_breaks_open",
        "hub_breaks",
        ["settlement_id"],
        unique=False,
        postgresql_where="repaired_at IS NULL",
    )
    op.create_table(
        "split_confirmations",
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=30), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hospital_code", "reference"),
    )
    op.create_table(
        "clearing_applications",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("clr_type", sa.String(length=30), nullable=False),
        sa.Column("clr_way", sa.String(length=30), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("recognised_fen", sa.BigInteger(), nullable=False),
        sa.Column("fund_fen", sa.BigInteger(), nullable=False),
        sa.Column("account_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "month ~ '^[0-9]{4}(0[1-9]|1[0-2])$'", name="clearing_applications_month"
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'applied', 'cleared', 'rejected', 'withdrawn')",
            name="clearing_applications_state",
        ),
        sa.ForeignKeyConstraint(
            ["hospital_code"],
            ["institutions.code"],
        ),
        sa.PrimaryKeyConstraint("application_id"),
        sa.UniqueConstraint("hospital_code", "msgid", name="clearing_applications_message"),
    )
    op.create_index(
        "clearing_applications_live",
        "clearing_applications",
        ["hospital_code", "clr_type", "clr_way", "month"],
        unique=True,
        postgresql_where="state NOT IN ('rejected', 'withdrawn')",
    )
    op.create_table(
        "hospital_statements",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("infno", sa.String(length=10), nullable=False),
        sa.Column("clr_type", sa.String(length=6), nullable=False),
        sa.Column("insutype", sa.String(length=6), nullable=False),
        sa.Column("office", sa.String(length=6), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("said_count", sa.BigInteger(), nullable=False),
        sa.Column("our_count", sa.BigInteger(), nullable=False),
        sa.Column("said_total_fen", sa.BigInteger(), nullable=False),
        sa.Column("said_fund_fen", sa.BigInteger(), nullable=False),
        sa.Column("our_total_fen", sa.BigInteger(), nullable=False),
        sa.Column("our_fund_fen", sa.BigInteger(), nullable=False),
        sa.Column("said_account_fen", sa.BigInteger(), nullable=True),
        sa.Column("said_cash_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_account_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_cash_fen", sa.BigInteger(), nullable=True),
        sa.Column("is_equal", sa.Boolean(), nullable=False),
        sa.Column("told", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= begins_on", name="hospital_statements_dates"),
        sa.ForeignKeyConstraint(
            ["hospital_code"],
            ["institutions.code"],
        ),
        sa.PrimaryKeyConstraint("statement_id"),
        sa.UniqueConstraint("hospital_code", "msgid", name="hospital_statements_message"),
    )
    op.create_table(
        "splits",
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("month ~ '^[0-9]{4}(0[1-9]|1[0-2])$'", name="splits_month"),
        sa.ForeignKeyConstraint(
            ["hospital_code"],
            ["institutions.code"],
        ),
        sa.PrimaryKeyConstraint("hospital_code", "month"),
    )
    op.create_table(
        "clearing_claims",
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("clr_way", sa.String(length=30), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["clearing_applications.application_id"],
        ),
        sa.PrimaryKeyConstraint(
            "hospital_code", "month", "clr_way", "insurance_kind", "visit_kind"
        ),
    )
    op.create_table(
        "hospital_breaks",
        sa.Column("break_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("clr_type", sa.String(length=6), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("setl_id", sa.String(length=30), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=True),
        sa.Column("mdtrt_id", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.String(length=30), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("said_total_fen", sa.BigInteger(), nullable=True),
        sa.Column("said_fund_fen", sa.BigInteger(), nullable=True),
        sa.Column("said_account_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_total_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_fund_fen", sa.BigInteger(), nullable=True),
        sa.Column("our_account_fen", sa.BigInteger(), nullable=True),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "class IN ('amount', 'duplicate', 'only_hospital', 'only_platform', 'status')",
            name="hospital_breaks_class",
        ),
        sa.CheckConstraint(
            "said_total_fen IS NOT NULL OR our_total_fen IS NOT NULL", name="hospital_breaks_sides"
        ),
        sa.CheckConstraint("sign IN (1, -1)", name="hospital_breaks_sign"),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["hospital_statements.statement_id"],
        ),
        sa.PrimaryKeyConstraint("break_id"),
    )
    op.create_index(
        "hospital_breaks_of_day", "hospital_breaks", ["hospital_code", "day"], unique=False
    )
    op.create_index(
        "hospital_breaks_open",
        "hospital_breaks",
        ["hospital_code", "clr_type", "setl_id", "sign", "class"],
        unique=True,
        postgresql_where="resolved_at IS NULL",
    )
    op.create_table(
        "split_visits",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visits.visit_id"],
        ),
        sa.PrimaryKeyConstraint("visit_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "split_rows",
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("seqno", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("sign IN (1, -1) AND sign * total_fen > 0", name="split_rows_amounts"),
        sa.ForeignKeyConstraint(
            ["hospital_code", "month"],
            ["splits.hospital_code", "splits.month"],
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.settlement_id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["split_visits.visit_id"],
        ),
        sa.PrimaryKeyConstraint("hospital_code", "month", "seqno"),
        sa.UniqueConstraint("settlement_id", "sign", name="split_rows_once"),
    )
    op.create_table(
        "split_decisions",
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=30), nullable=False),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("seqno", sa.Integer(), nullable=False),
        sa.Column("is_included", sa.Boolean(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_code", "month", "seqno"],
            ["split_rows.hospital_code", "split_rows.month", "split_rows.seqno"],
        ),
        sa.ForeignKeyConstraint(
            ["hospital_code", "reference"],
            ["split_confirmations.hospital_code", "split_confirmations.reference"],
        ),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index(
        "split_decisions_live",
        "split_decisions",
        ["hospital_code", "month", "seqno"],
        unique=True,
        postgresql_where="undone_at IS NULL",
    )
    op.add_column("settlements", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "settlements", sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "settlements_booked",
        "settlements",
        ["hospital_code", "settled_at"],
        unique=False,
        postgresql_where="settled_at IS NOT NULL",
    )
    op.create_index(
        "settlements_booked_back",
        "settlements",
        ["hospital_code", "reversed_at"],
        unique=False,
        postgresql_where="reversed_at IS NOT NULL",
    )
    op.execute(_SETTLED_AT)
    op.execute(_REVERSED_AT)


def downgrade() -> None:
    op.drop_index(
        "settlements_booked_back",
        table_name="settlements",
        postgresql_where="reversed_at IS NOT NULL",
    )
    op.drop_index(
        "settlements_booked", table_name="settlements", postgresql_where="settled_at IS NOT NULL"
    )
    op.drop_column("settlements", "reversed_at")
    op.drop_column("settlements", "settled_at")
    op.drop_index(
        "split_decisions_live", table_name="split_decisions", postgresql_where="undone_at IS NULL"
    )
    op.drop_table("split_decisions")
    op.drop_table("split_rows")
    op.drop_table("split_visits")
    op.drop_index(
        "hospital_breaks_open", table_name="hospital_breaks", postgresql_where="resolved_at IS NULL"
    )
    op.drop_index("hospital_breaks_of_day", table_name="hospital_breaks")
    op.drop_table("hospital_breaks")
    op.drop_table("clearing_claims")
    op.drop_table("splits")
    op.drop_table("hospital_statements")
    op.drop_index(
        "clearing_applications_live",
        table_name="clearing_applications",
        postgresql_where="state NOT IN ('rejected', 'withdrawn')",
    )
    op.drop_table("clearing_applications")
    op.drop_table("split_confirmations")
    op.drop_index(
        "hub_breaks_open", table_name="hub_breaks", postgresql_where="repaired_at IS NULL"
    )
    op.drop_table("hub_breaks")
    op.execute(sa.schema.DropSequence(sa.Sequence("split_serials")))
