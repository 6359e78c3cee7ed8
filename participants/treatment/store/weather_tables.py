"""The table of route weather: what the hub said last of each insured area."""

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table

from contracts.messages.weather import Condition
from participants.treatment.store.columns import at


def add_to(metadata: MetaData) -> None:
    """Declare route_weather. `probed_at`: when a request was last let through to a down area."""
    listed = ", ".join(f"'{one.value}'" for one in sorted(Condition))
    Table(
        "route_weather",
        metadata,
        Column("insured_area", String(6), primary_key=True),
        Column("condition", String(10), nullable=False),
        at("since"),
        at("observed_at"),
        Column("tried", Integer, nullable=False),
        Column("success_bp", Integer),
        Column("p50_ms", Integer),
        Column("p95_ms", Integer),
        Column("lag_ms", Integer, nullable=False),
        at("probed_at", nullable=True),
        CheckConstraint(f"condition IN ({listed})", name="route_weather_condition"),
        CheckConstraint("success_bp BETWEEN 0 AND 10000", name="route_weather_success"),
    )
