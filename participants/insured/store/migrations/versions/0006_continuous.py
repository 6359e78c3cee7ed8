"""Rows by the hub's instant, for the continuous comparison.

Frozen: a later change of a table is a later migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANTS = {
    "settled_at": ("settled_on", "coalesce(calculated_at, now())"),
    "reversed_at": ("reversed_on", "coalesce(released_at, now())"),
}


def upgrade() -> None:
    for at, (day, before) in INSTANTS.items():
        op.add_column("grants", sa.Column(at, sa.DateTime(timezone=True), nullable=True))
        # What is booked already lies before every slice that will be reported.
        op.execute(f"UPDATE grants SET {at} = {before} WHERE {day} IS NOT NULL")  # noqa: S608 - columns of ours
        op.create_index(
            f"grants_{at}",
            "grants",
            [at],
            postgresql_where=sa.text(f"{at} IS NOT NULL"),
        )
        op.create_index(
            f"grants_{at}_unheard",
            "grants",
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
