"""The load: a treatment area's desk that asks for settlements, and hears the answers.

It calls the same use case as the gateway and is woken by the same notifications, so what it
measures is what a hospital waits for, without HTTP.
"""

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import UUID

from contracts.clock import Clock, shanghai_date_of
from contracts.codes import InsuranceKind, VisitKind
from contracts.delivery.outbox import Outbox
from contracts.ids import new_id, short_text_of
from participants.treatment.domain.attempt import Attempt
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import SettleRequest, Split
from participants.treatment.domain.terms import Terms
from participants.treatment.services import attempts, settlements
from participants.treatment.store.listening import Listener
from simulators.bench.bills import Patients, drawn

ASKED_AT_ONCE_MAX = 250


@dataclass(frozen=True, slots=True)
class Answered:
    """When an answer came, and how long it took from the moment the request was due."""

    at_s: float
    waited_us: int


@dataclass(slots=True)
class Load:
    """One asking thread, one listening thread; times are `time.perf_counter`."""

    outbox: Outbox
    terms: Terms
    patients: Patients
    clock: Clock
    random: Random
    listener: Listener
    answers: list[Answered] = field(default_factory=list)
    asked: int = 0
    _due: dict[UUID, float] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def listen(self, stop: threading.Event) -> None:
        """Run in a thread of its own until `stop`."""
        for ids in self.listener.wakes(stop):
            now = time.perf_counter()
            with self._changed:
                for id_ in ids:
                    self._answered(id_, now)
                self._changed.notify_all()

    def keep_waiting(self, window: int, seconds: float) -> None:
        """Closed loop: so many requests are always under way, for so long."""
        until = time.perf_counter() + seconds
        while (now := time.perf_counter()) < until:
            with self._changed:
                room = min(window - len(self._due), ASKED_AT_ONCE_MAX)
                # A full window waits for answers; asking in crumbs would only cost commits.
                if room < min(ASKED_AT_ONCE_MAX, window) // 2:
                    self._changed.wait(0.02)
                    continue
            self._ask([now] * room)

    def at_rate(self, per_second: int, seconds: float) -> None:
        """Open loop: requests fall due evenly, whether or not answers come."""
        started = time.perf_counter()
        for n in range(int(per_second * seconds)):
            due = started + n / per_second
            while (now := time.perf_counter()) < due:
                time.sleep(due - now)
            self._ask([due])

    def drain(self, within_s: float) -> int:
        """Wait for what is under way; how many requests are still without an answer."""
        until = time.perf_counter() + within_s
        with self._changed:
            while self._due and (left := until - time.perf_counter()) > 0:
                self._changed.wait(left)
            return len(self._due)

    def tend(self) -> None:
        """Send what a failed sending left."""
        self.outbox.tend()

    def _ask(self, due: Sequence[float]) -> None:
        today = shanghai_date_of(self.clock.now())
        requests = [self._request(today) for _ in due]
        with self.outbox.transaction() as writing:
            attempts.claim(writing.tx, [_attempt(one) for one in requests], writing.now)
            results, outgoing = settlements.request(writing.tx, requests, writing.now, self.terms)
            writing.say(outgoing)
            ids = [result.settlement_id for result in results if isinstance(result, Requested)]
            assert len(ids) == len(requests), "the load asks for nothing that is refused"
            with self._changed:
                self._due.update(zip(ids, due, strict=True))
        self.outbox.tend()
        self.asked += len(ids)

    def _answered(self, id_: UUID, now: float) -> None:
        due = self._due.pop(id_, None)
        if due is not None:
            self.answers.append(Answered(now, int((now - due) * 1_000_000)))

    def _request(self, today: date) -> SettleRequest:
        bill = drawn(self.random)
        return SettleRequest(
            msgid=short_text_of(new_id()),
            hospital_code=self.patients.seller(bill.kind),
            visit_id=None,
            person_id=self.random.choice(self.patients.people),
            insured_division=self.patients.insured_division,
            insurance_kind=InsuranceKind.EMPLOYEE,
            total_fen=bill.total_fen,
            split=Split(bill.fully_own_fen, 0, bill.first_self_pay_fen, bill.in_scope_fen),
            visit_kind=bill.kind,
            disease_code=self.patients.disease_code if bill.kind is VisitKind.CHRONIC else None,
            admitted_on=today - timedelta(days=bill.days),
            discharged_on=today,
            use_account=True,
        )


def _attempt(request: SettleRequest) -> Attempt:
    content = hashlib.sha256(request.msgid.encode()).digest()
    return Attempt(request.msgid, request.hospital_code, "2207", content)
