"""The tables of route weather: canaries that were sent, and what the areas were last told."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    String,
    Table,
    Uuid,
)

from contracts.messages.weather import Condition
from hub.store.tables import metadata, one_of

# Not in `settlements`: a posting needs a row there, so a canary can never get one, and nothing that
# counts, clears or reconciles settlements can ever see it.
canaries = Table(
    "canaries",
    metadata,
    Column("canary_id", Uuid, primary_key=True),
    Column("insured_area", String(6), nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("answer_by", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("is_sound", Boolean),
    CheckConstraint(
        "(answered_at IS NULL) = (is_sound IS NULL)", name="canaries_answered_is_judged"
    ),
    CheckConstraint("answer_by >= sent_at", name="canaries_have_time"),
)
Index("canaries_sent", canaries.c.insured_area, canaries.c.sent_at)

Table(  # One row an insured area: as it was last told to the treatment areas.
    "route_weather",
    metadata,
    Column("insured_area", String(6), primary_key=True),
    Column("condition", String(10), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    one_of("route_weather", "condition", Condition),
)
