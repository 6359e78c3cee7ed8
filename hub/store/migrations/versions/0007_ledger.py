"""Adjustments, balances of closed days, second persons, violations.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # generated from hub.store.tables_ledger, and a constraint stays one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

KINDS = "insurance_kind IN ('310', '390')"
FUNDS = "fund IN ('pool', 'civil_servant', 'enterprise', 'critical_illness', 'large_sum', 'veterans', 'medical_aid', 'other', 'account')"
APPEND_ONLY = ("adjustments", "ledger_snapshots", "ledger_balances")
# A proposal is decided once; what was proposed, and by whom, never changes.
_DECIDED_ONCE = """
    CREATE FUNCTION proposals_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.state <> 'open'
            OR (NEW.proposal_id, NEW.kind, NEW.subject, NEW.content, NEW.reason, NEW.value_fen,
                NEW.proposed_by, NEW.proposed_at)
            IS DISTINCT FROM (OLD.proposal_id, OLD.kind, OLD.subject, OLD.content, OLD.reason,
                OLD.value_fen, OLD.proposed_by, OLD.proposed_at)
        THEN
            RAISE EXCEPTION 'a proposal is decided once, and never edited: % refused', TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    _proposals()
    _adjustments()
    _postings()
    _balances()
    _violations()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(_DECIDED_ONCE)
    op.execute(
        "CREATE TRIGGER proposals_decided_once BEFORE UPDATE OR DELETE ON proposals"
        " FOR EACH ROW EXECUTE FUNCTION proposals_decided_once()"
    )


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("value_fen", sa.BigInteger(), nullable=True),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "kind IN ('repair', 'undo_repair', 'confirmation_override', 'case_decision', 'advance_top_up', 'adjustment')",
            name="proposals_kind_is_known",
        ),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'declined', 'withdrawn')",
            name="proposals_state_is_known",
        ),
        sa.CheckConstraint(
            "CASE state WHEN 'open' THEN num_nonnulls(decided_by, decided_at) = 0 ELSE num_nonnulls(decided_by, decided_at) = 2 END",
            name="proposals_decided_has_a_person",
        ),
        sa.CheckConstraint(
            "CASE state WHEN 'open' THEN true WHEN 'withdrawn' THEN decided_by = proposed_by ELSE decided_by <> proposed_by END",
            name="proposals_second_person_is_another",
        ),
        sa.PrimaryKeyConstraint("proposal_id"),
    )
    op.create_index(
        "proposals_one_open",
        "proposals",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "proposals_proposed_at", "proposals", ["proposed_at", "proposal_id"], unique=False
    )


def _adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("fund", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("second", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(KINDS, name="adjustments_insurance_kind_is_known"),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="adjustments_visit_kind_is_known",
        ),
        sa.CheckConstraint(FUNDS, name="adjustments_fund_is_known"),
        sa.CheckConstraint("reason IN ('audit', 'correction')", name="adjustments_reason_is_known"),
        sa.CheckConstraint("amount_fen <> 0", name="adjustments_amount_is_not_zero"),
        sa.CheckConstraint("insured_area <> treatment_area", name="adjustments_between_two_areas"),
        sa.CheckConstraint('"by" <> second', name="adjustments_second_person_is_another"),
        sa.ForeignKeyConstraint(["business_date"], ["business_days.business_date"]),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlements.settlement_id"]),
        sa.PrimaryKeyConstraint("adjustment_id"),
    )
    op.create_index("adjustments_business_date", "adjustments", ["business_date"], unique=False)
    op.create_index(
        "adjustments_settlement_id",
        "adjustments",
        ["settlement_id"],
        unique=False,
        postgresql_where=sa.text("settlement_id IS NOT NULL"),
    )


def _postings() -> None:
    op.alter_column("postings", "settlement_id", nullable=True)
    op.add_column("postings", sa.Column("adjustment_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "postings_adjustment_id_fkey",
        "postings",
        "adjustments",
        ["adjustment_id"],
        ["adjustment_id"],
    )
    for name in ("postings_kind_is_known", "postings_kind_gives_the_direction"):
        op.drop_constraint(name, "postings", type_="check")
    op.create_check_constraint(
        "postings_kind_is_known", "postings", "kind IN ('settlement', 'reversal', 'adjustment')"
    )
    op.create_check_constraint(
        "postings_kind_gives_the_direction",
        "postings",
        "CASE kind WHEN 'settlement' THEN from_area = insured_area AND to_area = treatment_area WHEN 'reversal' THEN from_area = treatment_area AND to_area = insured_area ELSE (from_area, to_area) IN ((insured_area, treatment_area), (treatment_area, insured_area)) END",
    )
    op.create_check_constraint(
        "postings_one_cause",
        "postings",
        "CASE kind WHEN 'adjustment' THEN settlement_id IS NULL AND adjustment_id IS NOT NULL ELSE settlement_id IS NOT NULL AND adjustment_id IS NULL END",
    )
    op.create_index(
        "postings_of_adjustment",
        "postings",
        ["adjustment_id"],
        unique=True,
        postgresql_where=sa.text("adjustment_id IS NOT NULL"),
    )


def _balances() -> None:
    op.create_table(
        "ledger_snapshots",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["business_date"], ["business_days.business_date"]),
        sa.PrimaryKeyConstraint("business_date"),
    )
    op.create_table(
        "ledger_balances",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("fund", sa.String(length=20), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(KINDS, name="ledger_balances_insurance_kind_is_known"),
        sa.CheckConstraint(FUNDS, name="ledger_balances_fund_is_known"),
        sa.CheckConstraint(
            "debit_fen >= 0 AND credit_fen >= 0 AND count > 0", name="ledger_balances_move"
        ),
        sa.ForeignKeyConstraint(["business_date"], ["ledger_snapshots.business_date"]),
        sa.PrimaryKeyConstraint(
            "business_date", "insured_area", "treatment_area", "insurance_kind", "fund"
        ),
        sa.UniqueConstraint(
            "insured_area",
            "treatment_area",
            "insurance_kind",
            "fund",
            "business_date",
            name="ledger_balances_by_account",
        ),
    )


def _violations() -> None:
    op.create_table(
        "violations",
        sa.Column("violation_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("check_name", sa.String(length=50), nullable=False),
        sa.Column("row_key", sa.String(length=200), nullable=False),
        sa.Column("row", postgresql.JSONB(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("gone_at >= found_at", name="violations_gone_after_found"),
        sa.PrimaryKeyConstraint("violation_id"),
    )
    op.create_index(
        "violations_open",
        "violations",
        ["check_name", "row_key"],
        unique=True,
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index("violations_found_at", "violations", ["found_at"], unique=False)
    op.create_table(
        "verification_rounds",
        sa.Column("check_name", sa.String(length=50), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_key", sa.String(length=50), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("check_name"),
    )
