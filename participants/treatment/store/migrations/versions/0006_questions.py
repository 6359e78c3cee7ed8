"""Questions about persons, accidents and rule checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enquiries", sa.Column("hospital_code", sa.String(length=30), nullable=True))
    op.create_index("visits_by_person", "visits", ["person_id"], unique=False)
    op.create_table(
        "questions",
        sa.Column("enquiry_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("question", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "question IN ('accumulators', 'chronic', 'contributions', 'designations', 'referrals')",
            name="questions_question",
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name="questions_answered_at_a_time"
        ),
        sa.PrimaryKeyConstraint("enquiry_id"),
    )
    op.create_index("questions_asked_at", "questions", ["asked_at"], unique=False)
    op.create_table(
        "filing_papers",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed_contact", sa.Text(), nullable=False),
        sa.CheckConstraint("jsonb_typeof(said) = 'object'", name="filing_papers_said"),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.registration_id"]),
        sa.PrimaryKeyConstraint("registration_id"),
    )
    op.create_table(
        "accidents",
        sa.Column("accident_id", sa.Uuid(), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("third_party", sa.Boolean(), nullable=False),
        sa.Column("sealed_report", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(person_id) = 29", name="accidents_person"),
        sa.CheckConstraint("insured_division ~ '^[0-9]{6}$'", name="accidents_division"),
        sa.CheckConstraint("ends_on >= begins_on", name="accidents_dates"),
        sa.CheckConstraint("happened_on <= begins_on", name="accidents_happened_before"),
        sa.ForeignKeyConstraint(["hospital_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("accident_id"),
        sa.UniqueConstraint("hospital_code", "msgid", name="accidents_message"),
    )
    op.create_index("accidents_person", "accidents", ["person_id", "hospital_code"], unique=False)
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=True),
        sa.Column("visit_no", sa.String(length=50), nullable=False),
        sa.Column("rule_id", sa.String(length=50), nullable=False),
        sa.Column("severity", sa.String(length=1), nullable=False),
        sa.Column("told", sa.String(length=500), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stage IN ('before', 'during')", name="findings_stage"),
        sa.CheckConstraint("severity IN ('1', '2', '3')", name="findings_severity"),
        sa.CheckConstraint("amount_fen >= 0", name="findings_amount"),
        sa.CheckConstraint("jsonb_typeof(items) = 'array'", name="findings_items"),
        sa.ForeignKeyConstraint(["hospital_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("finding_id"),
    )
    op.create_index("findings_found_at", "findings", ["found_at"], unique=False)
    op.create_index(
        "findings_person",
        "findings",
        ["person_id"],
        unique=False,
        postgresql_where="person_id IS NOT NULL",
    )
    op.create_table(
        "finding_answers",
        sa.Column("answer_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("way", sa.String(length=1), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('1', '2')", name="finding_answers_way"),
        sa.CheckConstraint("way <> '1' OR reason <> ''", name="finding_answers_reason"),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.finding_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("answer_id"),
    )
    op.create_index("finding_answers_of_finding", "finding_answers", ["finding_id"], unique=False)


def downgrade() -> None:
    for table in ("finding_answers", "findings", "accidents", "filing_papers", "questions"):
        op.drop_table(table)
    op.drop_index("visits_by_person", table_name="visits")
    op.drop_column("enquiries", "hospital_code")
