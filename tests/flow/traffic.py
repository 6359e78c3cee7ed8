"""Hospitals at work while things break: they settle, cancel, withdraw, and repeat what got lost."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any

import httpx

from contracts.clock import SHANGHAI, Clock
from contracts.codes import VisitKind
from contracts.refusal import RefusalCode
from simulators.chaos.replies import NOT_NOW, promised_by
from simulators.hospital import PATH, Hospital, Reply, Visit
from simulators.world.population import DrawnBill, Institution, Resident, draw_bill
from tests.support.worlds import stay_of, yes

AGAIN_AFTER_S = 0.2
GIVES_UP_AFTER_S = 120.0
IMPATIENT_S = 0.03  # a first try that hangs up before any answer can have come
BILLS = ("outpatient-cold", "chronic-diabetes", "pneumonia", "appendectomy")
PAUSE_S = 0.15  # between two visits at one desk


class Ending(StrEnum):
    """What the hospital knows in the end."""

    SETTLED = "settled"
    UNDONE = "undone"  # cancelled, or withdrawn
    VOID = "void"  # it came to nothing, with a code
    TURNED_AWAY = "turned away"  # nothing was begun: the route was down


@dataclass(frozen=True, slots=True)
class Case:
    """One visit's settlement, as the hospital's files have it; `first`: the answer that it got."""

    hospital: Hospital
    visit: Visit
    msgid: str
    first: Reply | None
    ending: Ending


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that was still unknown after the time it was promised for."""

    infno: str
    asked_at_s: float
    """Of `time.monotonic`."""
    text: str


@dataclass(slots=True)
class Insistent(httpx.BaseTransport):
    """Asks the same again until the answer is certain, and keeps the promised time in mind."""

    random: Random
    stop: threading.Event
    hang_up_percent: int = 10
    late: list[Late] = field(default_factory=list)
    asked: int = 0
    _inner: httpx.HTTPTransport = field(default_factory=httpx.HTTPTransport)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + GIVES_UP_AFTER_S
        if self.random.randrange(100) < self.hang_up_percent:
            self._try(_impatient(request))
        promised: datetime | None = None
        while time.monotonic() < until and not self.stop.is_set():
            asked_at = datetime.now(SHANGHAI)
            response = self._try(request)
            code, text = _no_of(response)
            if response is not None and code not in NOT_NOW:
                return response
            if code == RefusalCode.OUTCOME_UNKNOWN:
                if promised is not None and asked_at > promised:
                    infno = json.loads(request.content)["infno"]
                    since_s = (datetime.now(SHANGHAI) - asked_at).total_seconds()
                    self.late.append(Late(infno, time.monotonic() - since_s, f"{promised} {text}"))
                promised = promised_by(text, datetime.now(SHANGHAI))
                assert promised is not None, text
                self.stop.wait(_seconds_until(promised))
            else:
                self.stop.wait(AGAIN_AFTER_S)
        raise AssertionError(f"no certain answer in {GIVES_UP_AFTER_S} s: {text or 'no answer'}")

    def close(self) -> None:
        self._inner.close()

    def _try(self, request: httpx.Request) -> httpx.Response | None:
        self.asked += 1
        try:
            response = self._inner.handle_request(request)
            response.read()
        except httpx.TransportError:
            return None
        return response


def _impatient(request: httpx.Request) -> httpx.Request:
    times = {"connect": 1.0, "read": IMPATIENT_S, "write": 1.0, "pool": 1.0}
    return httpx.Request(
        request.method,
        request.url,
        headers=request.headers,
        stream=request.stream,
        extensions={"timeout": times},
    )


def _no_of(response: httpx.Response | None) -> tuple[str, str]:
    """The code and the text of a refusal; empty for a yes, and for no answer at all."""
    if response is None:
        return "", ""
    text = str(json.loads(response.content).get("err_msg") or "")
    return (text[1:5] if text.startswith("[") else ""), text


def _seconds_until(moment: datetime) -> float:
    return max(AGAIN_AFTER_S, (moment - datetime.now(SHANGHAI)).total_seconds())


@dataclass(slots=True)
class Desk:
    """One clerk of one hospital: a visit at a time, and each to its certain end."""

    hospital: Hospital
    patients: Sequence[tuple[Resident, str]]
    random: Random
    network: Insistent
    done: list[Case] = field(default_factory=list)
    settled_at: list[float] = field(default_factory=list)

    def serve_one(self) -> None:
        person, psn_no = self.random.choice(self.patients)
        reply, visit = self.hospital.open_visit(person, psn_no, self._bill())
        yes(reply)
        yes(self.hospital.upload_lines(visit))
        way = self.random.choices([self._settle, self._cancel, self._withdraw], (6, 2, 2))[0]
        self.done.append(way(visit))

    def _bill(self) -> DrawnBill:
        if self.random.randrange(2):
            return stay_of(self.random.randint(1, 4))
        return draw_bill(self.random.choice(BILLS), self.random)

    def _settle(self, visit: Visit) -> Case:
        reply = self.hospital.settle(visit)
        return Case(self.hospital, visit, reply.msgid, reply, self._ending(reply))

    def _ending(self, reply: Reply) -> Ending:
        if reply.ok:
            self.settled_at.append(time.monotonic())
            return Ending.SETTLED
        if reply.code == RefusalCode.ROUTE_DOWN:
            return Ending.TURNED_AWAY
        assert reply.code == RefusalCode.EXPIRED, reply.text
        return Ending.VOID

    def _cancel(self, visit: Visit) -> Case:
        case = self._settle(visit)
        if case.ending is not Ending.SETTLED:
            return case
        yes(self.hospital.cancel(visit))
        return Case(self.hospital, visit, case.msgid, case.first, Ending.UNDONE)

    def _withdraw(self, visit: Visit) -> Case:
        """The answer never came to the till: the clerk undoes a message, and knows nothing else."""
        infno = "2304" if visit.bill.visit_kind is VisitKind.INPATIENT else "2207"
        content = {"data": self.hospital._settlement(visit)}
        request = self.hospital.request(infno, content, visit.person)
        url = f"{self.hospital.gateway_url}{PATH}"
        self.network._try(_impatient(httpx.Request("POST", url, json=request)))
        visit.settle_msgid = str(request["msgid"])
        yes(self.hospital.withdraw(visit))
        return Case(self.hospital, visit, visit.settle_msgid, None, Ending.UNDONE)


@dataclass(slots=True)
class Traffic:
    """Desks at work in threads of their own; `paused` lets each come to its case's end."""

    gateway: str
    institutions: Sequence[Institution]
    patients: Sequence[tuple[Resident, str]]
    clock: Clock
    desks: list[Desk] = field(default_factory=list)
    died: list[BaseException] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _go: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _idle: dict[int, threading.Event] = field(default_factory=dict)

    def start(self, desks_each: int) -> None:
        for number, institution in enumerate([*self.institutions] * desks_each):
            network = Insistent(Random(number), self._stop)
            http = httpx.Client(transport=network)
            hospital = Hospital(institution, self.gateway, http, self.clock)
            desk = Desk(hospital, self.patients, Random(100 + number), network)
            self.desks.append(desk)
            self._idle[number] = threading.Event()
            thread = threading.Thread(target=self._work, args=(desk, self._idle[number]))
            self._threads.append(thread)
            thread.start()

    def resume(self) -> None:
        for idle in self._idle.values():
            idle.clear()
        self._go.set()

    def pause(self, until_quiet: Callable[[Callable[[], bool]], None]) -> None:
        """Let every desk end what it has begun."""
        self._go.clear()
        until_quiet(lambda: bool(self.died) or all(one.is_set() for one in self._idle.values()))

    def close(self) -> None:
        self._stop.set()
        self._go.set()
        for thread in self._threads:
            thread.join()
        for desk in self.desks:
            desk.hospital.http.close()

    def settled_since(self, moment: float) -> int:
        return sum(at > moment for desk in self.desks for at in desk.settled_at)

    def take_done(self) -> list[Case]:
        """The cases that ended since the last time; while paused."""
        found = [case for desk in self.desks for case in desk.done]
        for desk in self.desks:
            desk.done.clear()
        return found

    def take_late(self) -> list[Late]:
        found = [one for desk in self.desks for one in desk.network.late]
        for desk in self.desks:
            desk.network.late.clear()
        return found

    def _work(self, desk: Desk, idle: threading.Event) -> None:
        try:
            while not self._stop.is_set():
                if not self._go.is_set():
                    idle.set()
                    self._go.wait()
                    continue
                desk.serve_one()
                self._stop.wait(PAUSE_S)
        except BaseException as error:  # noqa: BLE001 - told in the main thread
            self.died.append(error)
        finally:
            idle.set()


def differs(case: Case) -> str:
    """Asked again, and by 5203: how the answers contradict each other; empty when they agree."""
    if case.ending is Ending.TURNED_AWAY:
        return ""  # Its message is free: asked again, it would begin anew.
    again = case.hospital.settle(case.visit, msgid=case.msgid)
    by_id = case.hospital.call("5203", _by_msgid(case), case.visit.person)
    said = f"{case.ending}: {again.text or 'yes'}, 5203: {by_id.text or 'yes'}"
    if case.first is not None and _told(case.first) != _told(again):
        return f"{case.msgid}: not what was said first ({case.first.text or 'yes'}): {said}"
    return "" if _agree(case.ending, again, by_id) else f"{case.msgid} {said}"


def _by_msgid(case: Case) -> Mapping[str, Any]:
    visit = case.visit
    return {"data": {"psn_no": visit.psn_no, "setl_id": case.msgid, "mdtrt_id": visit.mdtrt_id}}


def _told(reply: Reply) -> tuple[str, Mapping[str, Any]]:
    return reply.text, reply.output


_SAME = ("setl_id", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_no")


def _agree(ending: Ending, again: Reply, by_id: Reply) -> bool:
    if again.ok and by_id.ok:
        same = all(again.setlinfo[name] == by_id.setlinfo[name] for name in _SAME)
        return same and by_id.setlinfo["refd_setl_flag"] == str(int(ending is Ending.UNDONE))
    if ending is Ending.UNDONE:  # Whether it was settled once or never: now it is not.
        return not by_id.ok or by_id.setlinfo["refd_setl_flag"] == "1"
    return not again.ok and again.code == by_id.code
