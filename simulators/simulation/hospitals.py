"""Hospitals as they are: they retry, send twice, ask again, cancel, undo too early, and forget."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from contracts.ids import short_text_of
from simulators.simulation import bills
from simulators.simulation.bills import Case
from simulators.simulation.counters import Document
from simulators.simulation.wires import Then, Wires
from simulators.witness import Reply, Verdict

TRIES_MAX = 40


@dataclass(slots=True)
class Desk:
    """What one case needs of its hospital: message ids, its clock, the wires, and its moods."""

    wires: Wires
    random: Random
    numbers: Callable[[], int]

    @property
    def now(self) -> datetime:
        return self.wires.scheduler.clock.at

    def new_msgid(self, case: Case) -> str:
        return f"{case.hospital.code}{self.numbers():018d}"

    def until_certain(self, case: Case, document_of: Callable[[str, datetime], Document]) -> None:
        """Send it, and the same again under the same message id until the answer is certain."""
        msgid, tries = self.new_msgid(case), iter(range(TRIES_MAX))

        def send() -> None:
            self.wires.send(case.area, document_of(msgid, self.now), then)

        def then(reply: Reply | None) -> None:
            is_certain = reply is not None and reply.verdict is not Verdict.UNKNOWN
            if not is_certain and next(tries, None) is not None:
                self.later(0.5, 15.0, send)

        send()

    def later(self, least_s: float, most_s: float, action: Callable[[], object]) -> None:
        self.wires.scheduler.after(self.random.uniform(least_s, most_s), action)


@dataclass(slots=True)
class Story:
    """One case as its hospital lives it."""

    desk: Desk
    case: Case
    msgid: str = ""
    tries: int = 0
    setl_id: str = ""
    mdtrt_id: str = ""
    is_closed: bool = False
    habits: frozenset[str] = field(default_factory=frozenset)

    def begin(self) -> None:
        self.msgid = self.desk.new_msgid(self.case)
        if "withdraws first" in self.habits:
            self._withdraw()
            self.desk.later(0.0, 3.0, self._settle)
            return
        self._settle()
        if "sends twice" in self.habits:
            self.desk.later(0.0, 2.0, self._settle_again)
        if "withdraws at once" in self.habits:
            self.desk.later(0.0, 6.0, self._withdraw)
        if "other content" in self.habits:
            self.desk.later(0.0, 20.0, self._other_content)

    def _settle(self) -> None:
        self._send(bills.settle(self.case, self.msgid, self.desk.now), self._settled)

    def _settle_again(self) -> None:
        self._send(bills.settle(self.case, self.msgid, self.desk.now), _nothing)

    def _other_content(self) -> None:
        document = bills.settle(self.case, self.msgid, self.desk.now, more_fen=1_00)
        self._send(document, _nothing)

    def _send(self, document: Document, then: Then) -> None:
        self.desk.wires.send(self.case.area, document, then)

    def _settled(self, reply: Reply | None) -> None:
        """Of 2207, 2304 and 5203: done, refused, or to be found out later."""
        if reply is not None and reply.settlement_id is not None:
            self.setl_id = short_text_of(reply.settlement_id)
        if reply is None or reply.verdict is Verdict.UNKNOWN:
            self._find_out()
        elif reply.verdict is Verdict.DONE and "cancels" in self.habits:
            self.desk.later(1.0, 120.0, self._begin_cancelling)

    def _find_out(self) -> None:
        if "forgets" in self.habits or self.tries >= TRIES_MAX:
            return
        self.tries += 1
        ways = (self._settle, self._settle, self._ask, self._withdraw)
        self.desk.later(0.5, 15.0, self.desk.random.choice(ways))

    def _ask(self) -> None:
        named = self.setl_id or self.msgid
        document = bills.ask(self.case, self.desk.new_msgid(self.case), self.desk.now, named)
        self._send(document, self._settled)

    def _withdraw(self) -> None:
        self.desk.until_certain(
            self.case, lambda msgid, at: bills.withdraw(self.case, msgid, at, self.msgid)
        )

    def _begin_cancelling(self) -> None:
        visit = self.case.visit_no
        self.desk.until_certain(
            self.case, lambda msgid, at: bills.cancel(self.case, msgid, at, self.setl_id, visit)
        )


def _nothing(_reply: Reply | None) -> None:
    """This hospital does not look at the answer."""


HABITS: tuple[tuple[str, int], ...] = (
    ("cancels", 20),
    ("sends twice", 15),
    ("withdraws at once", 8),
    ("withdraws first", 4),
    ("other content", 5),
    ("forgets", 5),
)
"""Per cent of all cases; one case may have several."""


def habits(random: Random) -> frozenset[str]:
    return frozenset(name for name, percent in HABITS if random.randrange(100) < percent)
