"""Message ids are a hospital's own; and what it takes that every settlement ends."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIVE = "state IN ('requested', 'reversing', 'settled', 'withdrawing')"
PENDING = "state IN ('requested', 'reversing', 'withdrawing')"


def upgrade() -> None:
    op.drop_constraint("attempts_pkey", "attempts", type_="primary")
    op.create_primary_key("attempts_pkey", "attempts", ["hospital_code", "msgid"])
    for table in ("visits", "settlements"):
        op.drop_constraint(f"{table}_msgid_key", table, type_="unique")
        op.create_unique_constraint(f"{table}_message", table, ["hospital_code", "msgid"])
    op.add_column(
        "settlements",
        sa.Column("reminders", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.add_column("settlements", sa.Column("cancellation_id", sa.Uuid(), nullable=True))
    for column in ("lapsed_at", "undone_at"):
        op.add_column("settlements", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column("settlements", sa.Column("own_visit_no", sa.String(length=30), nullable=True))
    op.create_index(
        "settlements_one_live_per_own_visit",
        "settlements",
        ["hospital_code", "person_id", "own_visit_no"],
        unique=True,
        postgresql_where=f"{LIVE} AND NOT mid_stay AND own_visit_no IS NOT NULL",
    )
    op.create_index(
        "settlements_unanswered",
        "settlements",
        ["answer_by"],
        unique=False,
        postgresql_where=PENDING,
    )


def downgrade() -> None:
    op.drop_index("settlements_unanswered", "settlements")
    op.drop_index("settlements_one_live_per_own_visit", "settlements")
    for column in ("own_visit_no", "undone_at", "lapsed_at", "cancellation_id", "reminders"):
        op.drop_column("settlements", column)
    for table in ("visits", "settlements"):
        op.drop_constraint(f"{table}_message", table, type_="unique")
        op.create_unique_constraint(f"{table}_msgid_key", table, ["msgid"])
    op.drop_constraint("attempts_pkey", "attempts", type_="primary")
    op.create_primary_key("attempts_pkey", "attempts", ["msgid"])
