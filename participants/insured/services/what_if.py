"""What one person would be granted for care, as the person's year stands; writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import PersonId
from contracts.messages.settlement import Basis, Care, Standing
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode, Refused
from participants.insured.domain.area import Area
from participants.insured.domain.benefit_category import column_of_asked
from participants.insured.domain.calculation import Benefit, NoBenefit, decide
from participants.insured.domain.entitlement import Facts, Known, facts_of
from participants.insured.domain.insurance_year import Used, keys_of
from participants.insured.services.calculations import used_of
from participants.insured.services.knowledge import books_of
from participants.insured.store import people, years
from participants.policy.benefits import Elsewhere

UNSAID = Standing(basis=Basis.NOT_NEEDED, category=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """Care as a clerk imagines it: `elsewhere` as what it counts, None at home.

    `policy_id` None: the policy that holds for the person on the last day.
    """

    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    hospital_level: int
    admitted_on: date
    discharged_on: date
    total_fen: int
    in_scope_fen: int
    elsewhere: Elsewhere | None
    disease_code: str | None
    flags: tuple[str, ...]
    use_account: bool
    policy_id: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What the area would decide, after `used` of the year of the last day and the one before."""

    year: int
    used: Used
    column: Elsewhere | None
    outcome: Benefit | NoBenefit


def tried(
    area: Area, tx: Connection, person_id: PersonId, variations: Sequence[Variation]
) -> list[Tried]:
    """The answer to each variation; refused: PERSON_UNKNOWN, FIELD_INVALID (policy_id)."""
    insured = people.insurances_of(tx, [person_id])
    if person_id not in insured:
        raise Refused(RefusalCode.PERSON_UNKNOWN)
    cares = [_care(area, insured[person_id], person_id, one) for one in variations]
    known = books_of(area, tx, cares, insured).of(person_id)
    used = years.of(tx, {key for care in cares for key in keys_of(care)})
    return [
        _tried(_facts(area, known, care, one), used_of(care, used))
        for care, one in zip(cares, variations, strict=True)
    ]


def _tried(facts: Facts, used: Used) -> Tried:
    return Tried(facts.care.discharged_on.year, used, facts.column, decide(facts, used))


def _facts(area: Area, known: Known, care: Care, one: Variation) -> Facts:
    bill = Bill(
        total_fen=one.total_fen,
        fully_own_fen=one.total_fen - one.in_scope_fen,
        over_ceiling_fen=0,
        first_self_pay_fen=0,
        in_scope_fen=one.in_scope_fen,
    )
    facts = facts_of(area, care, bill, UNSAID, known)
    column = column_of_asked(area, one.elsewhere)
    facts = replace(facts, paid_as=one.elsewhere, column=column)
    if one.policy_id is None:
        return facts
    if one.policy_id not in area.policies:
        raise Refused(RefusalCode.FIELD_INVALID, "policy_id")
    return replace(facts, policy=area.policies[one.policy_id])


def _care(area: Area, insured: people.OfKinds, person_id: PersonId, one: Variation) -> Care:
    found = insured.get(one.insurance_kind)
    home = area.code if found is None else found.division
    return Care(
        person_id=person_id,
        insured_division=home,
        treatment_division=home,
        insurance_kind=one.insurance_kind,
        visit_kind=one.visit_kind,
        hospital_code="-",
        hospital_level=one.hospital_level,
        admitted_on=one.admitted_on,
        discharged_on=one.discharged_on,
        disease_code=one.disease_code,
        flags=one.flags,
        use_account=one.use_account,
    )
