"""Clearing cycles: pair days instead of days of a run, lines with versions, work that was due.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

FUNDS = (
    "pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen"
    " + veterans_fen + medical_aid_fen + other_fen + account_fen"
)
# Who belongs to a run is fixed when it is frozen. A run that is not issued may give pair days
# back; what was issued keeps them for good.
_MEMBERSHIP = """
    CREATE FUNCTION refuse_change_of_membership() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' OR NOT EXISTS (
            SELECT FROM clearing_runs
            WHERE run_id = CASE TG_OP WHEN 'INSERT' THEN NEW.run_id ELSE OLD.run_id END
                AND (state IN ('open', 'frozen')
                    OR TG_OP = 'DELETE' AND state IN ('broken', 'contested'))
        ) THEN
            RAISE EXCEPTION '% of a clearing run: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$
"""


def upgrade() -> None:
    _pair_days()
    _admissions()
    _lines()
    _work()


def _pair_days() -> None:
    op.create_table(
        "clearing_pair_days",
        *_key(),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["business_date"], ["reconciliations.business_date"]),
        sa.ForeignKeyConstraint(["run_id"], ["clearing_runs.run_id"]),
        sa.PrimaryKeyConstraint("business_date", "insured_area", "treatment_area"),
    )
    op.execute(
        "INSERT INTO clearing_pair_days"
        " SELECT DISTINCT business_date, insured_area, treatment_area, run_id, false"
        " FROM clearing_run_days JOIN daily_totals USING (business_date)"
    )
    op.drop_table("clearing_run_days")
    op.create_index("clearing_pair_days_run_id", "clearing_pair_days", ["run_id"])
    op.execute(_MEMBERSHIP)
    op.execute(
        "CREATE TRIGGER clearing_pair_days_append_only BEFORE TRUNCATE ON clearing_pair_days"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER clearing_pair_days_frozen BEFORE INSERT OR UPDATE OR DELETE"
        " ON clearing_pair_days FOR EACH ROW EXECUTE FUNCTION refuse_change_of_membership()"
    )


def _admissions() -> None:
    op.create_table(
        "clearing_admissions",
        *_key(),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("admitted_by", sa.String(length=100), nullable=False),
        sa.Column("second_person", sa.String(length=100), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("admitted_by <> second_person", name="clearing_admissions_take_two"),
        sa.ForeignKeyConstraint(["business_date"], ["reconciliations.business_date"]),
        sa.PrimaryKeyConstraint("business_date", "insured_area", "treatment_area"),
    )
    op.execute(
        "CREATE TRIGGER clearing_admissions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON clearing_admissions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.drop_constraint("proposals_kind_is_known", "proposals", type_="check")
    op.create_check_constraint(
        "proposals_kind_is_known",
        "proposals",
        "kind IN ('repair', 'undo_repair', 'confirmation_override', 'case_decision',"
        " 'advance_top_up', 'adjustment', 'admission', 'payment_withdrawal')",
    )


def _lines() -> None:
    for name, kind, before in (
        ("version", sa.SmallInteger(), "1"),
        ("audit_fen", sa.BigInteger(), "0"),
        ("late_fen", sa.BigInteger(), "0"),
    ):
        op.add_column(
            "clearing_lines", sa.Column(name, kind, nullable=False, server_default=before)
        )
        op.alter_column("clearing_lines", name, server_default=None)
    op.drop_constraint("clearing_lines_pkey", "clearing_lines", type_="primary")
    op.create_primary_key(
        "clearing_lines_pkey",
        "clearing_lines",
        ["run_id", "version", "insured_area", "treatment_area", "insurance_kind", "visit_kind"],
    )
    op.drop_constraint("clearing_lines_funds_are_payable", "clearing_lines", type_="check")
    op.create_check_constraint(
        "clearing_lines_funds_are_payable",
        "clearing_lines",
        f"{FUNDS} + audit_fen + late_fen = payable_fen",
    )
    op.create_check_constraint("clearing_lines_have_a_version", "clearing_lines", "version > 0")


def _work() -> None:
    op.create_table(
        "job_runs",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('done', 'waiting')", name="job_runs_state_is_known"),
        sa.CheckConstraint(
            "(state = 'done') = (done_at IS NOT NULL)", name="job_runs_done_has_an_instant"
        ),
        sa.CheckConstraint("tries > 0", name="job_runs_were_tried"),
        sa.PrimaryKeyConstraint("job", "due_on", "subject"),
    )


def _key() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
    )
