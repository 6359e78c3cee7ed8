"""The tables of what hospitals file and enquire about, and of what we have made known."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from participants.treatment.domain.filing import FilingState
from participants.treatment.store.columns import at


def add_to(metadata: MetaData) -> None:
    """Declare registrations, registration_cancellations, preflights and publications."""
    registrations = Table(
        "registrations",
        metadata,
        Column("registration_id", Uuid, primary_key=True),
        Column("msgid", String(30), nullable=False),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("infno", String(10), nullable=False),
        Column("person_id", String(29), nullable=False),
        Column("wanted", Text, nullable=False),
        Column("state", String(20), nullable=False),
        Column("code", String(4)),
        Column("detail", String(200), nullable=False, server_default=""),
        at("filed_at"),
        at("answer_by"),
        at("told_at", nullable=True),
        CheckConstraint(_in("state", FilingState), name="registrations_state"),
        CheckConstraint("(told_at IS NULL) = (state = 'sent')", name="registrations_told"),
        UniqueConstraint("hospital_code", "msgid", name="registrations_message"),
    )
    Index("registrations_person", registrations.c.person_id)
    cancellations = Table(
        "registration_cancellations",
        metadata,
        Column("cancellation_id", Uuid, primary_key=True),
        Column(
            "registration_id", Uuid, ForeignKey("registrations.registration_id"), nullable=False
        ),
        Column("msgid", String(30), nullable=False),
        Column("is_done", Boolean, nullable=False, server_default="false"),
        Column("code", String(4)),
        Column("detail", String(200), nullable=False, server_default=""),
        at("asked_at"),
        at("answer_by"),
        at("told_at", nullable=True),
        CheckConstraint("NOT is_done OR code IS NULL", name="registration_cancellations_outcome"),
    )
    Index(
        "registration_cancellations_open",
        cancellations.c.registration_id,
        unique=True,
        postgresql_where="NOT is_done AND code IS NULL",
    )
    Table(
        "preflights",
        metadata,
        Column("enquiry_id", Uuid, primary_key=True),
        Column("own", JSONB, nullable=False),
        Column("answer", Text),
        Column("is_final", Boolean, nullable=False, server_default="false"),
        at("asked_at"),
        at("answer_by"),
        at("answered_at", nullable=True),
    )
    Table(
        "publications",
        metadata,
        Column("kind", String(40), primary_key=True),
        Column("content_sha256", LargeBinary(32), nullable=False),
        at("published_at"),
    )


def _in(column: str, members: Iterable[StrEnum]) -> str:
    listed = ", ".join(f"'{member.value}'" for member in sorted(members))
    return f"{column} IN ({listed})"
