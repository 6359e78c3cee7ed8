"""The tables of registrations, and what the database itself holds to be true of them."""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from contracts.codes import LONG_TERM, Channel, InsuranceKind, RegistrationCategory
from hub.domain.registration import IN_FORCE, RegistrationEvent, RegistrationState
from hub.store.tables import metadata, one_of

_IN_FORCE = ", ".join(f"'{state}'" for state in sorted(IN_FORCE))
_EVER_COUNTED = f"state IN ({_IN_FORCE}) OR ended_on IS NOT NULL"
_IS_CHRONIC = "(category = 'chronic_disease')"
_LONG_TERM = ", ".join(f"'{category}'" for category in sorted(LONG_TERM))
# Whose days: the person's, and as `Registration.subject` says, about what.
_WHOSE = (
    "hashtextextended(person_id || coalesce(left(disease_code, 4), CASE WHEN category IN"
    f" ({_LONG_TERM}) THEN 'long_term' ELSE 'temporary' END), 0) >> 1"
)


def _division(name: str, **options: Any) -> Column[Any]:
    return Column(name, String(6), **({"nullable": False} | options))


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **({"nullable": False} | options))


registrations = Table(
    "registrations",
    metadata,
    Column("registration_id", Uuid, primary_key=True),
    Column("person_id", String(29), nullable=False),
    _division("insured_area"),
    _division("insured_division"),
    Column("insurance_kind", String(3), nullable=False),
    Column("category", String(30), nullable=False),
    _division("place", nullable=True),
    _division("treatment_area", nullable=True),
    Column("disease_code", String(30)),
    Column("begins_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("channel", String(20), nullable=False),
    Column("submitted_by", String(100), nullable=False),
    Column("by", String(200), nullable=False),
    Column("filed_by_message", Boolean, nullable=False),
    _instant("submitted_at"),
    Column("replaces", Uuid),  # a rejected one may name what never was
    Column("version", SmallInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("materials", JSONB, nullable=False),
    Column("materials_filed", SmallInteger, nullable=False),
    Column("gaps", JSONB, nullable=False),
    Column("ended_on", Date),
    _instant("decided_at", nullable=True),
    Column("decided_by", String(200)),
    Column("refusal_code", String(4)),
    Column("reason", String(200)),
    Column("step_count", SmallInteger, nullable=False),
    one_of("registrations", "insurance_kind", InsuranceKind),
    one_of("registrations", "category", RegistrationCategory),
    one_of("registrations", "channel", Channel),
    one_of("registrations", "state", RegistrationState),
    CheckConstraint(
        "state = 'rejected' OR ends_on IS NULL OR ends_on >= begins_on",
        name="registrations_ends_after_it_begins",
    ),
    CheckConstraint(
        "state = 'cancelled' OR (state = 'submitted') = (decided_at IS NULL)",
        name="registrations_decided_has_an_instant",
    ),
    CheckConstraint(
        "CASE WHEN state IN ('superseded', 'expired') THEN ended_on IS NOT NULL"
        " WHEN state = 'cancelled' THEN (ended_on IS NULL) = (decided_at IS NULL)"
        " ELSE ended_on IS NULL END",
        name="registrations_ended_has_a_last_day",
    ),
    CheckConstraint(
        f"state = 'rejected' OR ({_IS_CHRONIC} = (disease_code IS NOT NULL)"
        f" AND {_IS_CHRONIC} = (place IS NULL))",
        name="registrations_place_or_disease",
    ),
    CheckConstraint(
        "version >= 1 AND replaces <> registration_id", name="registrations_version_follows"
    ),
    # One person, one day, at most one registration that counts for one thing; suspended ones keep
    # their days, and so do those that ended, up to their end. The person stands in the constraint
    # as a range of one number, because equality in GiST would need the btree_gist extension, which
    # not every PostgreSQL has. Two people share a number once in 2^63.
    ExcludeConstraint(
        (text(f"int8range({_WHOSE}, {_WHOSE}, '[]')"), "&&"),
        (
            text(
                "(CASE WHEN coalesce(ended_on, ends_on) < begins_on THEN 'empty'::daterange"
                " ELSE daterange(begins_on, coalesce(ended_on, ends_on), '[]') END)"
            ),
            "&&",
        ),
        name="registrations_one_in_force",
        using="gist",
        where=text(_EVER_COUNTED),
    ),
)
Index("registrations_person_id", registrations.c.person_id)
for _side in ("insured_area", "treatment_area"):  # What waits for an area, newest first.
    Index(
        f"registrations_{_side}",
        registrations.c[_side],
        registrations.c.submitted_at,
        registrations.c.registration_id,
    )
Index(
    "registrations_to_expire",
    registrations.c.ends_on,
    postgresql_where=text(f"state IN ({_IN_FORCE})"),
)
Index(
    "registrations_replaces",
    registrations.c.replaces,
    postgresql_where=text("replaces IS NOT NULL"),
)
Index(  # A version is followed by one version.
    "registrations_one_next_version",
    registrations.c.replaces,
    unique=True,
    postgresql_where=text(f"replaces IS NOT NULL AND ({_EVER_COUNTED})"),
)

Table(  # The state table of hub.domain.registration, so that the database knows it too.
    "registration_legal_steps",
    metadata,
    Column("from_state", String(20), primary_key=True),
    Column("event", String(20), primary_key=True),
    Column("to_state", String(20), primary_key=True),
    one_of("registration_legal_steps", "from_state", RegistrationState),
    one_of("registration_legal_steps", "event", RegistrationEvent),
    one_of("registration_legal_steps", "to_state", RegistrationState),
)

registration_steps = Table(
    "registration_steps",
    metadata,
    Column("registration_id", Uuid, ForeignKey("registrations.registration_id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("from_state", String(20), nullable=False),
    Column("event", String(20), nullable=False),
    Column("to_state", String(20), nullable=False),
    _instant("at"),
    Column("by", String(200), nullable=False),
    Column("why", String(200), nullable=False),
    Column("change_id", Uuid),
    Column("materials", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["from_state", "event", "to_state"],
        [
            "registration_legal_steps.from_state",
            "registration_legal_steps.event",
            "registration_legal_steps.to_state",
        ],
        name="registration_steps_are_legal",
    ),
)
Index(  # A wish is granted once.
    "registration_steps_change_id",
    registration_steps.c.change_id,
    unique=True,
    postgresql_where=text("change_id IS NOT NULL"),
)
