"""Databases of a simulation: seeded once as templates, copied for each seed, and gone after it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from contracts.codes import AreaCode, RegistrationCategory
from contracts.ids import IdSource, PersonId, RegistrationId, ids_from, new_id
from contracts.person import person_id_of
from contracts.sealing import Sealer
from hub.domain.registration import Registration, RegistrationState
from hub.services import participants
from hub.store import registrations
from participants.insured.services import eligibilities, people
from participants.treatment.domain.institution import read_list
from participants.treatment.services import institutions
from simulators.running.deployment import MIGRATIONS
from simulators.stack import postgres
from simulators.world.population import (
    Resident,
    eligibilities_file,
    institutions_file,
    people_file,
    residents,
)

AREAS = (AreaCode("310000"), AreaCode("330000"), AreaCode("340000"))
"""Each is an insured and a treatment area: six ways between them."""
PERSON_KEY = b"a person key of simulations"
SEALER = Sealer({"simulation": bytes(32)}, "simulation")
NEWCOMERS = 4
"""Of each area's insured: nobody has registered them anywhere."""
REGISTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)

# What the server does by itself it does by the machine's clock, and nobody could repeat it.
_LEFT_ALONE = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT oid::regclass::text FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', name); END LOOP;
    END $$
"""


@dataclass(frozen=True, slots=True)
class Templates:
    """Names of seeded databases on a server: `{prefix}hub`, `{prefix}insured_340000`, …"""

    admin_url: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Copies:
    """SQLAlchemy URLs of one seed's own databases."""

    hub: str
    insured: Mapping[AreaCode, str]
    treatment: Mapping[AreaCode, str]


@contextmanager
def templates(admin_url: str, prefix: str) -> Iterator[Templates]:
    """Migrate and seed one database a participant; they are dropped after the block."""
    made: list[str] = []
    try:
        for role, areas in _roles():
            bare = f"{prefix}bare_{role}"
            made.append(bare)
            MIGRATIONS[role](postgres.create_database(admin_url, bare))
            for area in areas:
                name = f"{prefix}{_name(role, area)}"
                made.append(name)
                _seed(role, area, postgres.create_database(admin_url, name, bare))
        yield Templates(admin_url, prefix)
    finally:
        for name in made:
            postgres.drop_database(admin_url, name)


@contextmanager
def copies(of: Templates, run: str) -> Iterator[Copies]:
    """One run's own databases, named after it; they are dropped after the block."""
    names = [_name(role, area) for role, areas in _roles() for area in areas]
    try:
        urls = {
            name: postgres.create_database(of.admin_url, f"{run}_{name}", f"{of.prefix}{name}")
            for name in names
        }
        yield Copies(
            urls["hub"],
            {area: urls[_name("insured", area)] for area in AREAS},
            {area: urls[_name("treatment", area)] for area in AREAS},
        )
    finally:
        for name in names:
            postgres.drop_database(of.admin_url, f"{run}_{name}")


def _counting() -> IdSource:
    """Ids that are the same whenever templates are made."""
    numbers = count(1)
    unix_ms = int(REGISTERED_AT.timestamp() * 1_000)
    return lambda: (unix_ms, next(numbers))


def _roles() -> Iterator[tuple[str, Sequence[AreaCode]]]:
    yield "hub", (AreaCode(""),)
    yield "insured", AREAS
    yield "treatment", AREAS


def _name(role: str, area: AreaCode) -> str:
    return f"{role}_{area}" if area else role


def _seed(role: str, area: AreaCode, url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as tx:
        tx.execute(text(_LEFT_ALONE))
    {"hub": _seed_hub, "insured": _seed_insured, "treatment": _seed_treatment}[role](engine, area)


def _seed_hub(engine: Engine, _area: AreaCode) -> None:
    """Every area takes part, and nearly everybody is registered for one of the others."""
    with engine.begin() as tx, ids_from(_counting()):
        participants.connect(tx, AREAS)
        registrations.add(
            tx,
            [_registration(one, place) for area in AREAS for one, place in travellers(area)],
        )


def _seed_insured(engine: Engine, area: AreaCode) -> None:
    with engine.begin() as tx:
        people.load(tx, people.read(area, people_file(area)), SEALER, PERSON_KEY)
        eligibilities.load(tx, eligibilities.read(eligibilities_file(area)), PERSON_KEY)


def _seed_treatment(engine: Engine, area: AreaCode) -> None:
    with engine.begin() as tx, institutions_file(area).open(encoding="utf-8", newline="") as lines:
        institutions.load(tx, read_list(lines, area))


def _registration(one: Resident, place: AreaCode) -> Registration:
    return Registration(
        registration_id=RegistrationId(new_id()),
        person_id=person_of(one),
        insured_area=one.area,
        insured_division=one.division,
        insurance_kind=one.insurance_kind,
        category=RegistrationCategory.REFERRAL,
        place=place,
        begins_on=date(2026, 1, 1),
        ends_on=None,
        state=RegistrationState.ACTIVE,
        submitted_by=f"treatment.{place}",
        submitted_at=REGISTERED_AT,
        by="simulation",
        decided_at=REGISTERED_AT,
        decided_by="simulation",
    )


def travellers(area: AreaCode) -> list[tuple[Resident, AreaCode]]:
    """Whose insurance is in force and who is registered, and where each of them is treated."""
    others = [other for other in AREAS if other != area]
    registered = _in_force(area)[:-NEWCOMERS]
    return [(one, others[n % len(others)]) for n, one in enumerate(registered)]


def newcomers(area: AreaCode) -> list[Resident]:
    """The insured of an area whose insurance is in force, and who are registered nowhere yet."""
    return _in_force(area)[-NEWCOMERS:]


def _in_force(area: AreaCode) -> list[Resident]:
    return [one for one in residents(area) if one.in_force]


def person_of(one: Resident) -> PersonId:
    """The token of a person of these databases."""
    return person_id_of(one.certificate_kind, one.certificate_number, PERSON_KEY)
