"""Repairs of breaks and their history.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # a constraint stays one line

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KINDS = "kind IN ('resend', 'reverse', 'adopt', 'ask')"
LIVE = sa.text("state IN ('ordered', 'obeyed')")
APPEND_ONLY = ("repair_proposals", "break_steps")  # `refuse_change` is of the first migration


def upgrade() -> None:
    _working_on_breaks()
    _repairs()
    _steps()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _working_on_breaks() -> None:
    op.create_table(
        "break_owners",
        sa.Column("break_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"]),
        sa.PrimaryKeyConstraint("break_id"),
    )
    op.create_table(
        "repair_proposals",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("break_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.CheckConstraint(KINDS, name="repair_proposals_kind_is_known"),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"]),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"]),
        sa.PrimaryKeyConstraint("proposal_id", "break_id"),
    )
    op.create_index("repair_proposals_of_break", "repair_proposals", ["break_id"])


def _repairs() -> None:
    op.create_table(
        "repairs",
        sa.Column("repair_id", sa.Uuid(), nullable=False),
        sa.Column("break_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(KINDS, name="repairs_kind_is_known"),
        sa.CheckConstraint(
            "state IN ('ordered', 'obeyed', 'worked', 'failed', 'undoing', 'undone')",
            name="repairs_state_is_known",
        ),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"]),
        sa.PrimaryKeyConstraint("repair_id"),
    )
    op.create_index("repairs_of_break", "repairs", ["break_id"])
    op.create_index("repairs_one_live", "repairs", ["break_id"], unique=True, postgresql_where=LIVE)
    op.create_index("repairs_to_follow", "repairs", ["looked_at"], postgresql_where=LIVE)
    op.create_table(
        "repair_orders",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("repair_id", sa.Uuid(), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_out", sa.Integer(), nullable=True),
        sa.Column("put_in", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=4), nullable=True),
        sa.Column("detail", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("role IN ('insured', 'treatment')", name="repair_orders_role_is_known"),
        sa.CheckConstraint("sign IN (1, -1)", name="repair_orders_sign"),
        sa.CheckConstraint(
            "num_nonnulls(answered_at, taken_out, put_in) IN (0, 3)",
            name="repair_orders_answered_in_full",
        ),
        sa.CheckConstraint(
            "code IS NULL OR answered_at IS NOT NULL", name="repair_orders_refused_by_an_answer"
        ),
        sa.ForeignKeyConstraint(["repair_id"], ["repairs.repair_id"]),
        sa.ForeignKeyConstraint(["undoes"], ["repair_orders.order_id"]),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("undoes"),
    )
    op.create_index("repair_orders_of_repair", "repair_orders", ["repair_id"])


def _steps() -> None:
    op.create_table(
        "break_steps",
        sa.Column("step_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("break_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("repair_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "step IN ('claimed', 'assigned', 'released', 'proposed', 'ordered', 'obeyed', 'refused', 'worked', 'failed', 'undo_proposed', 'undoing', 'undone')",
            name="break_steps_step_is_known",
        ),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"]),
        sa.ForeignKeyConstraint(["repair_id"], ["repairs.repair_id"]),
        sa.PrimaryKeyConstraint("step_id"),
    )
    op.create_index("break_steps_of_break", "break_steps", ["break_id", "step_id"])
