"""The load: a treatment area's desk that asks for settlements, and hears the answers.

It calls the same use case as the gateway and is woken by the same notifications, so what it
measures is what a hospital waits for, without HTTP.
"""

import hashlib
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import UUID

from contracts.clock import Clock, shanghai_date_of
from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.delivery.outbox import Outbox
from contracts.ids import new_id, short_text_of
from participants.treatment.domain.attempt import Attempt
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import SettleRequest, Split
from participants.treatment.domain.terms import Terms
from participants.treatment.services import attempts, settlements
from participants.treatment.store.listening import Listener
from simulators.bench.bills import Patients, drawn
from simulators.bench.pairs import Pair

ASKED_AT_ONCE_MAX = 250


@dataclass(frozen=True, slots=True)
class Answered:
    """When an answer came, and how long it took from the moment the request was due."""

    at_s: float
    waited_us: int

    @property
    def due_s(self) -> float:
        return self.at_s - self.waited_us / 1_000_000


@dataclass(frozen=True, slots=True)
class Desk:
    """One treatment area: where its requests are written, and its answers heard."""

    outbox: Outbox
    terms: Terms
    listener: Listener


@dataclass(slots=True)
class Load:
    """One asking thread, one listening thread a desk; times are `time.perf_counter`."""

    desks: Mapping[AreaCode, Desk]
    patients: Mapping[Pair, Patients]
    clock: Clock
    random: Random
    answers: list[Answered] = field(default_factory=list)
    asked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Nobody is, at this desk: `_ask` asks for nothing that could be."""
    _turns: deque[tuple[Desk, Sequence[Patients]]] = field(default_factory=deque)
    _due: dict[UUID, float] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.turn_to(self.patients)

    def turn_to(self, pairs: Iterable[Pair]) -> None:
        """From now on only these pairs are asked for; their treatment areas take turns."""
        by_area: dict[AreaCode, list[Patients]] = {}
        for pair in pairs:
            by_area.setdefault(pair.treatment, []).append(self.patients[pair])
        self._turns = deque((self.desks[area], some) for area, some in by_area.items())

    def listen(self, desk: Desk, stop: threading.Event) -> None:
        """Run in a thread of its own until `stop`."""
        for ids in desk.listener.wakes(stop):
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

    def at_rate(self, per_second: float, seconds: float, under_way_max: int = 0) -> None:
        """Open loop: requests fall due evenly, whether or not answers come.

        Those that fell due while the last were written are written together. Ends early, with
        what was asked until then, once `under_way_max` of them wait; 0 is no such end.
        """
        started, asked, wanted = time.perf_counter(), 0, int(per_second * seconds)
        while asked < wanted and not 0 < under_way_max < len(self._due):
            due = max(int((time.perf_counter() - started) * per_second), asked) + 1
            due = min(due, asked + ASKED_AT_ONCE_MAX, wanted)
            self._ask([started + n / per_second for n in range(asked, due)])
            asked = due
            time.sleep(max(started + asked / per_second - time.perf_counter(), 0))

    def drain(self, within_s: float) -> int:
        """Wait for what is under way; how many requests are still without an answer."""
        until = time.perf_counter() + within_s
        with self._changed:
            while self._due and (left := until - time.perf_counter()) > 0:
                self._changed.wait(left)
            return len(self._due)

    def tend(self) -> None:
        """Send what a failed sending left."""
        for desk in self.desks.values():
            desk.outbox.tend()

    def _ask(self, due: Sequence[float]) -> None:
        today = shanghai_date_of(self.clock.now())
        desk, patients = self._turns[0]
        self._turns.rotate(-1)
        requests = [self._request(self.random.choice(patients), today) for _ in due]
        with desk.outbox.transaction() as writing:
            attempts.claim(writing.tx, [_attempt(one) for one in requests], writing.now)
            results, outgoing = settlements.request(writing.tx, requests, writing.now, desk.terms)
            writing.say(outgoing)
            ids = [result.settlement_id for result in results if isinstance(result, Requested)]
            assert len(ids) == len(requests), "the load asks for nothing that is refused"
            with self._changed:
                self._due.update(zip(ids, due, strict=True))
        desk.outbox.tend()
        self.asked += len(ids)

    def _answered(self, id_: UUID, now: float) -> None:
        due = self._due.pop(id_, None)
        if due is not None:
            self.answers.append(Answered(now, int((now - due) * 1_000_000)))

    def _request(self, patients: Patients, today: date) -> SettleRequest:
        bill = drawn(self.random)
        return SettleRequest(
            msgid=short_text_of(new_id()),
            hospital_code=patients.seller(bill.kind),
            visit_id=None,
            person_id=self.random.choice(patients.people),
            insured_division=patients.insured_division,
            insurance_kind=InsuranceKind.EMPLOYEE,
            total_fen=bill.total_fen,
            split=Split(bill.fully_own_fen, 0, bill.first_self_pay_fen, bill.in_scope_fen),
            visit_kind=bill.kind,
            disease_code=patients.disease_code if bill.kind is VisitKind.CHRONIC else None,
            admitted_on=today - timedelta(days=bill.days),
            discharged_on=today,
            use_account=True,
        )


def _attempt(request: SettleRequest) -> Attempt:
    content = hashlib.sha256(request.msgid.encode()).digest()
    return Attempt(request.msgid, request.hospital_code, "2207", content)
