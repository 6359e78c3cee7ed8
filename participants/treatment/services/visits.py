"""Visits: opened, found, and by way of their own modules changed and given fee lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import VisitId, new_id
from participants.treatment.domain.asking import Facts
from participants.treatment.domain.opening import visit_refusal
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.visit import NewVisit, Opened, Visit
from participants.treatment.services.visit_changes import amend, wrong_diagnoses
from participants.treatment.services.visit_lines import add_lines, remove_lines
from participants.treatment.store import attempts, diagnoses, institutions
from participants.treatment.store import visits as store

__all__ = ["add_lines", "amend", "of", "open", "remove_lines"]


def open(  # noqa: A001 - the word for it; nobody here opens files
    tx: Connection, visits: Sequence[NewVisit], now: datetime, terms: Terms
) -> list[Opened | Refusal]:
    """Open visits, 2201 and 2401. Every message id must have been claimed.

    Refusals: WITHDRAWN_BEFORE, CONFLICTING_REPLAY, UNKNOWN_INSTITUTION, UNKNOWN_AREA,
    NOT_OUT_OF_AREA, DATES_IMPOSSIBLE, FIELD_INVALID.
    """
    claimed = attempts.lock(tx, [one.key for one in visits])
    assert all(one.key in claimed for one in visits), "claim a message id before it acts"
    known = institutions.of(tx, (one.hospital_code for one in visits))
    used = set(store.opened_by(tx, list(claimed)))
    results: list[Opened | Refusal] = []
    opened: list[tuple[VisitId, NewVisit]] = []
    for one in visits:
        facts = Facts(
            area=terms.area,
            today=shanghai_date_of(now),
            institution=known.get(one.hospital_code),
            is_withdrawn=claimed[one.key].is_withdrawn,
            is_used=one.key in used,
        )
        no = visit_refusal(one, facts) or wrong_diagnoses(one.diagnoses)
        if no is not None:
            results.append(no)
            continue
        used.add(one.key)
        opened.append((VisitId(new_id()), one))
        results.append(Opened(opened[-1][0]))
    store.add(tx, opened, now)
    said = [(id_, diagnosis) for id_, one in opened for diagnosis in one.diagnoses]
    diagnoses.put(tx, said, now)
    return results


def of(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Visit]:
    """Those of these visits that exist."""
    return store.of(tx, ids)
