"""Says what a settlement would give, and writes nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import area_of
from contracts.message import Message, Outgoing
from contracts.messages.settlement import TrialCalculated, TrialCalculationRequested
from participants.insured.domain.area import Area
from participants.insured.domain.calculation import Benefit, NoBenefit, decide
from participants.insured.domain.entitlement import facts_of
from participants.insured.services.anomalies import from_the_hub
from participants.insured.services.answers import about_settlement
from participants.insured.services.calculations import NOTHING_USED, year_key
from participants.insured.store import people, years

Batch = Sequence[Message[TrialCalculationRequested]]


def calculate(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """Answer with the shares the bill would have now, or the code of the refusal."""
    asked = from_the_hub(tx, batch, now)
    insured = people.insurances_of(tx, {message.body.care.person_id for message in asked})
    used = years.of(tx, {year_key(message.body.care) for message in asked})
    answers: list[Outgoing] = []
    for message in asked:
        care = message.body.care
        found = insured.get(care.person_id, {})
        before = used.get(year_key(care), NOTHING_USED)
        outcome = decide(facts_of(area, message.body, found), before)
        answers.append(about_settlement(area, message, _answer(message.body, outcome), now))
    return answers


def _answer(request: TrialCalculationRequested, outcome: Benefit | NoBenefit) -> TrialCalculated:
    # An area that does not exist has no name of its own: the answer then repeats its province.
    treatment_area = area_of(request.care.treatment_division) or _province_of(request)
    if isinstance(outcome, NoBenefit):
        return TrialCalculated(
            settlement_id=request.settlement_id,
            treatment_area=treatment_area,
            shares=None,
            code=outcome.code,
            detail=outcome.detail,
        )
    return TrialCalculated(
        settlement_id=request.settlement_id,
        treatment_area=treatment_area,
        shares=outcome.shares,
        deductible_fen=outcome.deductible_fen,
    )


def _province_of(request: TrialCalculationRequested) -> str:
    return f"{request.care.treatment_division[:2]}0000"
