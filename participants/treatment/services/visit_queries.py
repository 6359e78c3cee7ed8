"""What hospitals ask about their own visits: 5201, 5202, 5204, 5205, 5303."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from contracts.ids import VisitId
from participants.treatment.domain.diagnosis import StoredDiagnosis
from participants.treatment.domain.visit_query import LineTold, VisitsWanted, VisitTold
from participants.treatment.store import diagnoses
from participants.treatment.store import visit_queries as store


def visits(tx: Connection, wanted: Sequence[VisitsWanted]) -> list[list[VisitTold]]:
    """The visits that each question is about, in the order of their days."""
    return store.visits(tx, wanted)


def lines(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, list[LineTold]]:
    """The fee lines of these visits, in the order they came."""
    found: dict[VisitId, list[LineTold]] = {}
    for line in store.lines(tx, ids):
        found.setdefault(line.visit_id, []).append(line)
    return found


def diagnoses_of(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, list[StoredDiagnosis]]:
    """The diagnoses of these visits that hold, in the hospital's order."""
    found: dict[VisitId, list[StoredDiagnosis]] = {}
    for one in diagnoses.of(tx, ids):
        found.setdefault(one.visit_id, []).append(one)
    return found
