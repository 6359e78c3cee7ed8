"""Fee lines of visits: uploaded and split, refunded, taken back while nothing has settled them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.ids import VisitId
from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.fee import (
    LinesForVisit,
    LinesRemoval,
    Shelf,
    SplitResult,
    charge_of,
    split_result,
)
from participants.treatment.domain.removal import removed
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.domain.visit import Visit, is_theirs
from participants.treatment.domain.visit_life import Settled, VisitEvent, refusal_of
from participants.treatment.store import fee_lines
from participants.treatment.store import visits as store
from participants.treatment.store.fee_lines import Addition

Known = dict[VisitId, Visit]


def add_lines(
    tx: Connection, batches: Sequence[LinesForVisit], now: datetime, catalogue: Catalogue
) -> list[SplitResult | Refusal]:
    """Split and store fee lines, 2204 and 2301; an upload is stored whole or not at all.

    Refusals: UNKNOWN_VISIT, VISIT_OUT_OF_STEP, ALREADY_SETTLED, and those of
    `domain.fee.split_result`.
    """
    known = store.lock(tx, (one.visit_id for one in batches))
    settled = store.settled_so_far(tx, known)
    charges = ((one.visit_id, charge_of(new)) for one in batches for new in one.lines)
    named = [(id_, charge) for id_, charge in charges if charge is not None and id_ in known]
    shelves = fee_lines.shelves(tx, known, named)
    results: list[SplitResult | Refusal] = []
    additions: list[Addition] = []
    for one in batches:
        no = _refusal(one, known, settled, VisitEvent.ADD_LINES)
        result = no or split_result(one, shelves[one.visit_id], catalogue)
        results.append(result)
        if isinstance(result, SplitResult):
            pairs = zip(one.lines, result.lines, strict=True)
            additions += [Addition(one.visit_id, new, split) for new, split in pairs]
    fee_lines.add(tx, additions, now)
    return results


def remove_lines(tx: Connection, removals: Sequence[LinesRemoval]) -> list[Done | Refusal]:
    """Delete unsettled lines, 2205 and 2302; a removal is done whole or not at all.

    Refusals: UNKNOWN_VISIT, VISIT_OUT_OF_STEP, and those of `domain.removal.removed`.
    """
    known = store.lock(tx, (one.visit_id for one in removals))
    settled = store.settled_so_far(tx, known)
    shelves = fee_lines.shelves(tx, known)
    results: list[Done | Refusal] = []
    gone: list[tuple[VisitId, str]] = []
    for one in removals:
        no = _refusal(one, known, settled, VisitEvent.REMOVE_LINES)
        result = no or removed(one, shelves.get(one.visit_id, Shelf()))
        if isinstance(result, Refusal):
            results.append(result)
            continue
        gone += [(one.visit_id, line_no) for line_no in result]
        results.append(Done())
    fee_lines.remove(tx, gone)
    return results


def _refusal(
    one: LinesForVisit | LinesRemoval,
    known: Known,
    settled: dict[VisitId, Settled],
    event: VisitEvent,
) -> Refusal | None:
    visit = known.get(one.visit_id)
    if visit is None or not is_theirs(visit, one):
        return Refusal(RefusalCode.UNKNOWN_VISIT)
    return refusal_of(visit.at(settled[one.visit_id]), event)
