"""The first schema: delivery, registrations, settlements, business days and the ledger.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # generated from hub.store.tables, and a constraint stays one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# What the state table of settlements permits, as of this migration: from, on, to.
LEGAL_STEPS = (
    ("received", "route", "routed"),
    ("received", "reject", "rejected"),
    ("routed", "settle", "settled"),
    ("routed", "refuse", "rejected"),
    ("routed", "expire", "expired"),
    ("routed", "withdraw", "withdrawn"),
    ("expired", "settle", "expired"),
    ("expired", "refuse", "expired"),
    ("expired", "withdraw", "expired"),
    ("expired", "release", "expired"),
    ("withdrawn", "settle", "withdrawn"),
    ("withdrawn", "refuse", "withdrawn"),
    ("withdrawn", "withdraw", "withdrawn"),
    ("withdrawn", "release", "withdrawn"),
    ("rejected", "settle", "rejected"),
    ("rejected", "withdraw", "rejected"),
    ("rejected", "release", "rejected"),
    ("settled", "withdraw", "reversing"),
    ("settled", "cancel", "reversing"),
    ("reversing", "withdraw", "reversing"),
    ("reversing", "cancel", "reversing"),
    ("reversing", "release", "reversed"),
    ("reversing", "keep", "settled"),
    ("reversed", "withdraw", "reversed"),
    ("reversed", "cancel", "reversed"),
)

# The same of registrations.
LEGAL_REGISTRATION_STEPS = (
    ("submitted", "accept", "active"),
    ("submitted", "reject", "rejected"),
    ("submitted", "cancel", "cancelled"),
    ("submitted", "supplement", "submitted"),
    ("active", "suspend", "suspended"),
    ("active", "cancel", "cancelled"),
    ("active", "expire", "expired"),
    ("active", "supersede", "superseded"),
    ("active", "supplement", "active"),
    ("suspended", "resume", "active"),
    ("suspended", "cancel", "cancelled"),
    ("suspended", "expire", "expired"),
    ("suspended", "supplement", "suspended"),
)

# Facts are added, never edited: a correction is another row.
APPEND_ONLY = (
    "postings",
    "settlement_steps",
    "settlement_legal_steps",
    "registration_steps",
    "registration_legal_steps",
)
_REFUSE_CHANGE = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    _delivery()
    _registrations()
    _settlements()
    _ledger()
    _legal_steps()
    # Every settlement is updated at least once: room on the page keeps the new version beside it.
    op.execute("ALTER TABLE settlements SET (fillfactor = 80)")
    op.execute(_REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _legal_steps() -> None:
    columns = ("from_state", "event", "to_state")
    for name, rows in (
        ("settlement_legal_steps", LEGAL_STEPS),
        ("registration_legal_steps", LEGAL_REGISTRATION_STEPS),
    ):
        table = sa.table(name, *(sa.column(column, sa.String) for column in columns))
        op.bulk_insert(table, [dict(zip(columns, row, strict=True)) for row in rows])


def _delivery() -> None:
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


def _registrations() -> None:
    op.create_table(
        "participants",
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("insured_connected", sa.Boolean(), nullable=False),
        sa.Column("treatment_connected", sa.Boolean(), nullable=False),
        sa.CheckConstraint("area ~ '^[0-9]{2}0000$'", name="participants_area_is_a_unit"),
        sa.PrimaryKeyConstraint("area"),
    )
    op.create_table(
        "registrations",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=True),
        sa.Column("treatment_area", sa.String(length=6), nullable=True),
        sa.Column("disease_code", sa.String(length=30), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("submitted_by", sa.String(length=100), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("filed_by_message", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("materials", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("materials_filed", sa.SmallInteger(), nullable=False),
        sa.Column("gaps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("refusal_code", sa.String(length=4), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("step_count", sa.SmallInteger(), nullable=False),
        postgresql.ExcludeConstraint(
            (
                sa.text(
                    "int8range(hashtextextended(person_id || coalesce(left(disease_code, 4), CASE WHEN category IN ('long_term_resident', 'posted_worker', 'retired_resettled') THEN 'long_term' ELSE 'temporary' END), 0) >> 1, hashtextextended(person_id || coalesce(left(disease_code, 4), CASE WHEN category IN ('long_term_resident', 'posted_worker', 'retired_resettled') THEN 'long_term' ELSE 'temporary' END), 0) >> 1, '[]')"
                ),
                "&&",
            ),
            (
                sa.text(
                    "(CASE WHEN coalesce(ended_on, ends_on) < begins_on THEN 'empty'::daterange ELSE daterange(begins_on, coalesce(ended_on, ends_on), '[]') END)"
                ),
                "&&",
            ),
            where=sa.text("state IN ('active', 'suspended') OR ended_on IS NOT NULL"),
            using="gist",
            name="registrations_one_in_force",
        ),
        sa.CheckConstraint(
            "CASE WHEN state IN ('superseded', 'expired') THEN ended_on IS NOT NULL WHEN state = 'cancelled' THEN (ended_on IS NULL) = (decided_at IS NULL) ELSE ended_on IS NULL END",
            name="registrations_ended_has_a_last_day",
        ),
        sa.CheckConstraint(
            "category IN ('retired_resettled', 'long_term_resident', 'posted_worker', 'referral', 'emergency', 'other_temporary', 'chronic_disease')",
            name="registrations_category_is_known",
        ),
        sa.CheckConstraint(
            "channel IN ('window', 'app', 'mini_programme', 'web', 'phone', 'hospital')",
            name="registrations_channel_is_known",
        ),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="registrations_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "state = 'cancelled' OR (state = 'submitted') = (decided_at IS NULL)",
            name="registrations_decided_has_an_instant",
        ),
        sa.CheckConstraint(
            "state = 'rejected' OR ((category = 'chronic_disease') = (disease_code IS NOT NULL) AND (category = 'chronic_disease') = (place IS NULL))",
            name="registrations_place_or_disease",
        ),
        sa.CheckConstraint(
            "state = 'rejected' OR ends_on IS NULL OR ends_on >= begins_on",
            name="registrations_ends_after_it_begins",
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'active', 'rejected', 'suspended', 'superseded', 'cancelled', 'expired')",
            name="registrations_state_is_known",
        ),
        sa.CheckConstraint(
            "version >= 1 AND replaces <> registration_id", name="registrations_version_follows"
        ),
        sa.PrimaryKeyConstraint("registration_id"),
    )
    op.create_index(
        "registrations_insured_area",
        "registrations",
        ["insured_area", "submitted_at", "registration_id"],
        unique=False,
    )
    op.create_index(
        "registrations_one_next_version",
        "registrations",
        ["replaces"],
        unique=True,
        postgresql_where=sa.text(
            "replaces IS NOT NULL AND (state IN ('active', 'suspended') OR ended_on IS NOT NULL)"
        ),
    )
    op.create_index("registrations_person_id", "registrations", ["person_id"], unique=False)
    op.create_index(
        "registrations_replaces",
        "registrations",
        ["replaces"],
        unique=False,
        postgresql_where=sa.text("replaces IS NOT NULL"),
    )
    op.create_index(
        "registrations_to_expire",
        "registrations",
        ["ends_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('active', 'suspended')"),
    )
    op.create_index(
        "registrations_treatment_area",
        "registrations",
        ["treatment_area", "submitted_at", "registration_id"],
        unique=False,
    )
    op.create_table(
        "registration_legal_steps",
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "event IN ('accept', 'reject', 'supplement', 'suspend', 'resume', 'cancel', 'expire', 'supersede')",
            name="registration_legal_steps_event_is_known",
        ),
        sa.CheckConstraint(
            "from_state IN ('submitted', 'active', 'rejected', 'suspended', 'superseded', 'cancelled', 'expired')",
            name="registration_legal_steps_from_state_is_known",
        ),
        sa.CheckConstraint(
            "to_state IN ('submitted', 'active', 'rejected', 'suspended', 'superseded', 'cancelled', 'expired')",
            name="registration_legal_steps_to_state_is_known",
        ),
        sa.PrimaryKeyConstraint("from_state", "event", "to_state"),
    )
    op.create_table(
        "registration_steps",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.Column("materials", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_state", "event", "to_state"],
            [
                "registration_legal_steps.from_state",
                "registration_legal_steps.event",
                "registration_legal_steps.to_state",
            ],
            name="registration_steps_are_legal",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
        ),
        sa.PrimaryKeyConstraint("registration_id", "position"),
    )
    op.create_index(
        "registration_steps_change_id",
        "registration_steps",
        ["change_id"],
        unique=True,
        postgresql_where=sa.text("change_id IS NOT NULL"),
    )


def _settlements() -> None:
    op.create_table(
        "business_days",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)",
            name="business_days_closed_has_an_instant",
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name="business_days_state_is_known"),
        sa.PrimaryKeyConstraint("business_date"),
    )
    op.create_index(
        "business_days_one_open",
        "business_days",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "settlements",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_division", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("hospital_level", sa.SmallInteger(), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("use_account", sa.Boolean(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("registration_basis", sa.String(length=20), nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("fully_own_fen", sa.BigInteger(), nullable=False),
        sa.Column("over_ceiling_fen", sa.BigInteger(), nullable=False),
        sa.Column("first_self_pay_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_scope_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("step_count", sa.SmallInteger(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("reversed_on", sa.Date(), nullable=True),
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
        sa.Column("refusal_code", sa.String(length=4), nullable=True),
        sa.Column("refusal_detail", sa.String(length=200), server_default="", nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late_answers", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(state = 'reversed') = (reversed_on IS NOT NULL)",
            name="settlements_reversed_has_a_day",
        ),
        sa.CheckConstraint(
            "(state = 'routed') = (concluded_at IS NULL)",
            name="settlements_concluded_has_an_instant",
        ),
        sa.CheckConstraint(
            "(state IN ('reversed', 'reversing', 'settled')) = (settled_on IS NOT NULL)",
            name="settlements_settled_has_a_day",
        ),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="settlements_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "pool_fen + civil_servant_fen + enterprise_fen + critical_illness_fen + large_sum_fen + veterans_fen + medical_aid_fen + other_fen + account_fen + cash_fen + hospital_fen = CASE WHEN state IN ('reversed', 'reversing', 'settled') THEN total_fen ELSE 0 END",
            name="settlements_parts_add_up",
        ),
        sa.CheckConstraint(
            "state <> 'routed' OR answer_by IS NOT NULL",
            name="settlements_routed_has_a_deadline",
        ),
        sa.CheckConstraint(
            "(registration_basis IS NULL) = (answer_by IS NULL)",
            name="settlements_taken_on_has_a_basis",
        ),
        sa.CheckConstraint(
            "registration_basis <> 'registered' OR registration_id IS NOT NULL",
            name="settlements_registered_names_its_registration",
        ),
        sa.CheckConstraint(
            "registration_basis IN ('registered', 'deemed', 'not_needed')",
            name="settlements_registration_basis_is_known",
        ),
        sa.CheckConstraint(
            "state = 'rejected' OR total_fen = fully_own_fen + over_ceiling_fen + first_self_pay_fen + in_scope_fen",
            name="settlements_bill_adds_up",
        ),
        sa.CheckConstraint(
            "state IN ('routed', 'settled', 'rejected', 'expired', 'withdrawn', 'reversing', 'reversed')",
            name="settlements_state_is_known",
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="settlements_visit_kind_is_known",
        ),
        sa.CheckConstraint("reversed_on >= settled_on", name="settlements_reversed_after_settled"),
        sa.CheckConstraint(
            "total_fen >= 0 AND fully_own_fen >= 0 AND over_ceiling_fen >= 0 AND first_self_pay_fen >= 0 AND in_scope_fen >= 0 AND pool_fen >= 0 AND civil_servant_fen >= 0 AND enterprise_fen >= 0 AND critical_illness_fen >= 0 AND large_sum_fen >= 0 AND veterans_fen >= 0 AND medical_aid_fen >= 0 AND other_fen >= 0 AND account_fen >= 0 AND cash_fen >= 0 AND hospital_fen >= 0 AND deductible_fen >= 0",
            name="settlements_no_negative_amount",
        ),
        sa.ForeignKeyConstraint(
            ["reversed_on"],
            ["business_days.business_date"],
        ),
        sa.ForeignKeyConstraint(
            ["settled_on"],
            ["business_days.business_date"],
        ),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.create_index(
        "settlements_awaiting_answer",
        "settlements",
        ["answer_by"],
        unique=False,
        postgresql_where=sa.text("state = 'routed'"),
    )
    op.create_index(
        "settlements_reversed_on",
        "settlements",
        ["reversed_on"],
        unique=False,
        postgresql_where=sa.text("reversed_on IS NOT NULL"),
    )
    op.create_index(
        "settlements_settled_on",
        "settlements",
        ["settled_on"],
        unique=False,
        postgresql_where=sa.text("settled_on IS NOT NULL"),
    )
    op.create_table(
        "settlement_legal_steps",
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "event IN ('route', 'reject', 'settle', 'refuse', 'expire', 'withdraw', 'cancel', 'release', 'keep')",
            name="settlement_legal_steps_event_is_known",
        ),
        sa.CheckConstraint(
            "from_state IN ('received', 'routed', 'settled', 'rejected', 'expired', 'withdrawn', 'reversing', 'reversed')",
            name="settlement_legal_steps_from_state_is_known",
        ),
        sa.CheckConstraint(
            "to_state IN ('received', 'routed', 'settled', 'rejected', 'expired', 'withdrawn', 'reversing', 'reversed')",
            name="settlement_legal_steps_to_state_is_known",
        ),
        sa.PrimaryKeyConstraint("from_state", "event", "to_state"),
    )
    op.create_table(
        "settlement_steps",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_state", "event", "to_state"],
            [
                "settlement_legal_steps.from_state",
                "settlement_legal_steps.event",
                "settlement_legal_steps.to_state",
            ],
            name="settlement_steps_are_legal",
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.settlement_id"],
        ),
        sa.PrimaryKeyConstraint("settlement_id", "position"),
    )
    op.create_table(
        "withdrawal_tombstones",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.create_table(
        "anomalies",
        sa.Column("anomaly_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(length=6), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('out_of_step', 'unknown_subject', 'wrong_sender', 'repeated_id', 'nothing_granted', 'contradictory')",
            name="anomalies_kind_is_known",
        ),
        sa.CheckConstraint(
            "num_nonnulls(settlement_id, registration_id, area) = 1",
            name="anomalies_about_one_thing",
        ),
        sa.PrimaryKeyConstraint("anomaly_id"),
    )


def _ledger() -> None:
    op.create_table(
        "postings",
        sa.Column("posting_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("fund", sa.String(length=20), nullable=False),
        sa.Column("from_area", sa.String(length=6), nullable=False),
        sa.Column("to_area", sa.String(length=6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "CASE kind WHEN 'settlement' THEN from_area = insured_area AND to_area = treatment_area ELSE from_area = treatment_area AND to_area = insured_area END",
            name="postings_kind_gives_the_direction",
        ),
        sa.CheckConstraint(
            "fund IN ('pool', 'civil_servant', 'enterprise', 'critical_illness', 'large_sum', 'veterans', 'medical_aid', 'other', 'account')",
            name="postings_fund_is_known",
        ),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="postings_insurance_kind_is_known"
        ),
        sa.CheckConstraint("kind IN ('settlement', 'reversal')", name="postings_kind_is_known"),
        sa.CheckConstraint("amount_fen > 0", name="postings_amount_is_positive"),
        sa.CheckConstraint("from_area <> to_area", name="postings_between_two_areas"),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["business_days.business_date"],
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.settlement_id"],
        ),
        sa.PrimaryKeyConstraint("posting_id"),
        sa.UniqueConstraint("settlement_id", "fund", "kind", name="postings_once"),
    )
    op.create_index("postings_business_date", "postings", ["business_date"], unique=False)
