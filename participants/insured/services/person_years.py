"""What one person used of a year, with the grants that made it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.codes import InsuranceKind
from contracts.ids import PersonId
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from participants.insured.domain.grant import Grant
from participants.insured.domain.insurance_year import NOTHING
from participants.insured.services.identities import Masked, masked_of
from participants.insured.store import grants, people, years
from participants.policy.model import YearToDate


@dataclass(frozen=True, slots=True)
class Part:
    """One held grant, and what it added to the year that was asked for."""

    grant: Grant
    added: YearToDate


@dataclass(frozen=True, slots=True)
class InsuranceYear:
    """The year of one insurance; `used` is the sum of what the parts added."""

    insurance_kind: InsuranceKind
    used: YearToDate
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class PersonYear:
    """The year of every insurance that the person has."""

    person: Masked | None
    insurances: list[InsuranceYear]


def year_of(tx: Connection, person_id: PersonId, year: int, sealer: Sealer) -> PersonYear:
    """The year as it stands; PERSON_UNKNOWN when nobody knows the person.

    The insurances are locked, so that the year and its grants are those of one instant.
    """
    kinds = people.lock(tx, [person_id]).get(person_id)
    if kinds is None:
        raise Refused(RefusalCode.PERSON_UNKNOWN)
    keys = {kind: (person_id, kind, year) for kind in kinds}
    used, held = years.of(tx, keys.values()), grants.held(tx, person_id, year)
    return PersonYear(
        masked_of(tx, [person_id], sealer).get(person_id),
        [
            InsuranceYear(
                kind,
                used.get(key, NOTHING),
                [Part(one, one.moves[key]) for one in held if key in one.moves],
            )
            for kind, key in keys.items()
        ],
    )
