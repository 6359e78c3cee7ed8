"""Canaries: a bill of nobody takes the way of a bill, and nothing is granted."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import PersonType
from contracts.ids import PersonId
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.weather import CANARY, CanaryAnswered, CanarySent
from participants.insured.domain.area import Area
from participants.insured.domain.calculation import Benefit, NoBenefit, decide
from participants.insured.domain.entitlement import Known, facts_of
from participants.insured.domain.insurance import Insurance
from participants.insured.domain.insurance_year import Used
from participants.insured.services.anomalies import from_the_hub
from participants.insured.store import canaries

Batch = Sequence[Message[CanarySent]]


def answer(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """Calculate by the area's policies what the bill would give, write it down, and say it.

    The person is in no table: insured since long ago, with nothing used of any
    year.
    """
    asked = from_the_hub(tx, batch, now)
    outcomes = [_outcome(area, message.body) for message in asked]
    answers = [_answer(m.body, one) for m, one in zip(asked, outcomes, strict=True)]
    canaries.add(tx, [(one.canary_id, one.code) for one in answers], now)
    return [
        effect_of(
            message,
            body,
            topic=topics.HUB_CALCULATIONS,
            key=str(body.canary_id),
            sender=area.name,
            at=now,
        )
        for message, body in zip(asked, answers, strict=True)
    ]


def _outcome(area: Area, said: CanarySent) -> Benefit | NoBenefit:
    known = Known({said.care.insurance_kind: _insurance(area, said)})
    return decide(facts_of(area, said.care, said.bill, said.standing, known), Used())


def _insurance(area: Area, said: CanarySent) -> Insurance:
    """Where the area has several pooling areas, the person is of the first."""
    kind, day = said.care.insurance_kind, said.care.discharged_on
    assigned = (
        row.policy_id
        for row in area.assignments
        if row.insurance_kind is kind and area.policies[row.policy_id].holds_on(day)
    )
    return Insurance(
        person_id=PersonId(CANARY),
        born_on=date(1970, 1, 1),
        insurance_kind=kind,
        person_type=PersonType.ACTIVE,
        division=said.care.insured_division,
        in_force_from=date(2000, 1, 1),
        in_force_until=None,
        civil_servant=False,
        account_balance_fen=0,
        policy_id=next(assigned, None),
    )


def _answer(said: CanarySent, outcome: Benefit | NoBenefit) -> CanaryAnswered:
    if isinstance(outcome, NoBenefit):
        return CanaryAnswered(canary_id=said.canary_id, shares=None, code=outcome.code)
    return CanaryAnswered(canary_id=said.canary_id, shares=outcome.shares)
