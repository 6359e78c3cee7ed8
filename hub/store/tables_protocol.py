"""The tables that make every settlement end: whose an id is first, and unanswered releases."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Table,
    Uuid,
)

from contracts.messages.settlement import ReleaseReason
from hub.domain.settlement import Claimant
from hub.store.tables import metadata, one_of

# The request and the withdrawal of one settlement may be in two hands at the same time. The key
# decides which of them came first; the other waits for it and sees it.
Table(
    "settlement_claims",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("claimed_by", String(10), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    one_of("settlement_claims", "claimed_by", Claimant),
)

awaited = Table(  # Only what is outstanding: an answer deletes its row.
    "releases_awaited",
    metadata,
    Column("settlement_id", Uuid, ForeignKey("settlements.settlement_id"), primary_key=True),
    Column("reason", String(10), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("times", SmallInteger, nullable=False, server_default="0"),
    Column("look_at", DateTime(timezone=True), nullable=False),
    Column("alarmed_at", DateTime(timezone=True)),
    one_of("releases_awaited", "reason", ReleaseReason),
    CheckConstraint("look_at >= asked_at", name="releases_awaited_look_after_asking"),
)
Index("releases_awaited_look_at", awaited.c.look_at)
