"""The table of canaries: that they came by and were answered, for a day."""

from sqlalchemy import Column, DateTime, Index, MetaData, String, Table, Uuid


def add_to(metadata: MetaData) -> None:
    """Declare canaries. They have no grant: `grants` refuses their person."""
    canaries = Table(
        "canaries",
        metadata,
        Column("canary_id", Uuid, primary_key=True),
        Column("answered_at", DateTime(timezone=True), nullable=False),
        Column("code", String(4)),
    )
    Index("canaries_answered", canaries.c.answered_at)
