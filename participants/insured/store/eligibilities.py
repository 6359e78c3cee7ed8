"""Who is entitled for which chronic disease, and since when."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from contracts.codes import InsuranceKind
from contracts.delivery import bulk, prepared
from contracts.ids import PersonId, RegistrationId
from participants.insured.domain.eligibility import Eligibility, Source

# fmt: off
COLUMNS = ("person_id", "insurance_kind", "disease_code", "valid_from", "valid_to", "source",
           "registration_id")
# fmt: on
_LISTED = ", ".join(COLUMNS)
_ALL = f"SELECT {_LISTED} FROM chronic_eligibilities"
_OF = prepared.statement(
    f"{_ALL} WHERE person_id = ANY($1) ORDER BY valid_from, disease_code", "text[]"
)
_REGISTERED = f"{_ALL} WHERE registration_id = ANY(%s::uuid[]) ORDER BY valid_from"
_FORGET = "DELETE FROM chronic_eligibilities WHERE registration_id = ANY(%s::uuid[])"
_ADD = f"INSERT INTO chronic_eligibilities ({_LISTED}) VALUES %s"
_TEMPLATE = f"({', '.join(['%s'] * len(COLUMNS))})"
# Written again only where it says something else, so that a file read twice changes nothing.
_FILE = f"""
    {_ADD}
    ON CONFLICT (person_id, insurance_kind, disease_code, valid_from) WHERE registration_id IS NULL
    DO UPDATE SET valid_to = excluded.valid_to
    WHERE chronic_eligibilities.valid_to IS DISTINCT FROM excluded.valid_to
    RETURNING person_id
"""

OfPerson = dict[str, tuple[Eligibility, ...]]
OfRegistration = dict[RegistrationId, list[Eligibility]]


def of(tx: Connection, people: Iterable[str]) -> OfPerson:
    """Every eligibility of these people; who has none is not in it. Asks nothing for nobody."""
    wanted = list(people)
    found: OfPerson = {}
    for row in prepared.fetch(tx, _OF, wanted) if wanted else ():
        one = _eligibility(row)
        found[one.person_id] = (*found.get(one.person_id, ()), one)
    return found


def registered(tx: Connection, ids: Sequence[RegistrationId]) -> OfRegistration:
    """What these registrations entitle to; whoever writes it holds the lock on their reviews."""
    found: OfRegistration = {}
    for row in bulk.fetch(tx, _REGISTERED, (list(ids),)) if ids else ():
        one = _eligibility(row)
        assert one.registration_id is not None, "found by it"
        found.setdefault(one.registration_id, []).append(one)
    return found


def replace_registered(
    tx: Connection, of_each: Mapping[RegistrationId, Sequence[Eligibility]]
) -> None:
    """What these registrations entitle to from now on, in place of what was stored."""
    if of_each:
        bulk.run(tx, _FORGET, (list(of_each),))
        rows = [_row(one) for some in of_each.values() for one in some]
        bulk.write_rows(tx, _ADD, _TEMPLATE, rows)


def put_of_file(tx: Connection, found: Sequence[Eligibility]) -> int:
    """Write those of a file that are new or end otherwise; how many."""
    template = "(%s, %s, %s, %s::date, %s::date, %s, %s::uuid)"
    return len(bulk.write_and_return(tx, _FILE, template, [_row(one) for one in found]))


def _row(one: Eligibility) -> tuple[Any, ...]:
    values = (getattr(one, name) for name in COLUMNS)
    return tuple(getattr(value, "value", value) for value in values)


def _eligibility(row: tuple[Any, ...]) -> Eligibility:
    person_id, kind, disease_code, valid_from, valid_to, source, registration_id = row
    return Eligibility(
        PersonId(person_id),
        InsuranceKind(kind),
        disease_code,
        valid_from,
        valid_to,
        Source(source),
        registration_id and RegistrationId(registration_id),
    )
