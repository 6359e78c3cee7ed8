"""The advance fund: changes, payments and their postings, warnings, and whom to call.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # generated from hub.store.tables_advance, and a constraint stays one line

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# A change is what was drafted; it moves along the table of hub.domain.advance and nowhere else.
_STEPS = """
    CREATE FUNCTION refuse_other_advance_steps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE'
            OR (NEW.change_id, NEW.kind, NEW.year, NEW.insured_area, NEW.treatment_area, NEW.drafted_at)
            IS DISTINCT FROM (OLD.change_id, OLD.kind, OLD.year, OLD.insured_area, OLD.treatment_area, OLD.drafted_at)
            OR (OLD.state <> 'drafted'
                AND (NEW.before_fen, NEW.amount_fen, NEW.basis_fen, NEW.issue_id, NEW.issued_on, NEW.finance_by, NEW.pay_by)
                IS DISTINCT FROM (OLD.before_fen, OLD.amount_fen, OLD.basis_fen, OLD.issue_id, OLD.issued_on, OLD.finance_by, OLD.pay_by))
            OR (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                ('drafted', 'issued'), ('drafted', 'received'), ('drafted', 'dropped'),
                ('issued', 'paid'), ('paid', 'received')))
        THEN
            RAISE EXCEPTION 'a change of an advance is not edited: % refused', TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
# A payment is recorded once and confirmed once, and all payments of a change stay within it. The
# change's row is locked meanwhile, so that two at once cannot each fit and exceed it together.
_PAYMENTS = """
    CREATE FUNCTION refuse_other_advance_payments() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        most bigint;
        paid bigint;
    BEGIN
        IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (OLD.received_on IS NOT NULL
            OR (NEW.payment_id, NEW.change_id, NEW.bank_name, NEW.bank_serial, NEW.paid_on, NEW.amount_fen, NEW.recorded_by, NEW.recorded_at)
            IS DISTINCT FROM (OLD.payment_id, OLD.change_id, OLD.bank_name, OLD.bank_serial, OLD.paid_on, OLD.amount_fen, OLD.recorded_by, OLD.recorded_at)))
        THEN
            RAISE EXCEPTION 'a payment of an advance is confirmed once, and never edited: % refused', TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_OP = 'INSERT' THEN
            SELECT abs(amount_fen) INTO most FROM advance_changes
                WHERE change_id = NEW.change_id AND state = 'issued' FOR UPDATE;
            SELECT coalesce(sum(amount_fen), 0) INTO paid FROM advance_payments
                WHERE change_id = NEW.change_id;
            IF most IS NULL OR paid + NEW.amount_fen > most THEN
                RAISE EXCEPTION 'more is paid than the change of the advance is'
                    USING ERRCODE = 'check_violation';
            END IF;
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    _contacts()
    _rounds()
    _warnings()
    _changes()
    _payments()
    _postings()
    op.execute(_STEPS)
    op.execute(_PAYMENTS)
    op.execute(
        "CREATE TRIGGER advance_postings_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON advance_postings"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER advance_changes_steps BEFORE UPDATE OR DELETE ON advance_changes"
        " FOR EACH ROW EXECUTE FUNCTION refuse_other_advance_steps()"
    )
    op.execute(
        "CREATE TRIGGER advance_payments_once BEFORE INSERT OR UPDATE OR DELETE ON advance_payments"
        " FOR EACH ROW EXECUTE FUNCTION refuse_other_advance_payments()"
    )


def _contacts() -> None:
    op.create_table(
        "advance_contacts",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("tier", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("office", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("put_by", sa.String(length=100), nullable=False),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('insured', 'treatment')", name="advance_contacts_role_is_known"
        ),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name="advance_contacts_tier_is_known"),
        sa.PrimaryKeyConstraint("area", "role", "tier"),
    )


def _rounds() -> None:
    op.create_table(
        "advance_rounds",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quarter_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )


def _warnings() -> None:
    op.create_table(
        "advance_warnings",
        sa.Column("warning_id", sa.Uuid(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=True),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("spent_fen", sa.BigInteger(), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=100), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('yellow', 'red')", name="advance_warnings_level_is_known"),
        sa.CheckConstraint(
            "(acknowledged_by IS NULL) = (acknowledged_at IS NULL)",
            name="advance_warnings_acknowledged_by_somebody",
        ),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name="advance_warnings_tier_is_known"),
        sa.PrimaryKeyConstraint("warning_id"),
    )
    op.create_index(
        "advance_warnings_one_open",
        "advance_warnings",
        ["insured_area", "treatment_area"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("advance_warnings_raised_at", "advance_warnings", ["raised_at"], unique=False)


def _changes() -> None:
    op.create_table(
        "advance_changes",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("basis_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=True),
        sa.Column("decide_by", sa.Date(), nullable=True),
        sa.Column("issue_id", sa.Uuid(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("finance_by", sa.Date(), nullable=True),
        sa.Column("pay_by", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('drafted', 'dropped')) = (issue_id IS NULL) AND (issue_id IS NULL) = (issued_on IS NULL)",
            name="advance_changes_issued_by_a_proposal",
        ),
        sa.CheckConstraint(
            "CASE WHEN kind = 'opening' OR issued_on IS NULL THEN num_nonnulls(finance_by, pay_by) = 0 ELSE issued_on <= finance_by AND finance_by <= pay_by END",
            name="advance_changes_have_time",
        ),
        sa.CheckConstraint(
            "kind = 'yearly' OR amount_fen > 0", name="advance_changes_only_a_year_lowers"
        ),
        sa.CheckConstraint(
            "kind IN ('opening', 'yearly', 'emergency')", name="advance_changes_kind_is_known"
        ),
        sa.CheckConstraint(
            "state IN ('drafted', 'issued', 'paid', 'received', 'dropped')",
            name="advance_changes_state_is_known",
        ),
        sa.CheckConstraint(
            "amount_fen <> 0 AND before_fen >= 0 AND before_fen + amount_fen >= 0",
            name="advance_changes_amounts",
        ),
        sa.CheckConstraint(
            "insured_area <> treatment_area", name="advance_changes_between_two_areas"
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["proposals.proposal_id"],
        ),
        sa.PrimaryKeyConstraint("change_id"),
    )
    op.create_index("advance_changes_issue_id", "advance_changes", ["issue_id"], unique=False)
    op.create_index(
        "advance_changes_one_a_year",
        "advance_changes",
        ["year", "insured_area", "treatment_area"],
        unique=True,
        postgresql_where=sa.text("kind = 'yearly' AND state <> 'dropped'"),
    )
    op.create_index(
        "advance_changes_one_in_hand",
        "advance_changes",
        ["kind", "insured_area", "treatment_area"],
        unique=True,
        postgresql_where=sa.text("state IN ('drafted', 'issued', 'paid')"),
    )


def _payments() -> None:
    op.create_table(
        "advance_payments",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("bank_name", sa.String(length=100), nullable=False),
        sa.Column("bank_serial", sa.String(length=100), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name="advance_payments_amount_is_positive"),
        sa.CheckConstraint(
            "num_nonnulls(received_on, confirmed_by, confirmed_at) IN (0, 3)",
            name="advance_payments_receipt_is_whole",
        ),
        sa.CheckConstraint("received_on >= paid_on", name="advance_payments_received_after_paid"),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["advance_changes.change_id"],
        ),
        sa.PrimaryKeyConstraint("payment_id"),
        sa.UniqueConstraint("bank_name", "bank_serial", name="advance_payments_serial_once"),
    )
    op.create_index("advance_payments_change_id", "advance_payments", ["change_id"], unique=False)


def _postings() -> None:
    op.create_table(
        "advance_postings",
        sa.Column("posting_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("cause", sa.String(length=10), nullable=False),
        sa.Column("from_account", sa.String(length=12), nullable=False),
        sa.Column("to_account", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(cause IN ('payment', 'receipt')) = (payment_id IS NOT NULL)",
            name="advance_postings_of_a_payment_name_it",
        ),
        sa.CheckConstraint(
            "(cause, from_account, to_account) IN (('opening', 'granted', 'held'), ('notice', 'granted', 'owed'), ('payment', 'owed', 'in_transit'), ('receipt', 'in_transit', 'held'), ('notice', 'held', 'returning'), ('payment', 'returning', 'coming_back'), ('receipt', 'coming_back', 'granted'))",
            name="advance_postings_route_is_known",
        ),
        sa.CheckConstraint(
            "cause IN ('notice', 'opening', 'payment', 'receipt')",
            name="advance_postings_cause_is_known",
        ),
        sa.CheckConstraint(
            "from_account IN ('granted', 'owed', 'in_transit', 'held', 'returning', 'coming_back')",
            name="advance_postings_from_account_is_known",
        ),
        sa.CheckConstraint(
            "to_account IN ('granted', 'owed', 'in_transit', 'held', 'returning', 'coming_back')",
            name="advance_postings_to_account_is_known",
        ),
        sa.CheckConstraint("amount_fen > 0", name="advance_postings_amount_is_positive"),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["advance_changes.change_id"],
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["advance_payments.payment_id"],
        ),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    op.create_index(
        "advance_postings_once",
        "advance_postings",
        ["change_id", "cause", "payment_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "advance_postings_pair",
        "advance_postings",
        ["insured_area", "treatment_area"],
        unique=False,
    )
