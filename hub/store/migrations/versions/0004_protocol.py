"""What it takes that every settlement ends: whose an id is first, and releases not answered yet.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = (
    "'out_of_step', 'unknown_subject', 'wrong_sender', 'repeated_id', 'nothing_granted',"
    " 'contradictory'"
)
KINDS_NOW = (
    "'out_of_step', 'unknown_subject', 'wrong_sender', 'repeated_id', 'nothing_granted',"
    " 'release_overdue', 'contradictory'"
)
STEPS = (("settled", "keep", "settled"), ("reversed", "release", "reversed"))


def upgrade() -> None:
    op.create_table(
        "settlement_claims",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_by", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "claimed_by IN ('request', 'withdrawal')", name="settlement_claims_claimed_by_is_known"
        ),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.execute(
        "INSERT INTO settlement_claims (settlement_id, claimed_by, at)"
        " SELECT settlement_id, 'withdrawal', at FROM withdrawal_tombstones"
    )
    op.execute(
        "INSERT INTO settlement_claims (settlement_id, claimed_by, at)"
        " SELECT settlement_id, 'request', received_at FROM settlements"
        " ON CONFLICT (settlement_id) DO NOTHING"
    )
    op.drop_table("withdrawal_tombstones")
    op.create_table(
        "releases_awaited",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("look_at >= asked_at", name="releases_awaited_look_after_asking"),
        sa.CheckConstraint(
            "reason IN ('expired', 'withdrawn', 'cancelled', 'late', 'unsound')",
            name="releases_awaited_reason_is_known",
        ),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlements.settlement_id"]),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.create_index("releases_awaited_look_at", "releases_awaited", ["look_at"], unique=False)
    _await_what_is_outstanding()
    _kinds(KINDS_NOW)
    table = sa.table(
        "settlement_legal_steps",
        *(sa.column(name, sa.String) for name in ("from_state", "event", "to_state")),
    )
    names = ("from_state", "event", "to_state")
    op.bulk_insert(table, [dict(zip(names, step, strict=True)) for step in STEPS])


def _await_what_is_outstanding() -> None:
    """Whatever was asked before anybody counted is asked again."""
    op.execute(
        "INSERT INTO releases_awaited (settlement_id, reason, asked_at, look_at)"
        " SELECT settlement_id,"
        " CASE state WHEN 'reversing' THEN 'cancelled' ELSE state END,"
        " concluded_at, concluded_at FROM settlements"
        " WHERE released_at IS NULL AND state IN ('expired', 'withdrawn', 'reversing')"
    )


def _kinds(listed: str) -> None:
    op.drop_constraint("anomalies_kind_is_known", "anomalies", type_="check")
    op.create_check_constraint("anomalies_kind_is_known", "anomalies", f"kind IN ({listed})")


def downgrade() -> None:
    _kinds(KINDS)
    op.drop_table("releases_awaited")
    op.create_table(
        "withdrawal_tombstones",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id"),
    )
    op.drop_table("settlement_claims")
