"""Canaries that came by, and how far each reader is.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


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
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.PrimaryKeyConstraint("canary_id"),
    )
    op.create_index("canaries_answered", "canaries", ["answered_at"], unique=False)
    op.create_check_constraint(
        "grants_never_of_a_canary", "grants", "person_id <> 'CANARY00000000000000000000000'"
    )
