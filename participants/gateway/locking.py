"""One order of locks for a batch of several transactions: settlements first, then visits.

Each transaction locks what it names in order, but one after the other they would not; and who
hears the hub's answers locks settlements before visits too. So two batches cannot deadlock.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from contracts.ids import SettlementId, VisitId, id_of_short_text
from participants.gateway.serving.requests import Effect, Request, Work
from participants.gateway.wire.visit_ids import visit_id_of
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.store import attempts, settlements, visits

UNDOING = ("2601", "2208", "2305")
"""They lock settlements, and act before the others of a batch."""
_MOVING = frozenset({Effect.RECORDS, Effect.CONCLUDES})


def lock_settlements(work: Work, undoing: Sequence[Request]) -> None:
    """Those that 2601, 2208 and 2305 name; of one transaction alone, it locks them itself."""
    if len({one.transaction.infno for one in undoing}) > 1:
        tx = work.writing.tx
        found = attempts.of(tx, map(_original, undoing)).values()
        ids = {one.subject_id for one in found if one.subject_id is not None}
        settlements.lock(tx, map(SettlementId, ids | set(_named(undoing))))


def lock_visits(work: Work, others: Sequence[Request]) -> None:
    """Those that the rest of the batch names; of one transaction alone, it locks them itself."""
    moving = [one for one in others if one.transaction.effect in _MOVING]
    if len({one.transaction.infno for one in moving}) > 1:
        named = (_visit_of(one) for one in moving)
        visits.lock(work.writing.tx, [visit_id for visit_id in named if visit_id is not None])


def _original(request: Request) -> MessageKey:
    return MessageKey(request.envelope.institution_code, request.row.text("omsgid"))


def _named(requests: Sequence[Request]) -> Iterator[UUID]:
    for request in requests:
        try:
            yield id_of_short_text(request.row.text("setl_id"))
        except ValueError:
            continue  # It names none of ours, and is told so in its turn.


def _visit_of(request: Request) -> VisitId | None:
    rows = [request.row, *(rows[0] for rows in request.input.lists.values() if rows)]
    found = (visit_id_of(row.text("mdtrt_id")) for row in rows)
    return next((one for one in found if one is not None), None)
