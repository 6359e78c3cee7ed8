"""The tables of questions about persons, of accidents, and of what the rule checks found."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from contracts.messages.enquiry import Question
from participants.treatment.domain.finding import Severity, Stage, Way
from participants.treatment.store.columns import at, fen


def add_to(metadata: MetaData) -> None:
    """Declare questions, filing_papers, accidents, findings and finding_answers."""
    questions = Table(
        "questions",
        metadata,
        Column("enquiry_id", Uuid, primary_key=True),
        Column("person_id", String(29), nullable=False),
        Column("question", String(20), nullable=False),
        at("asked_at"),
        at("answer_by"),
        Column("answer", Text),
        at("answered_at", nullable=True),
        CheckConstraint(_in("question", Question), name="questions_question"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name="questions_answered_at_a_time"
        ),
    )
    Index("questions_asked_at", questions.c.asked_at)
    # What a hospital said when it filed a registration, and 5302 and 5304 tell again.
    Table(
        "filing_papers",
        metadata,
        Column(
            "registration_id", Uuid, ForeignKey("registrations.registration_id"), primary_key=True
        ),
        Column("said", JSONB, nullable=False),
        Column("sealed_contact", Text, nullable=False),
        CheckConstraint("jsonb_typeof(said) = 'object'", name="filing_papers_said"),
    )
    _accidents(metadata)
    _findings(metadata)


def _accidents(metadata: MetaData) -> None:
    """意外伤害备案 2507; who it was and how it happened is sealed."""
    accidents = Table(
        "accidents",
        metadata,
        Column("accident_id", Uuid, primary_key=True),
        Column("msgid", String(30), nullable=False),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("person_id", String(29), nullable=False),
        Column("insured_division", String(6), nullable=False),
        Column("happened_on", Date),
        Column("begins_on", Date, nullable=False),
        Column("ends_on", Date),
        Column("third_party", Boolean, nullable=False),
        Column("sealed_report", Text, nullable=False),
        at("filed_at"),
        UniqueConstraint("hospital_code", "msgid", name="accidents_message"),
        CheckConstraint("length(person_id) = 29", name="accidents_person"),
        CheckConstraint("insured_division ~ '^[0-9]{6}$'", name="accidents_division"),
        CheckConstraint("ends_on >= begins_on", name="accidents_dates"),
        CheckConstraint("happened_on <= begins_on", name="accidents_happened_before"),
    )
    Index("accidents_person", accidents.c.person_id, accidents.c.hospital_code)


def _findings(metadata: MetaData) -> None:
    """What 3101 and 3102 found, and, line by line, what 3103 said was done about it."""
    findings = Table(
        "findings",
        metadata,
        Column("finding_id", Uuid, primary_key=True),
        Column("stage", String(10), nullable=False),
        Column("msgid", String(30), nullable=False),
        Column("hospital_code", String(30), ForeignKey("institutions.code"), nullable=False),
        Column("person_id", String(29)),
        Column("visit_no", String(50), nullable=False),
        Column("rule_id", String(50), nullable=False),
        Column("severity", String(1), nullable=False),
        Column("told", String(500), nullable=False),
        fen("amount_fen"),
        Column("items", JSONB, nullable=False),
        at("found_at"),
        CheckConstraint(_in("stage", Stage), name="findings_stage"),
        CheckConstraint(_in("severity", Severity), name="findings_severity"),
        CheckConstraint("amount_fen >= 0", name="findings_amount"),
        CheckConstraint("jsonb_typeof(items) = 'array'", name="findings_items"),
    )
    Index("findings_found_at", findings.c.found_at)
    Index("findings_person", findings.c.person_id, postgresql_where="person_id IS NOT NULL")
    answers = Table(
        "finding_answers",
        metadata,
        Column("answer_id", BigInteger, Identity(), primary_key=True),
        Column(
            "finding_id",
            Uuid,
            ForeignKey("findings.finding_id", ondelete="CASCADE"),
            nullable=False,
        ),
        Column("msgid", String(30), nullable=False),
        Column("way", String(1), nullable=False),
        Column("reason", String(500), nullable=False),
        Column("by", String(100), nullable=False),
        at("answered_at"),
        CheckConstraint(_in("way", Way), name="finding_answers_way"),
        CheckConstraint("way <> '1' OR reason <> ''", name="finding_answers_reason"),
    )
    Index("finding_answers_of_finding", answers.c.finding_id)


def _in(column: str, members: Iterable[StrEnum]) -> str:
    listed = ", ".join(f"'{member.value}'" for member in sorted(members))
    return f"{column} IN ({listed})"
