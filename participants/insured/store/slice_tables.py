"""What the comparison of the open day needs: rows by the hub's instant, and what was told."""

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, MetaData, Table

INSTANTS = {"settled_at": "settled_on", "reversed_at": "reversed_on"}


def add_to(metadata: MetaData) -> None:
    """Declare them in an insured area's metadata; `grants` must be there."""
    rows = metadata.tables["grants"]
    for at, day in INSTANTS.items():
        Index(f"grants_{at}", rows.c[at], postgresql_where=f"{at} IS NOT NULL")
        Index(
            f"grants_{at}_unheard",
            rows.c[day],
            postgresql_where=f"{day} IS NOT NULL AND {at} IS NULL",
        )
    Table(  # One row: up to where the hub was told of slices.
        "slices_reported",
        metadata,
        Column("one", Boolean, primary_key=True),
        Column("reported_until", DateTime(timezone=True), nullable=False),
        CheckConstraint("one", name="slices_reported_has_one_row"),
    )
