"""Loads, for a whole batch, what the rules of `domain.asking` look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import VisitId
from participants.treatment.domain.asking import Asking, Facts
from participants.treatment.domain.attempt import MessageKey, StoredAttempt
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.settlement import (
    NOT_KNOWN,
    OwnStanding,
    OwnVisit,
    SettleRequest,
    Split,
)
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.visit import Visit
from participants.treatment.domain.visit_life import Settled
from participants.treatment.store import attempts, fee_lines, institutions, own_visits, visits

NOTHING_LEFT = Split(0, 0, 0, 0)


@dataclass(slots=True)
class Loaded:
    """What the database says, brought up to date as the batch is decided item by item."""

    now: datetime
    terms: Terms
    attempts: dict[MessageKey, StoredAttempt]
    institutions: dict[str, Institution]
    visits: dict[VisitId, Visit]
    bills: dict[VisitId, Split]
    settled: dict[VisitId, Settled]
    used: set[MessageKey]
    own: dict[OwnVisit, OwnStanding]

    def facts_of(self, request: SettleRequest) -> Facts:
        attempt = self.attempts.get(request.key)
        return Facts(
            area=self.terms.area,
            today=shanghai_date_of(self.now),
            institution=self.institutions.get(request.hospital_code),
            visit=self.visits.get(request.visit_id) if request.visit_id else None,
            lines_bill=self.bills.get(request.visit_id) if request.visit_id else None,
            settled=self._settled(request),
            opened_as=self._own(request).visit_id,
            is_withdrawn=attempt is not None and attempt.is_withdrawn,
            is_used=request.key in self.used,
        )

    def took(self, request: SettleRequest, asking: Asking) -> None:
        """The next request of this batch sees what this one has taken."""
        self.used.add(request.key)
        if request.own_visit is not None and not request.mid_stay:
            self.own[request.own_visit] = OwnStanding(Settled.WHOLLY)
        if request.visit_id is None:
            return
        self.settled[request.visit_id] = Settled.BEING if request.mid_stay else Settled.WHOLLY
        if request.visit_id in self.bills:
            lines_fen = self.bills[request.visit_id].total_fen()
            assert lines_fen == asking.bill.total_fen, "lines are what counts"
            self.bills[request.visit_id] = NOTHING_LEFT

    def _settled(self, request: SettleRequest) -> Settled:
        if request.visit_id is None:
            return self._own(request).settled
        return self.settled.get(request.visit_id, Settled.NOTHING)

    def _own(self, request: SettleRequest) -> OwnStanding:
        number = request.own_visit
        return NOT_KNOWN if number is None else self.own.get(number, NOT_KNOWN)


def to_settle(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
) -> Loaded:
    """Facts that hold until this transaction ends: message ids and visits are locked."""
    claimed = attempts.lock(tx, [one.key for one in requests])
    assert all(one.key in claimed for one in requests), "claim a message id before it acts"
    known = visits.lock(tx, _visits_of(requests))
    return Loaded(
        now=now,
        terms=terms,
        attempts=claimed,
        institutions=institutions.of(tx, (one.hospital_code for one in requests)),
        visits=known,
        bills=fee_lines.open_bills(tx, known),
        settled=visits.settled_so_far(tx, known),
        used={key for key, attempt in claimed.items() if attempt.subject_id is not None},
        own=own_visits.lock(tx, _own_visits_of(requests)),
    )


def to_try(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
) -> Loaded:
    """Facts as of now; a trial changes nothing, so nothing is locked."""
    known = visits.of(tx, _visits_of(requests))
    return Loaded(
        now=now,
        terms=terms,
        attempts=attempts.of(tx, [one.key for one in requests]),
        institutions=institutions.of(tx, (one.hospital_code for one in requests)),
        visits=known,
        bills=fee_lines.open_bills(tx, known),
        settled=visits.settled_so_far(tx, known),
        used=set(),
        own=own_visits.of(tx, _own_visits_of(requests)),
    )


def _own_visits_of(requests: Sequence[SettleRequest]) -> set[OwnVisit]:
    return {one.own_visit for one in requests if one.own_visit is not None}


def _visits_of(requests: Sequence[SettleRequest]) -> set[VisitId]:
    return {one.visit_id for one in requests if one.visit_id is not None}
