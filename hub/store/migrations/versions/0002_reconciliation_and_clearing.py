"""Reconciliation and clearing: totals of closed days, sides, breaks, and runs that stay as issued.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # generated from hub.store.tables_money, and a constraint stays one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

# What a closed day adds up to is written once; `refuse_change` is of the first migration.
APPEND_ONLY = ("reconciliations", "daily_totals")
# The content of a run: written while the run is frozen, and never after.
OF_A_RUN = ("clearing_run_days", "clearing_lines", "clearing_differences")
_RUN_IS_FINAL = """
    CREATE FUNCTION refuse_change_of_final_run() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.state IN ('issued', 'broken') THEN
            RAISE EXCEPTION 'clearing run % is %: % refused', OLD.run_id, OLD.state, TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
_RUN_IS_FROZEN = """
    CREATE FUNCTION refuse_change_after_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT'
            OR (SELECT state FROM clearing_runs WHERE run_id = NEW.run_id) <> 'frozen' THEN
            RAISE EXCEPTION '% of a clearing run: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    _reconciliation()
    _clearing()
    op.execute(_RUN_IS_FINAL)
    op.execute(_RUN_IS_FROZEN)
    for table in (*APPEND_ONLY, *OF_A_RUN):
        changes = "UPDATE OR DELETE OR TRUNCATE" if table in APPEND_ONLY else "TRUNCATE"
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {changes} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER clearing_runs_final BEFORE UPDATE OR DELETE ON clearing_runs"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_final_run()"
    )
    for table in OF_A_RUN:
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change_after_frozen()"
        )


def _reconciliation() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["business_days.business_date"],
        ),
        sa.PrimaryKeyConstraint("business_date"),
    )
    op.create_table(
        "daily_totals",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
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
            "insurance_kind IN ('310', '390')", name="daily_totals_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="daily_totals_visit_kind_is_known",
        ),
        sa.CheckConstraint(
            "pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen + veterans_fen + medical_aid_fen + other_fen + account_fen + cash_fen + hospital_fen = total_fen",
            name="daily_totals_parts_add_up",
        ),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["reconciliations.business_date"],
        ),
        sa.PrimaryKeyConstraint(
            "business_date", "insured_area", "treatment_area", "insurance_kind", "visit_kind"
        ),
    )
    op.create_table(
        "reconciliation_sides",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reported_attempt", sa.Integer(), nullable=False),
        sa.Column("reported_count", sa.BigInteger(), nullable=True),
        sa.Column("reported_fen", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("break_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'agreed') = (agreed_at IS NOT NULL)",
            name="reconciliation_sides_agreed_has_an_instant",
        ),
        sa.CheckConstraint(
            "role IN ('insured', 'treatment')", name="reconciliation_sides_role_is_known"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'agreed', 'broken')", name="reconciliation_sides_state_is_known"
        ),
        sa.CheckConstraint(
            "reported_attempt <= attempt", name="reconciliation_sides_report_was_asked"
        ),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["reconciliations.business_date"],
        ),
        sa.PrimaryKeyConstraint("business_date", "area", "role"),
    )
    op.create_index(
        "reconciliation_sides_not_agreed",
        "reconciliation_sides",
        ["asked_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'agreed'"),
    )
    op.create_table(
        "breaks",
        sa.Column("break_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("class", sa.String(length=20), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=True),
        sa.Column("insurance_kind", sa.String(length=3), nullable=True),
        sa.Column("visit_kind", sa.String(length=20), nullable=True),
        sa.Column("settlement_id", sa.Uuid(), nullable=True),
        sa.Column("sign", sa.SmallInteger(), nullable=True),
        sa.Column("hub_fen", sa.BigInteger(), nullable=True),
        sa.Column("side_fen", sa.BigInteger(), nullable=True),
        sa.Column("other_date", sa.Date(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "class IN ('only_at_hub', 'only_at_insured', 'only_at_treatment', 'amount', 'fund_split', 'duplicate', 'day', 'totals', 'no_report')",
            name="breaks_class_is_known",
        ),
        sa.ForeignKeyConstraint(
            ["business_date", "area", "role"],
            [
                "reconciliation_sides.business_date",
                "reconciliation_sides.area",
                "reconciliation_sides.role",
            ],
            name="breaks_of_a_side",
        ),
        sa.PrimaryKeyConstraint("break_id"),
    )
    op.create_index(
        "breaks_open",
        "breaks",
        ["business_date", "area", "role"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index(
        "breaks_settlement_id",
        "breaks",
        ["settlement_id"],
        unique=False,
        postgresql_where=sa.text("settlement_id IS NOT NULL"),
    )
    op.create_table(
        "reported_rows",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("counterpart", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_date", "area", "role"],
            [
                "reconciliation_sides.business_date",
                "reconciliation_sides.area",
                "reconciliation_sides.role",
            ],
            name="reported_rows_of_a_side",
        ),
        sa.PrimaryKeyConstraint(
            "business_date", "area", "role", "counterpart", "insurance_kind", "visit_kind", "part"
        ),
    )


def _clearing() -> None:
    op.create_table(
        "clearing_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("receivable_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'issued') = (issued_at IS NOT NULL)",
            name="clearing_runs_issued_has_an_instant",
        ),
        sa.CheckConstraint("month ~ '^20[0-9]{2}-[0-9]{2}$'", name="clearing_runs_month_is_one"),
        sa.CheckConstraint(
            "state IN ('frozen', 'reconciled', 'issued', 'broken')",
            name="clearing_runs_state_is_known",
        ),
        sa.CheckConstraint(
            "state NOT IN ('reconciled', 'issued') OR payable_fen = receivable_fen",
            name="clearing_runs_balance",
        ),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_index(
        "clearing_runs_one_a_month",
        "clearing_runs",
        ["month"],
        unique=True,
        postgresql_where=sa.text("state <> 'broken'"),
    )
    op.create_table(
        "clearing_differences",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("receivable_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["clearing_runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "insured_area", "treatment_area"),
    )
    op.create_table(
        "clearing_lines",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
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
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="clearing_lines_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="clearing_lines_visit_kind_is_known",
        ),
        sa.CheckConstraint(
            "insured_area <> treatment_area", name="clearing_lines_between_two_areas"
        ),
        sa.CheckConstraint(
            "pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen + veterans_fen + medical_aid_fen + other_fen + account_fen + cash_fen + hospital_fen = total_fen",
            name="clearing_lines_parts_add_up",
        ),
        sa.CheckConstraint(
            "pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen + veterans_fen + medical_aid_fen + other_fen + account_fen = payable_fen",
            name="clearing_lines_funds_are_payable",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["clearing_runs.run_id"],
        ),
        sa.PrimaryKeyConstraint(
            "run_id", "insured_area", "treatment_area", "insurance_kind", "visit_kind"
        ),
    )
    op.create_table(
        "clearing_run_days",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["business_days.business_date"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["clearing_runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("business_date"),
    )
