"""Registrations 备案 as hospitals live them: filed, decided or not yet, taken back, used, over."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from contracts.codes import AreaCode
from participants.gateway.wire.envelope import Reply as Told
from simulators.simulation import bills
from simulators.simulation.bills import Case, envelope
from simulators.simulation.databases import AREAS, newcomers, person_of
from simulators.simulation.hospitals import Desk, Story
from simulators.witness import Reply, Verdict

TAKES_BACK = "2502"
TRIES_MAX = 40
LASTED = timedelta(days=200)
"""Longer than a temporary registration must last at least."""
ENDS_TODAY_PERCENT, TAKEN_BACK_PERCENT, USED_PERCENT = 40, 35, 60


@dataclass(slots=True)
class Filing:
    """One registration for the province of `case`'s hospital, which files it."""

    desk: Desk
    case: Case
    ends_today: bool
    msgid: str = ""
    tries: int = 0
    serial: str = ""

    def begin(self) -> None:
        self.msgid = self.desk.new_msgid(self.case)
        self._file()

    def _file(self) -> None:
        document = bills.refer(
            self.case, self.msgid, self.desk.now, LASTED, ends_today=self.ends_today
        )
        self.desk.wires.send(self.case.area, document, self._filed, listen=self._heard)

    def _heard(self, told: Told) -> None:
        result = (told.output or {}).get("result", {})
        self.serial = str(result.get("trt_dcla_detl_sn", ""))

    def _filed(self, reply: Reply | None) -> None:
        if reply is None or reply.verdict is Verdict.UNKNOWN:
            self.tries += 1
            if self.tries < TRIES_MAX:
                self.desk.later(0.5, 15.0, self._file)
        elif reply.verdict is Verdict.DONE and self.serial:
            self._go_on()

    def _go_on(self) -> None:
        random = self.desk.random
        if random.randrange(100) < USED_PERCENT:
            self.desk.later(0.5, 5.0, Story(self.desk, self.case).begin)
        if random.randrange(100) < TAKEN_BACK_PERCENT:
            self.desk.later(0.0, 8.0, self._take_back)

    def _take_back(self) -> None:
        person = person_of(self.case.person)
        data = {"trt_dcla_detl_sn": self.serial, "psn_no": person, "memo": "仿真撤销"}
        self.desk.until_certain(
            self.case, lambda msgid, at: envelope(self.case, TAKES_BACK, msgid, at, data)
        )


def drawn(desk: Desk, random: Random, area: AreaCode, number: int) -> Filing:
    """A filing by a hospital of this area for somebody who is registered nowhere yet."""
    people = [one for home in AREAS if home != area for one in newcomers(home)]
    case = bills.drawn(random, area, people, number)
    return Filing(desk, case, ends_today=random.randrange(100) < ENDS_TODAY_PERCENT)
