"""Settlements of this area's hospitals: asked of the hub, undone, and answered."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import MessageId, SettlementId, VisitId, new_id
from contracts.message import Body, Message, Outgoing, originate
from contracts.messages.settlement import SettlementAnswered, SettlementRequested
from participants.treatment.domain.answering import (
    Anomaly,
    LateDay,
    Move,
    answered,
    kept_though_void,
)
from participants.treatment.domain.asking import Asking, decide
from participants.treatment.domain.results import Refusal, Requested
from participants.treatment.domain.settlement import Settlement, SettleRequest
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.visit import NewVisit
from participants.treatment.services import facts
from participants.treatment.services.undoing import cancel, withdraw
from participants.treatment.store import anomalies, fee_lines, visits
from participants.treatment.store import settlements as store
from participants.treatment.store.listening import wake
from participants.treatment.store.settlement_rows import Addition

__all__ = ["cancel", "of", "record_answers", "request", "withdraw"]


def request(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
) -> tuple[list[Requested | Refusal], list[Outgoing]]:
    """Ask the hub to settle each bill, or refuse it; every message id must have been claimed.

    Refusals: the codes of `domain.asking.RULES`. A request without a visit opens one. Nine
    statements at most, whatever the size of the batch.
    """
    loaded = facts.to_settle(tx, requests, now, terms)
    results: list[Requested | Refusal] = []
    additions: list[Addition] = []
    for one in requests:
        asking = decide(one, loaded.facts_of(one))
        if isinstance(asking, Refusal):
            results.append(asking)
            continue
        loaded.took(one, asking)
        additions.append(_addition(one, asking, now, terms))
        results.append(Requested(additions[-1].settlement_id, additions[-1].answer_by))
    visits.add(tx, [_visit_of(one) for one in additions if one.request.visit_id is None], now)
    store.add(tx, additions)
    return results, [_asked(one, terms) for one in additions]


def of(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Settlement]:
    """Those of these settlements that exist."""
    return store.of(tx, ids)


def record_answers(
    tx: Connection, batch: Sequence[Message[SettlementAnswered]], now: datetime
) -> list[Outgoing]:
    """Follow the hub's answers, keep what is out of step as an anomaly, and wake who waits."""
    known = store.lock(tx, (message.body.settlement_id for message in batch))
    outcomes = [answered(known.get(m.body.settlement_id), m, now) for m in batch]
    moves = [one for one in outcomes if isinstance(one, Move)]
    store.move(tx, moves)
    store.note_days(tx, [one for one in outcomes if isinstance(one, LateDay)])
    freed = [(m.before.visit_id, m.before.settlement_id) for m in moves if m.frees_lines]
    # Whoever settles a visit adds its open lines up and takes them: none may turn up in between.
    visits.lock(tx, (visit_id for visit_id, _ in freed))
    fee_lines.give_back(tx, freed)
    odd = [one for one in outcomes if isinstance(one, Anomaly)]
    anomalies.add(tx, [*odd, *kept_though_void(moves)], now)
    wake(tx, (message.body.settlement_id for message in batch))
    return []


def _addition(one: SettleRequest, asking: Asking, now: datetime, terms: Terms) -> Addition:
    return Addition(
        settlement_id=SettlementId(new_id()),
        visit_id=one.visit_id or VisitId(new_id()),
        request=one,
        asking=asking,
        requested_at=now,
        answer_by=now + terms.settle_within,
    )


def _visit_of(one: Addition) -> tuple[VisitId, NewVisit]:
    care, request = one.asking.care, one.request
    return one.visit_id, NewVisit(
        msgid=request.msgid,
        hospital_code=request.hospital_code,
        person_id=request.person_id,
        insured_division=request.insured_division,
        insurance_kind=request.insurance_kind,
        visit_kind=care.visit_kind,
        admitted_on=care.admitted_on,
        discharged_on=care.discharged_on,
        disease_code=care.disease_code,
        flags=care.flags,
        sealed_identity=request.sealed_identity,
        echo_json=request.echo_json,
    )


def _asked(one: Addition, terms: Terms) -> Outgoing:
    body: Body = SettlementRequested(
        settlement_id=one.settlement_id, care=one.asking.care, bill=one.asking.bill
    )
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_SETTLEMENTS,
        key=str(one.settlement_id),
        sender=terms.sender,
        at=one.requested_at,
    )
