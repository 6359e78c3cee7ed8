"""Cases: the matter and its clock, its thread, its steps, and its one decision.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # generated from hub.store.tables_cases, and a constraint stays one line

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# What the state table of cases permits, as of this migration: from, on, to.
LEGAL_CASE_STEPS = (
    ("waiting", "release", "open"),
    ("waiting", "withdraw", "withdrawn"),
    ("open", "take", "taken"),
    ("open", "withdraw", "withdrawn"),
    ("open", "decide", "decided"),
    ("open", "propose", "proposed"),
    ("taken", "extend", "taken"),
    ("taken", "answer", "answered"),
    ("taken", "withdraw", "withdrawn"),
    ("taken", "decide", "decided"),
    ("taken", "propose", "proposed"),
    ("answered", "decide", "decided"),
    ("answered", "propose", "proposed"),
    ("answered", "escalate", "review"),
    ("review", "decide", "decided"),
    ("review", "propose", "proposed"),
    ("proposed", "approve", "decided"),
    ("proposed", "decline", "review"),
)

# Facts are added, never edited. (A thread is what was said, a decision is made once.)
APPEND_ONLY = (
    "case_legal_steps",
    "case_steps",
    "case_messages",
    "case_attachments",
    "case_decisions",
    "case_items",
    "case_parties",
)


def upgrade() -> None:
    _tables()
    op.create_foreign_key("adjustments_of_a_case", "adjustments", "cases", ["case_id"], ["case_id"])
    columns = [sa.column(name, sa.String) for name in ("from_state", "event", "to_state")]
    rows = [
        dict(zip(("from_state", "event", "to_state"), row, strict=True)) for row in LEGAL_CASE_STEPS
    ]
    op.bulk_insert(sa.table("case_legal_steps", *columns), rows)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _tables() -> None:
    op.create_table(
        "case_legal_steps",
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "event IN ('release', 'take', 'extend', 'answer', 'withdraw', 'escalate', 'propose', 'decide', 'approve', 'decline')",
            name="case_legal_steps_event_is_known",
        ),
        sa.CheckConstraint(
            "from_state IN ('waiting', 'open', 'taken', 'answered', 'review', 'proposed', 'decided', 'withdrawn')",
            name="case_legal_steps_from_state_is_known",
        ),
        sa.CheckConstraint(
            "to_state IN ('waiting', 'open', 'taken', 'answered', 'review', 'proposed', 'decided', 'withdrawn')",
            name="case_legal_steps_to_state_is_known",
        ),
        sa.PrimaryKeyConstraint("from_state", "event", "to_state"),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("opener", sa.String(length=20), nullable=False),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("step_count", sa.SmallInteger(), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("take_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follows", sa.Uuid(), nullable=True),
        sa.Column("extensions", sa.SmallInteger(), nullable=False),
        sa.Column("owner_party", sa.String(length=20), nullable=True),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("owned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(length=20), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("penalty_fen", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('decided', 'withdrawn')) = (due_at IS NULL)",
            name="cases_clock_runs_until_the_end",
        ),
        sa.CheckConstraint(
            "(type = 'assistance') = (release_at IS NOT NULL)", name="cases_assistance_has_a_batch"
        ),
        sa.CheckConstraint(
            "reply IN ('admits', 'contests', 'replies')", name="cases_reply_is_known"
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR reply IS NOT NULL", name="cases_answered_has_a_reply"
        ),
        sa.CheckConstraint(
            "state <> 'proposed' OR proposal_id IS NOT NULL", name="cases_proposed_has_a_proposal"
        ),
        sa.CheckConstraint(
            "state <> 'waiting' OR type = 'assistance'", name="cases_only_assistance_waits"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'open', 'taken', 'answered', 'review', 'proposed', 'decided', 'withdrawn')",
            name="cases_state_is_known",
        ),
        sa.CheckConstraint(
            "state NOT IN ('taken', 'answered') OR owner IS NOT NULL",
            name="cases_taken_has_an_owner",
        ),
        sa.CheckConstraint(
            "type IN ('dispute', 'assistance', 'coordination')", name="cases_type_is_known"
        ),
        sa.CheckConstraint(
            "(reply IS NULL) = (answered_at IS NULL)", name="cases_answer_has_an_instant"
        ),
        sa.CheckConstraint("answered_at < answer_by", name="cases_answered_in_time"),
        sa.CheckConstraint("extensions BETWEEN 0 AND 1", name="cases_one_extension"),
        sa.CheckConstraint(
            "num_nonnulls(owner_party, owner, owned_at) IN (0, 3)", name="cases_owner_is_whole"
        ),
        sa.CheckConstraint("opened_at < answer_by", name="cases_have_time"),
        sa.CheckConstraint("penalty_fen >= 0", name="cases_penalty_is_no_debt"),
        sa.ForeignKeyConstraint(["follows"], ["cases.case_id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index(
        "cases_due",
        "cases",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'open', 'taken', 'answered')"),
    )
    op.create_index("cases_opened", "cases", ["opened_at", "case_id"], unique=False)
    op.create_index(
        "cases_proposed",
        "cases",
        ["proposal_id"],
        unique=False,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "case_parties",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("is_opener", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "party ~ '^(hub|(insured|treatment)\\.[0-9]{2}0000)$'", name="case_parties_party_is_one"
        ),
        sa.CheckConstraint("is_opener IN (0, 1)", name="case_parties_is_opener_or_not"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("case_id", "party"),
    )
    op.create_index(
        "case_parties_one_opener",
        "case_parties",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("is_opener = 1"),
    )
    op.create_index("case_parties_party", "case_parties", ["party", "case_id"], unique=False)
    op.create_table(
        "case_settlements",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlements.settlement_id"]),
        sa.PrimaryKeyConstraint("case_id", "settlement_id"),
    )
    op.create_index(
        "case_settlements_one_open",
        "case_settlements",
        ["settlement_id", "type"],
        unique=True,
        postgresql_where=sa.text("is_open = 1 AND type <> 'coordination'"),
    )
    op.create_table(
        "case_items",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("fund", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "fund IN ('pool', 'civil_servant', 'enterprise', 'critical_illness', 'large_sum', 'veterans', 'medical_aid', 'other', 'account')",
            name="case_items_fund_is_known",
        ),
        sa.CheckConstraint(
            "stage IN ('claimed', 'admitted', 'decided')", name="case_items_stage_is_known"
        ),
        sa.CheckConstraint("amount_fen > 0", name="case_items_amount_is_positive"),
        sa.ForeignKeyConstraint(
            ["case_id", "settlement_id"],
            ["case_settlements.case_id", "case_settlements.settlement_id"],
            name="case_items_of_a_settlement_of_the_case",
        ),
        sa.PrimaryKeyConstraint("case_id", "stage", "settlement_id", "fund"),
    )
    op.create_table(
        "case_messages",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("institution", sa.String(length=30), nullable=True),
        sa.CheckConstraint(
            "party ~ '^(hub|(insured|treatment)\\.[0-9]{2}0000)$'",
            name="case_messages_party_is_one",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("entry_id"),
        sa.UniqueConstraint("case_id", "position", name="case_messages_in_order"),
    )
    op.create_table(
        "case_attachments",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('pdf', 'ofd', 'png', 'jpeg', 'xlsx', 'docx')",
            name="case_attachments_kind_is_known",
        ),
        sa.CheckConstraint(
            "party ~ '^(hub|(insured|treatment)\\.[0-9]{2}0000)$'",
            name="case_attachments_party_is_one",
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name="case_attachments_hash_is_whole"),
        sa.CheckConstraint("size_bytes > 0", name="case_attachments_not_empty"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("attachment_id"),
        sa.UniqueConstraint("case_id", "position", name="case_attachments_in_order"),
    )
    op.create_table(
        "case_steps",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.ForeignKeyConstraint(["entry_id"], ["case_messages.entry_id"]),
        sa.ForeignKeyConstraint(
            ["from_state", "event", "to_state"],
            ["case_legal_steps.from_state", "case_legal_steps.event", "case_legal_steps.to_state"],
            name="case_steps_are_legal",
        ),
        sa.PrimaryKeyConstraint("case_id", "position"),
    )
    op.create_table(
        "case_decisions",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("penalty_fen", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("second_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "basis IN ('evidence', 'silence', 'operator')", name="case_decisions_basis_is_known"
        ),
        sa.CheckConstraint(
            "outcome IN ('upheld', 'dismissed', 'resolved', 'unanswered')",
            name="case_decisions_outcome_is_known",
        ),
        sa.CheckConstraint(
            "(amount_fen <> 0) = (second_by IS NOT NULL)",
            name="case_decisions_money_needs_a_second_person",
        ),
        sa.CheckConstraint("penalty_fen >= 0", name="case_decisions_penalty_is_no_debt"),
        sa.CheckConstraint(
            "second_by <> decided_by", name="case_decisions_second_person_is_another"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
