"""Rows by the hub's instant, for the continuous comparison.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

INSTANTS = {
    "hub_settled_at": ("business_date", "coalesce(settled_at, requested_at)"),
    "hub_reversed_at": ("reversed_on", "coalesce(reversed_at, now())"),
}


def upgrade() -> None:
    for at, (day, before) in INSTANTS.items():
        op.add_column("settlements", sa.Column(at, sa.DateTime(timezone=True), nullable=True))
        # What is booked already lies before every slice that will be reported.
        op.execute(f"UPDATE settlements SET {at} = {before} WHERE {day} IS NOT NULL")  # noqa: S608 - columns of ours
        op.create_index(
            f"settlements_{at}",
            "settlements",
            [at],
            postgresql_where=sa.text(f"{at} IS NOT NULL"),
        )
        op.create_index(
            f"settlements_{at}_unheard",
            "settlements",
            [day],
            postgresql_where=sa.text(f"{day} IS NOT NULL AND {at} IS NULL"),
        )
    op.create_table(
        "slices_reported",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("reported_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one", name="slices_reported_has_one_row"),
        sa.PrimaryKeyConstraint("one"),
    )
    op.add_column(
        "hospital_breaks",
        sa.Column("is_told", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_index(
        "hospital_breaks_untold",
        "hospital_breaks",
        ["break_id"],
        postgresql_where=sa.text("NOT is_told"),
    )
