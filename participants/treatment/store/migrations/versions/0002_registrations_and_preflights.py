"""Registrations filed here, their cancellations, pre-flights, and what was made known."""
# ruff: noqa: E501 - a constraint stays on its line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("hospital_code", sa.String(length=30), nullable=False),
        sa.Column("infno", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("detail", sa.String(length=200), server_default="", nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('active', 'cancelled', 'expired', 'rejected', 'sent', 'submitted', 'superseded', 'suspended')",
            name="registrations_state",
        ),
        sa.CheckConstraint("(told_at IS NULL) = (state = 'sent')", name="registrations_told"),
        sa.ForeignKeyConstraint(["hospital_code"], ["institutions.code"]),
        sa.PrimaryKeyConstraint("registration_id"),
        sa.UniqueConstraint("hospital_code", "msgid", name="registrations_message"),
    )
    op.create_index("registrations_person", "registrations", ["person_id"], unique=False)
    op.create_table(
        "registration_cancellations",
        sa.Column("cancellation_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("msgid", sa.String(length=30), nullable=False),
        sa.Column("is_done", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("detail", sa.String(length=200), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "NOT is_done OR code IS NULL", name="registration_cancellations_outcome"
        ),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.registration_id"]),
        sa.PrimaryKeyConstraint("cancellation_id"),
    )
    op.create_index(
        "registration_cancellations_open",
        "registration_cancellations",
        ["registration_id"],
        unique=True,
        postgresql_where="NOT is_done AND code IS NULL",
    )
    op.create_table(
        "preflights",
        sa.Column("enquiry_id", sa.Uuid(), nullable=False),
        sa.Column("own", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("is_final", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("enquiry_id"),
    )
    op.create_table(
        "publications",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )


def downgrade() -> None:
    op.drop_table("publications")
    op.drop_table("preflights")
    op.drop_table("registration_cancellations")
    op.drop_table("registrations")
