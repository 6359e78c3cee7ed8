"""The first schema of a treatment area's database."""
# ruff: noqa: E501 - a constraint stays on its line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_table(
        "anomalies",
        sa.Column("anomaly_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("anomaly_id"),
    )
    op.create_table(
        "attempts",
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("infno", sa.String(length=10), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("reply_json", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "content_sha256 IS NOT NULL OR withdrawn_at IS NOT NULL", name="attempts_tombstone"
        ),
        sa.PrimaryKeyConstraint("msgid"),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_table(
        "dead_letters",
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("partition", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("value_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("fault", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("buried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("topic", "partition", "offset", "value_sha256"),
    )
    op.create_index(
        "dead_letters_open",
        "dead_letters",
        ["buried_at"],
        unique=False,
        postgresql_where="replayed_at IS NULL",
    )
    op.create_table(
        "enquiries",
        sa.Column("enquiry_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("has_card", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("enquiry_id"),
    )
    op.create_index(
        "enquiries_with_card",
        "enquiries",
        ["person_id", "answered_at"],
        unique=False,
        postgresql_where="has_card",
    )
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(fingerprint) = 32", name="inbox_fingerprint_is_sha256"),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_table(
        "institutions",
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("hosp_lv", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("opened", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('hospital', 'pharmacy')", name="institutions_kind"),
        sa.CheckConstraint("level BETWEEN 0 AND 4", name="institutions_level"),
        sa.CheckConstraint("until >= since", name="institutions_dates"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_table(
        "outbox_unsent",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "statements_received",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("receivable_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "trials",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("fully_own_fen", sa.BigInteger(), nullable=False),
        sa.Column("over_ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("first_self_pay_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("trial_id"),
    )
    op.create_table(
        "visits",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("disease_code", sa.String(length=30), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sealed_identity", sa.Text(), nullable=True),
        sa.Column("echo_json", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("insurance_kind IN ('310', '390')", name="visits_insurance_kind"),
        sa.CheckConstraint(
            "visit_kind IN ('chronic', 'inpatient', 'outpatient', 'pharmacy')",
            name="visits_visit_kind",
        ),
        sa.CheckConstraint("discharged_on >= admitted_on", name="visits_dates"),
        sa.ForeignKeyConstraint(
            ["hospital_code"],
            ["institutions.code"],
        ),
        sa.PrimaryKeyConstraint("visit_id"),
        sa.UniqueConstraint("msgid"),
    )
    op.create_table(
        "settlements",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("disease_code", sa.String(length=30), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("use_account", sa.Boolean(), nullable=False),
        sa.Column("mid_stay", sa.Boolean(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("fully_own_fen", sa.BigInteger(), nullable=False),
        sa.Column("over_ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("first_self_pay_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("pool_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("civil_servant_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("enterprise_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("critical_illness_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("large_sum_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("veterans_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("medical_aid_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("other_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("account_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hospital_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deductible_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("detail", sa.String(length=200), server_default="", nullable=False),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.Column("steps", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("echo_json", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state = 'reversed' OR (business_date IS NOT NULL) = (state IN ('reversed', 'reversing', 'settled'))",
            name="settlements_business_date",
        ),
        sa.CheckConstraint(
            "(reversed_on IS NOT NULL) = (state = 'reversed')", name="settlements_reversed_on"
        ),
        sa.CheckConstraint(
            "NOT state IN ('reversed', 'reversing', 'settled') OR total_fen = pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen + veterans_fen + medical_aid_fen + other_fen + account_fen + cash_fen + hospital_fen",
            name="settlements_parts_add_up",
        ),
        sa.CheckConstraint("insurance_kind IN ('310', '390')", name="settlements_insurance_kind"),
        sa.CheckConstraint(
            "state IN ('expired', 'refused', 'requested', 'reversed', 'reversing', 'settled', 'withdrawing', 'withdrawn')",
            name="settlements_state",
        ),
        sa.CheckConstraint(
            "visit_kind IN ('chronic', 'inpatient', 'outpatient', 'pharmacy')",
            name="settlements_visit_kind",
        ),
        sa.CheckConstraint("discharged_on >= admitted_on", name="settlements_dates"),
        sa.CheckConstraint(
            "least(fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, pool_fen, civil_servant_fen, enterprise_fen, critical_illness_fen, large_sum_fen, veterans_fen, medical_aid_fen, other_fen, account_fen, cash_fen, hospital_fen, deductible_fen) >= 0",
            name="settlements_amounts",
        ),
        sa.CheckConstraint(
            "total_fen > 0 AND total_fen = fully_own_fen + over_ceiling_fen + first_self_pay_fen + in_scope_fen",
            name="settlements_bill_adds_up",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visits.visit_id"],
        ),
        sa.PrimaryKeyConstraint("settlement_id"),
        sa.UniqueConstraint("msgid"),
    )
    op.create_index(
        "settlements_back_on",
        "settlements",
        ["reversed_on"],
        unique=False,
        postgresql_where="reversed_on IS NOT NULL",
    )
    op.create_index(
        "settlements_of_day",
        "settlements",
        ["business_date"],
        unique=False,
        postgresql_where="business_date IS NOT NULL",
    )
    op.create_index(
        "settlements_one_live_per_visit",
        "settlements",
        ["visit_id"],
        unique=True,
        postgresql_where="state IN ('requested', 'reversing', 'settled', 'withdrawing') AND NOT mid_stay",
    )
    op.create_index("settlements_visit", "settlements", ["visit_id"], unique=False)
    op.create_table(
        "fee_lines",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.String(length=30), nullable=False),
        sa.Column("charge_batch", sa.String(length=30), nullable=False),
        sa.Column("item_code", sa.String(length=50), nullable=False),
        sa.Column("fee_date", sa.Date(), nullable=False),
        sa.Column("count_e4", sa.BigInteger(), nullable=False),
        sa.Column("price_e6", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("fully_own_fen", sa.BigInteger(), nullable=False),
        sa.Column("over_ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("first_self_pay_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("approval", sa.String(length=1), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "least(fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen) >= 0",
            name="fee_lines_amounts",
        ),
        sa.CheckConstraint(
            "total_fen = fully_own_fen + over_ceiling_fen + first_self_pay_fen + in_scope_fen",
            name="fee_lines_parts_add_up",
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.settlement_id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"],
            ["visits.visit_id"],
        ),
        sa.PrimaryKeyConstraint("visit_id", "line_no"),
    )
    op.create_table(
        "settlement_steps",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.settlement_id"],
        ),
        sa.PrimaryKeyConstraint("settlement_id", "position"),
    )


def downgrade() -> None:
    op.drop_table("settlement_steps")
    op.drop_table("fee_lines")
    op.drop_table("settlements")
    op.drop_table("visits")
    op.drop_table("trials")
    op.drop_table("statements_received")
    op.drop_table("outbox_unsent")
    op.drop_table("outbox")
    op.drop_table("institutions")
    op.drop_table("inbox")
    op.drop_table("enquiries")
    op.drop_table("dead_letters")
    op.drop_table("attempts")
    op.drop_table("anomalies")
    op.drop_table("access_tokens")
