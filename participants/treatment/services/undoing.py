"""Undoing: a cancellation by the settlement's id, a withdrawal by the first message's id."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import SettlementId, VisitId
from contracts.message import Body, Outgoing, originate
from contracts.messages.settlement import CancellationRequested, WithdrawalRequested
from contracts.refusal import RefusalCode
from participants.treatment.domain.answering import Move, Standing, wished
from participants.treatment.domain.attempt import MessageKey, StoredAttempt
from participants.treatment.domain.results import Done, Refusal, Requested
from participants.treatment.domain.settlement import CancelRequest, Event, WithdrawRequest
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.undoing import is_by, is_of, without_a_step
from participants.treatment.domain.visit import Visit
from participants.treatment.store import attempts, settlements, visits

Undone = Requested | Done | Refusal


@dataclass(slots=True)
class _Wishes:
    """The steps that a batch makes; a settlement moves once, whoever asks again."""

    event: Event
    now: datetime
    terms: Terms
    moves: dict[SettlementId, Move] = field(default_factory=dict)

    def wish(self, before: Standing) -> Undone:
        answer_by = self.now + self.terms.reverse_within
        if before.settlement_id in self.moves:
            return Requested(before.settlement_id, answer_by)
        result = without_a_step(before, self.event)
        if result is not None:
            return result
        move = wished(before, self.event, self.now, answer_by)
        assert move is not None, "the state table and the answers to a hospital differ"
        self.moves[before.settlement_id] = move
        return Requested(before.settlement_id, answer_by)

    def outgoing(self) -> list[Outgoing]:
        return [_ask(move, self.now, self.terms) for move in self.moves.values()]


def cancel(
    tx: Connection, requests: Sequence[CancelRequest], now: datetime, terms: Terms
) -> tuple[list[Undone], list[Outgoing]]:
    """Ask the hub to reverse each; `Done` when it was reversed before.

    Refusals: UNKNOWN_SETTLEMENT (also another hospital's), NOT_CANCELLABLE.
    """
    known = settlements.lock(tx, (one.settlement_id for one in requests))
    wishes = _Wishes(Event.CANCEL, now, terms)
    results: list[Undone] = []
    for one in requests:
        before = known.get(one.settlement_id)
        is_theirs = before is not None and is_of(one, before)
        results.append(
            wishes.wish(before)
            if before is not None and is_theirs
            else Refusal(RefusalCode.UNKNOWN_SETTLEMENT)
        )
    settlements.move(tx, list(wishes.moves.values()))
    pairs = [(one.key, one.settlement_id) for one in requests if one.settlement_id in known]
    attempts.bind(tx, pairs)
    return results, wishes.outgoing()


def withdraw(
    tx: Connection, requests: Sequence[WithdrawRequest], now: datetime, terms: Terms
) -> tuple[list[Undone], list[Outgoing]]:
    """Undo what each original message did, and make sure that it never does anything again.

    `Done` without an id: the original made no settlement, and comes too late if it ever comes.
    Refusals: UNKNOWN_MESSAGE (another transaction's, or another person's), NOT_CANCELLABLE (it
    opened a visit that has been settled since).
    """
    found = _find(tx, requests, now)
    wishes = _Wishes(Event.WITHDRAW, now, terms)
    results = [_withdraw_one(one, found, wishes) for one in requests]
    settlements.move(tx, list(wishes.moves.values()))
    visits.withdraw(tx, found.visits_to_withdraw(requests, results), now)
    accepted = zip(requests, results, strict=True)
    gone = [one.original for one, result in accepted if not isinstance(result, Refusal)]
    attempts.withdraw(tx, gone, now)
    asked = zip(requests, _ids(results), strict=True)
    attempts.bind(tx, [(one.key, id_) for one, id_ in asked if id_ is not None])
    return results, wishes.outgoing()


@dataclass(frozen=True, slots=True)
class _Found:
    """What the original messages were, or are now as tombstones, and what they made; locked."""

    attempts: dict[MessageKey, StoredAttempt]
    settlements: dict[MessageKey, Standing]
    visits: dict[MessageKey, Visit]
    settled: frozenset[VisitId]

    def visits_to_withdraw(
        self, requests: Sequence[WithdrawRequest], results: Sequence[Undone]
    ) -> list[VisitId]:
        undone = {
            one.original
            for one, result in zip(requests, results, strict=True)
            if isinstance(result, Done) and result.settlement_id is None
        }
        return [visit.visit_id for key, visit in self.visits.items() if key in undone]


def _find(tx: Connection, requests: Sequence[WithdrawRequest], now: datetime) -> _Found:
    originals = {one.original: one for one in requests}
    tombstones = [(key, one.original_infno) for key, one in originals.items()]
    attempts.add_tombstones(tx, tombstones, now)
    known = attempts.lock(tx, originals)
    made = settlements.lock_by_message(tx, known)
    opened = visits.opened_by(tx, [key for key in known if key not in made])
    locked = visits.lock(tx, opened.values())
    settled = visits.with_live_settlement(tx, opened.values())
    of_messages = {key: locked[visit_id] for key, visit_id in opened.items() if visit_id in locked}
    return _Found(known, made, of_messages, frozenset(settled))


def _withdraw_one(one: WithdrawRequest, found: _Found, wishes: _Wishes) -> Undone:
    if found.attempts[one.original].infno != one.original_infno:
        return Refusal(RefusalCode.UNKNOWN_MESSAGE)
    made = found.settlements.get(one.original)
    if made is not None:
        return wishes.wish(made) if is_by(one, made) else Refusal(RefusalCode.UNKNOWN_MESSAGE)
    visit = found.visits.get(one.original)
    if visit is not None and one.person_id not in (None, visit.person_id):
        return Refusal(RefusalCode.UNKNOWN_MESSAGE)
    if visit is not None and visit.visit_id in found.settled:
        return Refusal(RefusalCode.NOT_CANCELLABLE)
    return Done()


def _ids(results: Sequence[Undone]) -> list[SettlementId | None]:
    return [None if isinstance(one, Refusal) else one.settlement_id for one in results]


def _ask(move: Move, now: datetime, terms: Terms) -> Outgoing:
    id_ = move.before.settlement_id
    kind = CancellationRequested if move.event is Event.CANCEL else WithdrawalRequested
    assert move.wish_id is not None, "a wish is asked of the hub"
    body: Body = kind(settlement_id=id_, treatment_area=terms.area)
    return originate(
        body,
        message_id=move.wish_id,
        topic=topics.HUB_SETTLEMENTS,
        key=str(id_),
        sender=terms.sender,
        at=now,
    )
