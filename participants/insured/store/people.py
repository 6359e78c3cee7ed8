"""The insured and their accounts, batch by batch; a lock on an insurance guards its years too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, PersonType
from contracts.delivery import bulk, prepared
from contracts.ids import PersonId
from participants.insured.domain.insurance import Insurance

OfKinds = dict[InsuranceKind, Insurance]
Insurances = dict[str, OfKinds]
"""By person token, then by kind."""
AccountKey = tuple[str, InsuranceKind]

_OF_PEOPLE = """
    SELECT i.person_id, p.born_on, i.insurance_kind, i.person_type, i.division, i.in_force_from,
           i.in_force_until, i.civil_servant, i.account_balance_fen, i.policy_id,
           i.arrears_since
    FROM insurances AS i JOIN people AS p USING (person_id)
    WHERE i.person_id = ANY($1) ORDER BY i.person_id, i.insurance_kind
"""
_INSURANCES = prepared.statement(_OF_PEOPLE, "text[]")
_LOCK = prepared.statement(f"{_OF_PEOPLE} FOR UPDATE OF i", "text[]")
_CARDS = "SELECT person_id, sealed_identity, gender, born_on FROM people WHERE person_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Card:
    """Who a person is; `sealed_identity` only opens with the deployment's keys."""

    person_id: PersonId
    sealed_identity: str
    gender: str
    born_on: date


def insurances_of(tx: Connection, people: Iterable[str]) -> Insurances:
    """What each of these is insured in; who is not insured at all is not in it."""
    return _by_person(prepared.fetch(tx, _INSURANCES, list(people)))


def lock(tx: Connection, people: Iterable[str]) -> Insurances:
    """As `insurances_of`, locked in person order so that two batches cannot deadlock."""
    return _by_person(prepared.fetch(tx, _LOCK, list(people)))


def cards_of(tx: Connection, people: Iterable[str]) -> dict[str, Card]:
    return {row[0]: Card(*row) for row in bulk.fetch(tx, _CARDS, (list(people),))}


def _by_person(rows: Sequence[tuple[Any, ...]]) -> Insurances:
    found: Insurances = {}
    for person_id, born_on, kind, person_type, *rest in rows:
        insurance = Insurance(
            person_id, born_on, InsuranceKind(kind), PersonType(person_type), *rest
        )
        found.setdefault(insurance.person_id, {})[insurance.insurance_kind] = insurance
    return found
