"""The table of diagnoses."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from participants.treatment.store.columns import at


def add_to(metadata: MetaData) -> None:
    """Declare diagnoses."""
    Table(
        "diagnoses",
        metadata,
        Column("visit_id", Uuid, ForeignKey("visits.visit_id"), primary_key=True),
        Column("stage", String(1), primary_key=True),
        Column("position", SmallInteger, primary_key=True),
        Column("kind", String(3), nullable=False),
        Column("is_main", Boolean, nullable=False),
        Column("code", String(20), nullable=False),
        Column("name", String(100), nullable=False),
        Column("condition", Text, nullable=False),
        Column("department", String(50), nullable=False),
        Column("doctor_code", String(30), nullable=False),
        Column("doctor_name", String(50), nullable=False),
        at("diagnosed_at"),
        Column("is_valid", Boolean, nullable=False),
        at("said_at"),
        CheckConstraint("stage IN ('1', '2')", name="diagnoses_stage"),
        CheckConstraint("position BETWEEN 0 AND 99", name="diagnoses_position"),
    )
