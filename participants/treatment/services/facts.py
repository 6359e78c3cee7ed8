"""Loads, for a whole batch, what the rules of `domain.asking` look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import VisitId
from contracts.messages.values import Bill
from participants.treatment.domain.asking import Asking, Facts
from participants.treatment.domain.attempt import StoredAttempt
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.settlement import SettleRequest
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.visit import Visit
from participants.treatment.store import attempts, fee_lines, institutions, visits

NOTHING_LEFT = Bill(
    total_fen=0, fully_own_fen=0, over_ceiling_fen=0, first_self_pay_fen=0, in_scope_fen=0
)


@dataclass(slots=True)
class Loaded:
    """What the database says, brought up to date as the batch is decided item by item."""

    now: datetime
    terms: Terms
    attempts: dict[str, StoredAttempt]
    institutions: dict[str, Institution]
    visits: dict[VisitId, Visit]
    bills: dict[VisitId, Bill]
    settled: set[VisitId]
    used: set[str]

    def facts_of(self, request: SettleRequest) -> Facts:
        attempt = self.attempts.get(request.msgid)
        return Facts(
            area=self.terms.area,
            today=shanghai_date_of(self.now),
            institution=self.institutions.get(request.hospital_code),
            visit=self.visits.get(request.visit_id) if request.visit_id else None,
            lines_bill=self.bills.get(request.visit_id) if request.visit_id else None,
            is_settled=request.visit_id in self.settled,
            is_withdrawn=attempt is not None and attempt.is_withdrawn,
            is_used=request.msgid in self.used,
        )

    def took(self, request: SettleRequest, asking: Asking) -> None:
        """The next request of this batch sees what this one has taken."""
        self.used.add(request.msgid)
        if request.visit_id is None:
            return
        if not request.mid_stay:
            self.settled.add(request.visit_id)
        if request.visit_id in self.bills:
            assert self.bills[request.visit_id] == asking.bill, "lines are what counts"
            self.bills[request.visit_id] = NOTHING_LEFT


def to_settle(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
) -> Loaded:
    """Facts that hold until this transaction ends: message ids and visits are locked."""
    claimed = attempts.lock(tx, [one.msgid for one in requests])
    assert all(one.msgid in claimed for one in requests), "claim a message id before it acts"
    known = visits.lock(tx, _visits_of(requests))
    live = visits.with_live_settlement(tx, known)
    return Loaded(
        now=now,
        terms=terms,
        attempts=claimed,
        institutions=institutions.of(tx, (one.hospital_code for one in requests)),
        visits=known,
        bills=fee_lines.open_bills(tx, known),
        settled={visit_id for visit_id, is_final in live.items() if is_final},
        used={msgid for msgid, attempt in claimed.items() if attempt.subject_id is not None},
    )


def to_try(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
) -> Loaded:
    """Facts as of now; a trial changes nothing, so nothing is locked."""
    known = visits.of(tx, _visits_of(requests))
    live = visits.with_live_settlement(tx, known)
    return Loaded(
        now=now,
        terms=terms,
        attempts=attempts.of(tx, [one.msgid for one in requests]),
        institutions=institutions.of(tx, (one.hospital_code for one in requests)),
        visits=known,
        bills=fee_lines.open_bills(tx, known),
        settled={visit_id for visit_id, is_final in live.items() if is_final},
        used=set(),
    )


def _visits_of(requests: Sequence[SettleRequest]) -> set[VisitId]:
    return {one.visit_id for one in requests if one.visit_id is not None}
