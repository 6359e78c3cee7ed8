"""Canaries, route weather, and how far each reader is.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "progress",
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("end_offset", sa.BigInteger(), nullable=False),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("moved_at <= looked_at", name="progress_moved_before_the_look"),
        sa.PrimaryKeyConstraint("reader", "topic", "partition"),
    )
    op.create_table(
        "canaries",
        sa.Column("canary_id", sa.Uuid(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_sound", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (is_sound IS NULL)", name="canaries_answered_is_judged"
        ),
        sa.CheckConstraint("answer_by >= sent_at", name="canaries_have_time"),
        sa.PrimaryKeyConstraint("canary_id"),
    )
    op.create_index("canaries_sent", "canaries", ["insured_area", "sent_at"], unique=False)
    op.create_table(
        "route_weather",
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("condition", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "condition IN ('clear', 'slow', 'down')", name="route_weather_condition_is_known"
        ),
        sa.PrimaryKeyConstraint("insured_area"),
    )
    op.create_check_constraint(
        "settlements_never_of_a_canary",
        "settlements",
        "person_id <> 'CANARY00000000000000000000000'",
    )
