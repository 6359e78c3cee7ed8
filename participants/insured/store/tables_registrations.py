"""The tables of registrations: reviews, every step, eligibilities, and what was published."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from contracts.codes import Channel, InsuranceKind, RegistrationCategory
from contracts.messages.registration import Change, RegistrationStanding
from participants.insured.domain.eligibility import Source
from participants.insured.domain.history import HistoryStep
from participants.insured.domain.publication import Part
from participants.insured.domain.review import ReviewState
from participants.insured.store.columns import ROOM, one_of


def add_to(metadata: MetaData) -> None:
    """Declare them in an insured area's metadata."""
    _reviews(metadata)
    _history(metadata)
    _eligibilities(metadata)
    _publications(metadata)


def _reviews(metadata: MetaData) -> None:
    reviews = Table(
        "registration_reviews",
        metadata,
        Column("registration_id", Uuid, primary_key=True),
        Column("person_id", String(29), nullable=False),
        Column("insured_division", String(6), nullable=False),
        Column("insurance_kind", String(3), nullable=False),
        Column("category", String(20), nullable=False),
        Column("place", String(6)),
        Column("disease_code", String(30)),
        Column("begins_on", Date, nullable=False),
        Column("ends_on", Date),
        Column("materials", JSONB, nullable=False),
        Column("channel", String(20), nullable=False),
        Column("replaces", Uuid),
        Column("submitted_at", DateTime(timezone=True), nullable=False),
        Column("filed_by", String(200), nullable=False),
        Column("asked_at", DateTime(timezone=True), nullable=False),
        Column("due_on", Date, nullable=False),
        Column("state", String(10), nullable=False),
        Column("decided_at", DateTime(timezone=True)),
        Column("decided_by", String(200)),
        Column("code", String(4)),
        Column("reason", String(200), nullable=False),
        Column("standing", String(12)),
        Column("ended_on", Date),
        Column("told_at", DateTime(timezone=True)),
        CheckConstraint(one_of("state", ReviewState), name="reviews_state_is_known"),
        CheckConstraint(one_of("insurance_kind", InsuranceKind), name="reviews_kind_is_known"),
        CheckConstraint(one_of("category", RegistrationCategory), name="reviews_category_is_known"),
        CheckConstraint(one_of("channel", Channel), name="reviews_channel_is_known"),
        CheckConstraint(one_of("standing", RegistrationStanding), name="reviews_standing_is_known"),
        CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL)"
            " AND (state = 'waiting') = (decided_by IS NULL)",
            name="reviews_decided_by_somebody",
        ),
        CheckConstraint("(state = 'rejected') = (code IS NOT NULL)", name="reviews_no_has_a_code"),
        CheckConstraint("(standing IS NULL) = (told_at IS NULL)", name="reviews_told_at_a_time"),
        **ROOM,
    )
    # The queue, and every other list of one state: what is due first comes first.
    Index(
        "registration_reviews_queue",
        reviews.c.state,
        reviews.c.due_on,
        reviews.c.submitted_at,
        reviews.c.registration_id,
    )


def _history(metadata: MetaData) -> None:
    history = Table(
        "registration_history",
        metadata,
        Column("history_id", BigInteger, Identity(), primary_key=True),
        Column("registration_id", Uuid, nullable=False),
        Column("person_id", String(29), nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("step", String(20), nullable=False),
        Column("by", String(200), nullable=False),
        Column("why", String(200), nullable=False),
        Column("code", String(4)),
        Column("standing", String(12)),
        Column("change", String(12)),
        Column("change_id", Uuid),
        CheckConstraint(one_of("step", HistoryStep), name="history_step_is_known"),
        CheckConstraint(one_of("standing", RegistrationStanding), name="history_standing_is_known"),
        CheckConstraint(one_of("change", Change), name="history_change_is_known"),
        CheckConstraint(
            "step <> 'change_asked' OR (change IS NOT NULL AND change_id IS NOT NULL)",
            name="history_wish_says_what",
        ),
    )
    Index("registration_history_of", history.c.registration_id, history.c.history_id)
    Index(
        "registration_history_wishes",
        history.c.change_id,
        unique=True,
        postgresql_where=text("step = 'change_asked'"),
    )


def _eligibilities(metadata: MetaData) -> None:
    eligibilities = Table(
        "chronic_eligibilities",
        metadata,
        Column("eligibility_id", BigInteger, Identity(), primary_key=True),
        Column("person_id", String(29), nullable=False),
        Column("insurance_kind", String(3), nullable=False),
        Column("disease_code", String(30), nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("source", String(12), nullable=False),
        Column("registration_id", Uuid),
        ForeignKeyConstraint(
            ["person_id", "insurance_kind"],
            ["insurances.person_id", "insurances.insurance_kind"],
            name="eligibilities_of_an_insurance",
        ),
        CheckConstraint(one_of("source", Source), name="eligibilities_source_is_known"),
        CheckConstraint("valid_to >= valid_from", name="eligibilities_end_after_beginning"),
        CheckConstraint(
            "(source = 'registration') = (registration_id IS NOT NULL)",
            name="eligibilities_say_which_registration",
        ),
    )
    of = eligibilities.c
    Index("chronic_eligibilities_of", of.person_id)
    Index(
        "chronic_eligibilities_registered",
        of.registration_id,
        of.valid_from,
        unique=True,
        postgresql_where=text("registration_id IS NOT NULL"),
    )
    Index(
        "chronic_eligibilities_filed",
        of.person_id,
        of.insurance_kind,
        of.disease_code,
        of.valid_from,
        unique=True,
        postgresql_where=text("registration_id IS NULL"),
    )


def _publications(metadata: MetaData) -> None:
    Table(
        "publications",
        metadata,
        Column("part", String(12), primary_key=True),
        Column("of", String(20), primary_key=True),
        Column("fingerprint", LargeBinary(32), nullable=False),
        Column("published_at", DateTime(timezone=True), nullable=False),
        CheckConstraint(one_of("part", Part), name="publications_part_is_known"),
        CheckConstraint(
            "octet_length(fingerprint) = 32", name="publications_fingerprint_is_sha256"
        ),
    )
