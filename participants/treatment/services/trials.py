"""Trials 预结算: the same rules as a settlement, and nothing is settled."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import MessageId, SettlementId, new_id
from contracts.message import Message, Outgoing, originate
from contracts.messages.settlement import TrialAnswered, TrialRequested
from participants.treatment.domain.asking import Asking, decide
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.results import Refusal, Requested
from participants.treatment.domain.settlement import SettleRequest
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.trial import Trial
from participants.treatment.services import facts
from participants.treatment.store import attempts
from participants.treatment.store import trials as store
from participants.treatment.store.listening import wake


def try_out(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
) -> tuple[list[Requested | Refusal], list[Outgoing]]:
    """Ask the hub what each bill would give; the id is the trial's, never a settlement's.

    Refusals: the codes of `domain.asking.RULES`. Opens no visit, takes no fee line.
    """
    loaded = facts.to_try(tx, requests, now, terms)
    results: list[Requested | Refusal] = []
    asked: list[tuple[Trial, Asking]] = []
    pairs: list[tuple[MessageKey, SettlementId]] = []
    for one in requests:
        asking = decide(one, loaded.facts_of(one))
        if isinstance(asking, Refusal):
            results.append(asking)
            continue
        trial = _trial(one, asking, now, terms)
        asked.append((trial, asking))
        pairs.append((one.key, trial.trial_id))
        results.append(Requested(trial.trial_id, trial.answer_by))
    store.add(tx, [trial for trial, _ in asked])
    attempts.bind(tx, pairs)
    return results, [_ask(trial, asking, terms) for trial, asking in asked]


def of(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Trial]:
    """Those of these trials that exist; `answer` is None while it is under way."""
    return store.of(tx, ids)


def record_trial_answers(
    tx: Connection, batch: Sequence[Message[TrialAnswered]], now: datetime
) -> list[Outgoing]:
    """Keep the hub's answers and wake who waits; answers of anybody else are not kept."""
    answers = [message.body for message in batch if message.head.sender == topics.HUB]
    store.answer(tx, answers, now)
    wake(tx, (one.settlement_id for one in answers))
    return []


def _trial(one: SettleRequest, asking: Asking, now: datetime, terms: Terms) -> Trial:
    return Trial(
        trial_id=SettlementId(new_id()),
        visit_id=one.visit_id,
        hospital_code=one.hospital_code,
        bill=asking.bill,
        requested_at=now,
        answer_by=now + terms.trial_within,
        answer=None,
    )


def _ask(trial: Trial, asking: Asking, terms: Terms) -> Outgoing:
    return originate(
        TrialRequested(settlement_id=trial.trial_id, care=asking.care, bill=asking.bill),
        message_id=MessageId(new_id()),
        topic=topics.HUB_SETTLEMENTS,
        key=str(trial.trial_id),
        sender=terms.sender,
        at=trial.requested_at,
    )
