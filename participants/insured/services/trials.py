"""Says what a settlement would give, and writes nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import area_of
from contracts.message import Message, Outgoing
from contracts.messages.settlement import TrialCalculated, TrialCalculationRequested
from participants.insured.domain.area import Area
from participants.insured.domain.calculation import Benefit, NoBenefit, decide
from participants.insured.domain.entitlement import Facts, facts_of, today_of
from participants.insured.domain.insurance_year import keys_of
from participants.insured.services.anomalies import from_the_hub
from participants.insured.services.answers import about_settlement
from participants.insured.services.calculations import used_of
from participants.insured.services.knowledge import books_of
from participants.insured.store import people, years

Batch = Sequence[Message[TrialCalculationRequested]]


def calculate(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """Answer with the shares the bill would have now, or the code of the refusal."""
    asked = from_the_hub(tx, batch, now)
    insured = people.insurances_of(tx, {message.body.care.person_id for message in asked})
    books = books_of(area, tx, [message.body.care for message in asked], insured)
    used = years.of(tx, {key for message in asked for key in keys_of(message.body.care)})
    answers: list[Outgoing] = []
    for message in asked:
        care, bill, standing = message.body.care, message.body.bill, message.body.standing
        known = books.of(care.person_id)
        facts = facts_of(area, care, bill, standing, known, today=today_of(now))
        outcome = decide(facts, used_of(care, used))
        answer = _answer(message.body, outcome, _balance_after(facts, outcome))
        answers.append(about_settlement(area, message, answer, now))
    return answers


def _answer(
    request: TrialCalculationRequested, outcome: Benefit | NoBenefit, balance_fen: int | None
) -> TrialCalculated:
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
        deductible_fen=outcome.result.deductible_fen,
        balance_fen=balance_fen,
    )


def _balance_after(facts: Facts, outcome: Benefit | NoBenefit) -> int | None:
    """The personal account if this were paid; None where nothing would be."""
    if isinstance(outcome, NoBenefit):
        return None
    return facts.insurance.account_balance_fen - outcome.shares.account_fen


def _province_of(request: TrialCalculationRequested) -> str:
    return f"{request.care.treatment_division[:2]}0000"
