"""Calculates and grants: a batch of bills becomes grants, moved years and accounts, answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

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
from participants.insured.domain.entitlement import facts_of, today_of
from participants.insured.domain.grant import Grant, GrantState
from participants.insured.domain.insurance_year import NOTHING, Used, keys_of, year_of
from participants.insured.services.anomalies import anomaly, assert_one_each, from_the_hub
from participants.insured.services.answers import about_settlement
from participants.insured.services.knowledge import Books, books_of
from participants.insured.store import anomalies, grants, people, years
from participants.insured.store.anomalies import AnomalyKind
from participants.insured.store.people import AccountKey, Insurances
from participants.insured.store.years import Years
from participants.policy.benefits import Elsewhere
from participants.policy.explain import steps_as_json

Batch = Sequence[Message[CalculationRequested]]
Known = Mapping[SettlementId, Grant]


@dataclass(frozen=True, slots=True)
class Decided:
    """One bill, as what it was paid, and what the area decided."""

    request: CalculationRequested
    paid_as: Elsewhere | None
    outcome: Benefit | NoBenefit


def calculate(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """Answer every request; a benefit moves the person's year and account with its grant.

    A table is read once and written once, whatever the batch: six statements for up to 1,000
    bills; seven when a bill is split over the New Year, one more when something must be noted. A
    settlement that is known gets its stored answer again and moves nothing; one that was released
    before it was asked for is refused.
    """
    asked = from_the_hub(tx, batch, now)
    person_ids = [message.body.care.person_id for message in asked]
    assert_one_each(person_ids)
    insured = people.lock(tx, person_ids)
    known = grants.of(tx, [message.body.settlement_id for message in asked])
    fresh = [m.body for m in asked if m.body.settlement_id not in known]
    used = years.of(tx, [key for body in fresh for key in keys_of(body.care)])
    books = books_of(area, tx, [body.care for body in fresh], insured)
    today = today_of(now)
    decided = [_decide(area, body, books, used, today) for body in fresh]
    granted = [grant_of(one, now) for one in decided]
    _write(tx, decided, granted, used)
    _note_contradictions(tx, asked, known, now)
    after = {**known, **{grant.settlement_id: grant for grant in granted}}
    balances = balances_of(insured, granted)
    pairs = [(message, after[message.body.settlement_id]) for message in asked]
    return [about_settlement(area, m, answer_of(grant, balances), now) for m, grant in pairs]


def balances_of(insured: Insurances, granted: Sequence[Grant]) -> dict[AccountKey, int]:
    """Every account once these grants, which were not in it yet, are paid."""
    found = {
        (person_id, kind): one.account_balance_fen
        for person_id, kinds in insured.items()
        for kind, one in kinds.items()
    }
    for grant in granted:
        if grant.is_held:
            found[grant.year_key[:2]] -= grant.shares.account_fen
    return found


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
        year=year_of(care),
        registration_basis=one.request.standing.basis,
        registration_category=one.request.standing.category,
        paid_as=one.paid_as,
        total_fen=bill.total_fen,
        in_scope_fen=bill.in_scope_fen,
        calculated_at=now,
    )
    if isinstance(one.outcome, NoBenefit):
        return replace(refused, code=one.outcome.code, detail=one.outcome.detail)
    return replace(
        refused,
        state=GrantState.GRANTED,
        policy_id=one.outcome.result.policy_id,
        shares=one.outcome.shares,
        deductible_fen=one.outcome.result.deductible_fen,
        beyond_bill_fen=one.outcome.result.beyond_bill_fen,
        delta=one.outcome.delta,
        delta_before=one.outcome.delta_before,
    )


def answer_of(
    grant: Grant, balances: Mapping[AccountKey, int]
) -> SettlementCalculated | CalculationRefused:
    """What the hub hears of a grant, however often it asks; the account as it is now."""
    if grant.is_held:
        return SettlementCalculated(
            settlement_id=grant.settlement_id,
            shares=grant.shares,
            deductible_fen=grant.deductible_fen,
            balance_fen=balances.get(grant.year_key[:2]),
        )
    code = RefusalCode.OUT_OF_STEP if grant.code is None else grant.code
    return CalculationRefused(settlement_id=grant.settlement_id, code=code, detail=grant.detail)


def _decide(
    area: Area, request: CalculationRequested, books: Books, used: Years, today: date
) -> Decided:
    care, known = request.care, books.of(request.care.person_id)
    facts = facts_of(area, care, request.bill, request.standing, known, today=today)
    return Decided(request, facts.paid_as, decide(facts, used_of(care, used)))


def used_of(care: Care, used: Years) -> Used:
    """What the person had used of the years that the care may count in."""
    return Used(*(used.get(key, NOTHING) for key in keys_of(care)))


def _write(
    tx: Connection, decided: Sequence[Decided], granted: Sequence[Grant], used: Years
) -> None:
    benefits = ((one.request, one.outcome) for one in decided)
    workings = {
        asked.settlement_id: steps_as_json(given.result)
        for asked, given in benefits
        if isinstance(given, Benefit)
    }
    grants.add(tx, granted, workings)
    held = [grant for grant in granted if grant.is_held]
    moves = {key: delta for grant in held for key, delta in grant.moves.items()}
    after = {key: used[key].plus(one) if key in used else one for key, one in moves.items()}
    years.put(tx, after, {grant.year_key: -grant.shares.account_fen for grant in held})


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
