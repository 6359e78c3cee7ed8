"""What every chapter plays with: the world, the hospitals, and the people already identified."""

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

import httpx

from contracts.clock import Clock
from contracts.codes import areas
from contracts.money import yuan_from_fen
from simulators.agency import Client, Unexpected
from simulators.demo.narrator import Narrator
from simulators.demo.plot import PlannedRegistration, Plot
from simulators.hospital import Hospital, Reply, Visit
from simulators.running.world import DESK_AREA, World
from simulators.world.population import Institution, Resident, draw_bill


@dataclass(slots=True)
class Stage:
    """One telling. The same seed asks for the same things in the same order."""

    world: World
    plot: Plot
    narrator: Narrator
    http: httpx.Client
    random: Random
    clock: Clock
    visits: int
    teacher_visit: Visit | None = None
    _hospitals: dict[str, Hospital] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def operator(self) -> Client:
        return Client(self.world.hub_api, self.world.tokens.operator, self.http)

    @property
    def desk(self) -> Client:
        return Client(self.world.desk, self.world.tokens.desks[DESK_AREA], self.http)

    def travellers(self) -> list[PlannedRegistration]:
        """Everybody who may be treated away from home today."""
        return [one for one in self.plot.registrations if one.covers_today()]

    def at(self, institution: Institution) -> Hospital:
        if institution.code not in self._hospitals:
            self._hospitals[institution.code] = Hospital(
                institution, self.world.gateway, self.http, self.clock
            )
        return self._hospitals[institution.code]

    def psn_no(self, hospital: Hospital, person: Resident) -> str:
        """Who this is to the interface: 1101 once a person, as hospitals do."""
        if person.certificate_number not in self._tokens:
            reply = must(hospital.identify(person))
            self._tokens[person.certificate_number] = str(reply.output["baseinfo"]["psn_no"])
        return self._tokens[person.certificate_number]

    def prepare(self, hospital: Hospital, person: Resident, bill: str) -> Visit:
        """A visit with its lines, ready to be settled."""
        drawn = draw_bill(bill, self.random)
        opened, visit = hospital.open_visit(person, self.psn_no(hospital, person), drawn)
        must(opened)
        must(hospital.upload_lines(visit))
        return visit

    def prepared(self, bill: str) -> tuple[Hospital, Visit]:
        """A visit of somebody who may settle, somewhere they are registered."""
        planned = self.random.choice(self.travellers())
        hospital = self.at(self.random.choice(self.plot.hospitals_in(planned.place)))
        return hospital, self.prepare(hospital, planned.person, bill)

    def refused(self, reply: Reply, code: str, what: str) -> None:
        """Tell of a no that was expected."""
        expect(not reply.ok and reply.code == code, f"expected {code}, got {reply.body}")
        self.narrator.say(f"{reply.infno} {what} → {reply.text}")

    def agreed(self, day: date) -> Any:
        """The comparison of a day once all sides agree, else None."""
        self.world.check()
        found = self.operator.get(f"/reconciliation/{day}")
        return found if found["begun_at"] and found["agreed"] else None


def must(reply: Reply) -> Reply:
    """The reply, which is a yes; else Unexpected."""
    expect(reply.ok, f"{reply.infno} {reply.msgid}: {reply.text}")
    return reply


def expect(holds: bool, told: str) -> None:
    if not holds:
        raise Unexpected(told)


def fen(amount: object) -> int:
    """Fen of an amount that came as a JSON number, read from its text."""
    whole, _, cents = str(amount).partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 100 + int(cents.ljust(2, "0")[:2]))


def yuan(amount: object) -> str:
    return yuan_from_fen(fen(amount))


def paid(reply: Reply) -> str:
    """Who pays what, of a trial or a settlement, in words."""
    info = reply.setlinfo
    total, fund = yuan(info["medfee_sumamt"]), yuan(info["fund_pay_sumamt"])
    return (
        f"总额 {total}，基金 {fund}，个人账户 {yuan(info['acct_pay'])}，"
        f"现金 {yuan(info['psn_cash_pay'])} 元"
    )


def area_name(division: str) -> str:
    return next(area.name for code, area in areas().items() if code[:2] == division[:2])
