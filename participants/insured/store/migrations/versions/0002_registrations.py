"""Registrations: the desk's reviews, every step, chronic eligibilities, what was published."""

# ruff: noqa: E501 - the texts of the checks stand here as PostgreSQL got them.

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registration_reviews",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insured_division", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=True),
        sa.Column("disease_code", sa.String(length=30), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("materials", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'rejected') = (code IS NOT NULL)", name="reviews_no_has_a_code"
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL) AND (state = 'waiting') = (decided_by IS NULL)",
            name="reviews_decided_by_somebody",
        ),
        sa.CheckConstraint(
            "category IN ('retired_resettled', 'long_term_resident', 'posted_worker', 'referral', 'emergency', 'other_temporary', 'chronic_disease')",
            name="reviews_category_is_known",
        ),
        sa.CheckConstraint(
            "channel IN ('window', 'app', 'mini_programme', 'web', 'phone', 'hospital')",
            name="reviews_channel_is_known",
        ),
        sa.CheckConstraint("insurance_kind IN ('310', '390')", name="reviews_kind_is_known"),
        sa.CheckConstraint(
            "standing IN ('submitted', 'active', 'rejected', 'suspended', 'superseded', 'cancelled', 'expired')",
            name="reviews_standing_is_known",
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'accepted', 'rejected', 'withdrawn')",
            name="reviews_state_is_known",
        ),
        sa.CheckConstraint("(standing IS NULL) = (told_at IS NULL)", name="reviews_told_at_a_time"),
        sa.PrimaryKeyConstraint("registration_id"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "registration_reviews_queue",
        "registration_reviews",
        ["state", "due_on", "submitted_at", "registration_id"],
        unique=False,
    )
    op.create_table(
        "registration_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("standing", sa.String(length=12), nullable=True),
        sa.Column("change", sa.String(length=12), nullable=True),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "change IN ('supplement', 'suspend', 'resume', 'cancel')",
            name="history_change_is_known",
        ),
        sa.CheckConstraint(
            "standing IN ('submitted', 'active', 'rejected', 'suspended', 'superseded', 'cancelled', 'expired')",
            name="history_standing_is_known",
        ),
        sa.CheckConstraint(
            "step <> 'change_asked' OR (change IS NOT NULL AND change_id IS NOT NULL)",
            name="history_wish_says_what",
        ),
        sa.CheckConstraint(
            "step IN ('asked', 'accepted', 'rejected', 'withdrawn', 'change_asked', 'change_refused', 'told')",
            name="history_step_is_known",
        ),
        sa.PrimaryKeyConstraint("history_id"),
    )
    op.create_index(
        "registration_history_of",
        "registration_history",
        ["registration_id", "history_id"],
        unique=False,
    )
    op.create_index(
        "registration_history_wishes",
        "registration_history",
        ["change_id"],
        unique=True,
        postgresql_where=sa.text("step = 'change_asked'"),
    )
    op.create_table(
        "chronic_eligibilities",
        sa.Column("eligibility_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.String(length=29), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("disease_code", sa.String(length=30), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(source = 'registration') = (registration_id IS NOT NULL)",
            name="eligibilities_say_which_registration",
        ),
        sa.CheckConstraint(
            "source IN ('registration', 'file')", name="eligibilities_source_is_known"
        ),
        sa.CheckConstraint("valid_to >= valid_from", name="eligibilities_end_after_beginning"),
        sa.ForeignKeyConstraint(
            ["person_id", "insurance_kind"],
            ["insurances.person_id", "insurances.insurance_kind"],
            name="eligibilities_of_an_insurance",
        ),
        sa.PrimaryKeyConstraint("eligibility_id"),
    )
    op.create_index(
        "chronic_eligibilities_filed",
        "chronic_eligibilities",
        ["person_id", "insurance_kind", "disease_code", "valid_from"],
        unique=True,
        postgresql_where=sa.text("registration_id IS NULL"),
    )
    op.create_index(
        "chronic_eligibilities_of", "chronic_eligibilities", ["person_id"], unique=False
    )
    op.create_index(
        "chronic_eligibilities_registered",
        "chronic_eligibilities",
        ["registration_id", "valid_from"],
        unique=True,
        postgresql_where=sa.text("registration_id IS NOT NULL"),
    )
    op.create_table(
        "publications",
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("of", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('terms', 'directory')", name="publications_part_is_known"),
        sa.CheckConstraint(
            "octet_length(fingerprint) = 32", name="publications_fingerprint_is_sha256"
        ),
        sa.PrimaryKeyConstraint("part", "of"),
    )


def downgrade() -> None:
    op.drop_table("publications")
    op.drop_table("chronic_eligibilities")
    op.drop_table("registration_history")
    op.drop_table("registration_reviews")
