"""Route weather as the hub told it, and how far each reader is.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


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
        "route_weather",
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("condition", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("success_bp", sa.Integer(), nullable=True),
        sa.Column("p50_ms", sa.Integer(), nullable=True),
        sa.Column("p95_ms", sa.Integer(), nullable=True),
        sa.Column("lag_ms", sa.Integer(), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "condition IN ('clear', 'down', 'slow')", name="route_weather_condition"
        ),
        sa.CheckConstraint("success_bp BETWEEN 0 AND 10000", name="route_weather_success"),
        sa.PrimaryKeyConstraint("insured_area"),
    )
