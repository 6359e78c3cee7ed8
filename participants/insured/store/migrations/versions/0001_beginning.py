"""The schema of an insured area, as it begins."""

# ruff: noqa: E501 - the texts of the checks stand here as PostgreSQL got them.

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
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("anomaly_id"),
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
        postgresql_where=sa.text("replayed_at IS NULL"),
    )
    op.create_table(
        "grants",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=True),
        sa.Column("visit_kind", sa.String(length=10), nullable=True),
        sa.Column("treatment_area", sa.String(length=6), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("policy_id", sa.String(length=100), nullable=True),
        sa.Column("registration_basis", sa.String(length=12), nullable=True),
        sa.Column("registration_category", sa.String(length=20), nullable=True),
        sa.Column("paid_as", sa.String(length=12), nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
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
        sa.Column("deductible_fen", sa.BigInteger(), nullable=False),
        sa.Column("beyond_bill_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_deductible_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_large_sum_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_large_base_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_supplement_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_aid_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_outpatient_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_outpatient_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_chronic_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_chronic_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_stays", sa.BigInteger(), nullable=False),
        sa.Column("added_counters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'refused') = (code IS NOT NULL)", name="grants_refused_has_its_code"
        ),
        sa.CheckConstraint(
            "(state = 'tombstone') = (calculated_at IS NULL)",
            name="grants_tombstone_never_calculated",
        ),
        sa.CheckConstraint(
            "(state IN ('released', 'tombstone')) = (released_at IS NOT NULL)",
            name="grants_released_has_its_time",
        ),
        sa.CheckConstraint(
            "CASE state WHEN 'settled' THEN settled_on IS NOT NULL AND reversed_on IS NULL WHEN 'released' THEN true ELSE settled_on IS NULL AND reversed_on IS NULL END",
            name="grants_days_fit_the_state",
        ),
        sa.CheckConstraint("insurance_kind IN ('310', '390')", name="grants_kind_is_known"),
        sa.CheckConstraint(
            "state IN ('granted', 'settled', 'released', 'refused', 'tombstone')",
            name="grants_state_is_known",
        ),
        sa.CheckConstraint(
            "state IN ('refused', 'tombstone') OR (policy_id IS NOT NULL AND treatment_area IS NOT NULL AND insurance_kind IS NOT NULL AND visit_kind IS NOT NULL AND year IS NOT NULL)",
            name="grants_benefit_says_what_for",
        ),
        sa.CheckConstraint(
            "state IN ('refused', 'tombstone') OR total_fen = pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen + veterans_fen + medical_aid_fen + other_fen + account_fen + cash_fen + hospital_fen",
            name="grants_parts_add_up",
        ),
        sa.CheckConstraint(
            "state NOT IN ('refused', 'tombstone') OR added_counters = '{}' AND 0 = greatest(pool_fen, civil_servant_fen, enterprise_fen, critical_illness_fen, large_sum_fen, veterans_fen, medical_aid_fen, other_fen, account_fen, cash_fen, hospital_fen, beyond_bill_fen, added_in_scope_fen, added_deductible_fen, added_pool_fen, added_large_sum_fen, added_large_base_fen, added_supplement_fen, added_aid_fen, added_outpatient_in_scope_fen, added_outpatient_pool_fen, added_chronic_in_scope_fen, added_chronic_pool_fen, added_stays)",
            name="grants_nothing_moved_without_benefit",
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="grants_visit_kind_is_known",
        ),
        sa.CheckConstraint(
            "registration_basis IN ('registered', 'deemed', 'not_needed')",
            name="grants_basis_is_known",
        ),
        sa.CheckConstraint(
            "registration_category IN ('retired_resettled', 'long_term_resident', 'posted_worker', 'referral', 'emergency', 'other_temporary', 'chronic_disease')",
            name="grants_category_is_known",
        ),
        sa.CheckConstraint(
            "paid_as IN ('referral', 'emergency', 'other', 'long_term', 'unregistered', 'back_home')",
            name="grants_paid_as_is_known",
        ),
        sa.CheckConstraint(
            "(state = 'tombstone') = (registration_basis IS NULL)", name="grants_have_their_basis"
        ),
        sa.CheckConstraint(
            "registration_category IS NOT NULL OR registration_basis = 'not_needed' OR registration_basis IS NULL",
            name="grants_category_only_missing_where_not_needed",
        ),
        sa.CheckConstraint(
            "least(total_fen, in_scope_fen, pool_fen, civil_servant_fen, enterprise_fen, critical_illness_fen, large_sum_fen, veterans_fen, medical_aid_fen, other_fen, account_fen, cash_fen, hospital_fen, deductible_fen, beyond_bill_fen, added_in_scope_fen, added_deductible_fen, added_pool_fen, added_large_sum_fen, added_large_base_fen, added_supplement_fen, added_aid_fen, added_outpatient_in_scope_fen, added_outpatient_pool_fen, added_chronic_in_scope_fen, added_chronic_pool_fen, added_stays) >= 0",
            name="grants_amounts_never_negative",
        ),
        sa.CheckConstraint(
            "jsonb_typeof(added_counters) = 'object' AND NOT jsonb_path_exists(added_counters, '$.* ? (@.type() != \"number\" || @ < 0 || @ != @.floor())')",
            name="grants_counters_never_negative",
        ),
        sa.PrimaryKeyConstraint("settlement_id"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("grants_of_person", "grants", ["person_id", "year"], unique=False)
    op.create_index(
        "grants_reversed_on",
        "grants",
        ["reversed_on"],
        unique=False,
        postgresql_where=sa.text("reversed_on IS NOT NULL"),
    )
    op.create_index(
        "grants_settled_on",
        "grants",
        ["settled_on"],
        unique=False,
        postgresql_where=sa.text("settled_on IS NOT NULL"),
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
        "people",
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("sealed_identity", sa.Text(), nullable=False),
        sa.Column("gender", sa.String(length=1), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.CheckConstraint("gender IN ('0', '1', '2', '9')", name="people_gender_is_known_code"),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "statements_received",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("receivable_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "insurances",
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("person_type", sa.String(length=20), nullable=False),
        sa.Column("division", sa.String(length=6), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("in_force_until", sa.Date(), nullable=True),
        sa.Column("civil_servant", sa.Boolean(), nullable=False),
        sa.Column("account_balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.String(length=100), nullable=True),
        sa.Column("arrears_since", sa.Date(), nullable=True),
        sa.CheckConstraint("insurance_kind IN ('310', '390')", name="insurances_kind_is_known"),
        sa.CheckConstraint(
            "person_type IN ('active', 'retired', 'resident_adult', 'resident_minor')",
            name="insurances_person_type_is_known",
        ),
        sa.CheckConstraint("account_balance_fen >= 0", name="insurances_account_never_negative"),
        sa.CheckConstraint(
            "in_force_until >= in_force_from", name="insurances_end_after_beginning"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "insurance_kind"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "grant_years",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("added_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_deductible_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_large_sum_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_large_base_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_supplement_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_aid_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_outpatient_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_outpatient_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_chronic_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_chronic_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_stays", sa.BigInteger(), nullable=False),
        sa.Column("added_counters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "least(added_in_scope_fen, added_deductible_fen, added_pool_fen, added_large_sum_fen, added_large_base_fen, added_supplement_fen, added_aid_fen, added_outpatient_in_scope_fen, added_outpatient_pool_fen, added_chronic_in_scope_fen, added_chronic_pool_fen, added_stays) >= 0",
            name="grant_years_amounts_never_negative",
        ),
        sa.CheckConstraint(
            "jsonb_typeof(added_counters) = 'object' AND NOT jsonb_path_exists(added_counters, '$.* ? (@.type() != \"number\" || @ < 0 || @ != @.floor())')",
            name="grant_years_counters_never_negative",
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["grants.settlement_id"],
        ),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.create_table(
        "workings",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["grants.settlement_id"],
        ),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.create_table(
        "person_years",
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("deductible_fen", sa.BigInteger(), nullable=False),
        sa.Column("pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("large_sum_fen", sa.BigInteger(), nullable=False),
        sa.Column("large_base_fen", sa.BigInteger(), nullable=False),
        sa.Column("supplement_fen", sa.BigInteger(), nullable=False),
        sa.Column("aid_fen", sa.BigInteger(), nullable=False),
        sa.Column("outpatient_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("outpatient_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("chronic_in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("chronic_pool_fen", sa.BigInteger(), nullable=False),
        sa.Column("stays", sa.BigInteger(), nullable=False),
        sa.Column("counters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "least(in_scope_fen, deductible_fen, pool_fen, large_sum_fen, large_base_fen, supplement_fen, aid_fen, outpatient_in_scope_fen, outpatient_pool_fen, chronic_in_scope_fen, chronic_pool_fen, stays) >= 0",
            name="person_years_never_negative",
        ),
        sa.CheckConstraint(
            "jsonb_typeof(counters) = 'object' AND NOT jsonb_path_exists(counters, '$.* ? (@.type() != \"number\" || @ < 0 || @ != @.floor())')",
            name="person_years_counters_never_negative",
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "insurance_kind"],
            ["insurances.person_id", "insurances.insurance_kind"],
            name="person_years_of_an_insurance",
        ),
        sa.PrimaryKeyConstraint("person_id", "insurance_kind", "year"),
        postgresql_with={"fillfactor": "80"},
    )


def downgrade() -> None:
    op.drop_table("person_years")
    op.drop_table("workings")
    op.drop_table("grant_years")
    op.drop_table("insurances")
    op.drop_table("statements_received")
    op.drop_table("people")
    op.drop_table("outbox_unsent")
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_index(
        "grants_settled_on", table_name="grants", postgresql_where=sa.text("settled_on IS NOT NULL")
    )
    op.drop_index(
        "grants_reversed_on",
        table_name="grants",
        postgresql_where=sa.text("reversed_on IS NOT NULL"),
    )
    op.drop_index("grants_of_person", table_name="grants")
    op.drop_table("grants")
    op.drop_index(
        "dead_letters_open",
        table_name="dead_letters",
        postgresql_where=sa.text("replayed_at IS NULL"),
    )
    op.drop_table("dead_letters")
    op.drop_table("anomalies")
    op.drop_table("access_tokens")
