"""Calculates and grants: a batch of bills becomes grants, moved years and accounts, answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import area_of
from contracts.ids import PersonId, SettlementId
from contracts.message import Message, Outgoing
from contracts.messages.settlement import (
    CalculationRefused,
    CalculationRequested,
    Care,
    SettlementCalculated,
)
from contracts.refusal import RefusalCode
from participants.insured.domain.area import Area
from participants.insured.domain.calculation import Benefit, NoBenefit, decide
from participants.insured.domain.entitlement import facts_of
from participants.insured.domain.grant import Grant, GrantState
from participants.insured.services.anomalies import anomaly, assert_one_each, from_the_hub
from participants.insured.services.answers import about_settlement
from participants.insured.store import anomalies, grants, people, years
from participants.insured.store.anomalies import AnomalyKind
from participants.insured.store.people import Insurances
from participants.insured.store.years import YearKey
from participants.policy.model import YearToDate

Batch = Sequence[Message[CalculationRequested]]
Known = Mapping[SettlementId, Grant]
Years = Mapping[YearKey, YearToDate]
NOTHING_USED = YearToDate()


@dataclass(frozen=True, slots=True)
class Decided:
    """One bill, what the person had used of the year before it, and what the area decided."""

    request: CalculationRequested
    before: YearToDate
    outcome: Benefit | NoBenefit


def calculate(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """Answer every request; a benefit moves the person's year and account with its grant.

    At most eight statements whatever the batch. A settlement that is known gets its stored
    answer again and moves nothing; one that was released before it was asked for is refused.
    """
    asked = from_the_hub(tx, batch, now)
    person_ids = [message.body.care.person_id for message in asked]
    assert_one_each(person_ids)
    insured = people.lock(tx, person_ids)
    known = grants.of(tx, [message.body.settlement_id for message in asked])
    fresh = [m.body for m in asked if m.body.settlement_id not in known]
    used = years.of(tx, [year_key(body.care) for body in fresh])
    decided = [_decide(area, body, insured, used) for body in fresh]
    granted = [grant_of(one, now) for one in decided]
    _write(tx, decided, granted)
    _note_contradictions(tx, asked, known, now)
    after = {**known, **{grant.settlement_id: grant for grant in granted}}
    return [about_settlement(area, m, answer_of(after[m.body.settlement_id]), now) for m in asked]


def year_key(care: Care) -> YearKey:
    """A stay over New Year counts in the year of its discharge."""
    return care.person_id, care.insurance_kind, care.discharged_on.year


def grant_of(one: Decided, now: datetime) -> Grant:
    """What is kept of a decision, whichever way it went."""
    care, bill = one.request.care, one.request.bill
    refused = Grant(
        settlement_id=one.request.settlement_id,
        person_id=PersonId(care.person_id),
        state=GrantState.REFUSED,
        insurance_kind=care.insurance_kind,
        visit_kind=care.visit_kind,
        treatment_area=area_of(care.treatment_division),
        year=care.discharged_on.year,
        total_fen=bill.total_fen,
        in_scope_fen=bill.in_scope_fen,
        calculated_at=now,
    )
    if isinstance(one.outcome, NoBenefit):
        return replace(refused, code=one.outcome.code, detail=one.outcome.detail)
    return replace(
        refused,
        state=GrantState.GRANTED,
        policy_id=one.outcome.policy_id,
        shares=one.outcome.shares,
        deductible_fen=one.outcome.deductible_fen,
        delta=one.outcome.delta,
    )


def answer_of(grant: Grant) -> SettlementCalculated | CalculationRefused:
    """What the hub hears of a grant, however often it asks."""
    if grant.is_held:
        return SettlementCalculated(
            settlement_id=grant.settlement_id,
            shares=grant.shares,
            deductible_fen=grant.deductible_fen,
        )
    code = RefusalCode.OUT_OF_STEP if grant.code is None else grant.code
    return CalculationRefused(settlement_id=grant.settlement_id, code=code, detail=grant.detail)


def _decide(area: Area, request: CalculationRequested, insured: Insurances, used: Years) -> Decided:
    care = request.care
    found = insured.get(care.person_id, {})
    before = used.get(year_key(care), NOTHING_USED)
    return Decided(request, before, decide(facts_of(area, request, found), before))


def _write(tx: Connection, decided: Sequence[Decided], granted: Sequence[Grant]) -> None:
    benefits = [(one, one.outcome) for one in decided if isinstance(one.outcome, Benefit)]
    grants.add(tx, granted)
    grants.add_workings(tx, {one.request.settlement_id: given.steps for one, given in benefits})
    years.put(
        tx, {year_key(one.request.care): one.before.plus(given.delta) for one, given in benefits}
    )
    people.move_accounts(
        tx,
        {
            (one.request.care.person_id, one.request.care.insurance_kind): -given.shares.account_fen
            for one, given in benefits
        },
    )


def _note_contradictions(tx: Connection, asked: Batch, known: Known, now: datetime) -> None:
    found = [
        anomaly(AnomalyKind.ASKED_DIFFERENTLY, message, "another person or another bill")
        for message in asked
        if message.body.settlement_id in known
        and _contradicts(known[message.body.settlement_id], message.body)
    ]
    anomalies.add(tx, found, now)


def _contradicts(grant: Grant, request: CalculationRequested) -> bool:
    if grant.state is GrantState.TOMBSTONE:
        return grant.person_id != request.care.person_id
    asked = (request.care.person_id, request.bill.total_fen, request.bill.in_scope_fen)
    return (grant.person_id, grant.total_fen, grant.in_scope_fen) != asked
