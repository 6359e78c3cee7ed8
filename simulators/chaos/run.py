"""One run: the load begins, things break as planned, all comes to rest, and it is judged."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy.exc import DBAPIError

from contracts.clock import SystemClock
from simulators.chaos import complaints, deeds
from simulators.chaos.absence import absences, crowded_out
from simulators.chaos.asking import Asker
from simulators.chaos.complaints import RECOVERED_WITHIN_S
from simulators.chaos.door import Door
from simulators.chaos.flow import Flow, flow_between
from simulators.chaos.ground import AREAS, Ground, Tell, ground, kept
from simulators.chaos.hospitals import Hospitals
from simulators.chaos.judgement import between, judge
from simulators.chaos.messages import Pen
from simulators.chaos.outcome import Befallen, Load, Outcome
from simulators.chaos.plan import WARM_UP_S, Fault, Plan
from simulators.chaos.visits import SETTLING_SHARE, Tills
from simulators.witness import Witness

COUNTED_FOR = timedelta(seconds=WARM_UP_S / 2)
"""The end of the warm-up, over which the ordinary rate is counted."""
ENDED_WITHIN_S = 180.0
"""For all visits under way when the load stops: a till asks for two minutes."""
CONVERGED_WITHIN_S = 120.0
LOOK_EVERY_S = 0.2
CROWDED = 4.0
"""So many waiting for each core, over a minute: what is late then says nothing about us."""

Progress = Callable[[float, str], None]
"""Hears how many seconds of the load are over, and what is going on."""


@dataclass(slots=True)
class Story:
    """The ground, the hospitals, and the supervisor's thread, which is this one."""

    ground: Ground
    hospitals: Hospitals
    witness: Witness
    progress: Progress
    clock: SystemClock = field(default_factory=SystemClock)
    crowding: float = 0.0
    _began_s: float = field(default_factory=time.monotonic)

    @property
    def over_s(self) -> float:
        return time.monotonic() - self._began_s

    def until(self, found: Callable[[], bool], within_s: float, what: str) -> bool:
        """Whether it came to be so in time; what ends meanwhile is started again."""
        give_up_s = self.over_s + within_s
        while not (is_so := found()) and self.over_s < give_up_s:
            self.ground.tend()
            self.crowding = max(self.crowding, os.getloadavg()[0] / (os.cpu_count() or 1))
            self.progress(self.over_s, what)
            time.sleep(LOOK_EVERY_S)
        return is_so

    def wait_until(self, moment_s: float, what: str) -> None:
        self.until(lambda: self.over_s >= moment_s, float("inf"), what)

    def warmed_up(self, rate_per_s: float) -> Flow:
        """The ordinary flow: never more than is asked for, though what had queued up may be."""
        self.wait_until(WARM_UP_S, "负载预热 warming up")
        now = self.clock.now()
        found = flow_between(self.hospitals.tills.settled_at, now - COUNTED_FOR, now)
        return Flow(min(found.ordinary_per_s, rate_per_s * SETTLING_SHARE / 100))

    def suffer(self, fault: Fault, flow: Flow) -> Befallen:
        """Let it happen when it is due, and watch until work flows as ever, within a bound."""
        self.wait_until(fault.at_s, "平静 calm")
        card, told = fault.card, f"{fault.card.target}: {fault.card.told}"
        begun_at, begun_s = self.clock.now(), self.over_s
        deeds.begin(self.ground, card)
        self.wait_until(begun_s + fault.lasts_s, told)
        ended_at = self.clock.now()
        deeds.end(self.ground, card)
        told = f"恢复中 recovering: {told}"
        self.until(lambda: self.ground.answers(card.target), RECOVERED_WITHIN_S, told)
        answered_at = self.clock.now()
        back_at = self._recovered_at(flow, ended_at, told)
        given_up_at = self.clock.now()
        return Befallen(fault, begun_at, ended_at, answered_at, back_at, given_up_at)

    def _recovered_at(self, flow: Flow, since: datetime, told: str) -> datetime | None:
        settled_at = self.hospitals.tills.settled_at

        def found() -> datetime | None:
            return flow.recovered_at(settled_at, since)

        self.until(lambda: found() is not None, RECOVERED_WITHIN_S, told)
        return found()

    def come_to_rest(self) -> float:
        """No new visits: all under way ends, every case is looked at again. Seconds it took.

        In the end nobody does anything any more; what is judged is one moment.
        """
        since_s = self.over_s
        self.hospitals.rest()
        self.until(lambda: not self.hospitals.under_way, ENDED_WITHIN_S, "收尾 ending")
        self.until(self._is_quiet, CONVERGED_WITHIN_S, "收敛 converging")
        converged_s = self.over_s - since_s
        looking = self.hospitals.look_again()
        self.until(looking.done, ENDED_WITHIN_S, "逐笔复核 asking about every case again")
        if not looking.done():
            self.hospitals.tills.surprises.append("the cases could not all be looked at again")
        elif (fault := looking.exception()) is not None:
            self.hospitals.tills.surprises.append(f"looking again: {fault!r}")
        self.until(self._is_still, CONVERGED_WITHIN_S, "收敛 converging")
        self.ground.hold_still()
        return converged_s

    def _is_still(self) -> bool:
        """Held at a moment when nothing is on its way; the hub's own canaries never end."""
        self.ground.hold_still()
        if self._is_quiet():
            return True
        self.ground.go_on()
        return False

    def _is_quiet(self) -> bool:
        try:
            return not any(between(self.ground.sides))
        except DBAPIError:  # A connection of before the server was restarted.
            return False


def run(
    plan: Plan, rate_per_s: float, logs: Path | None, tell: Tell, progress: Progress
) -> Outcome:
    """The whole run of this plan. NoKafka, NoPostgres, PartFailed, Unexpected."""
    began_s = time.monotonic()
    with kept(logs) as folder, ground(folder, tell) as stand, _hospitals(stand, plan) as made:
        hospitals, witness = made
        hospitals.work_at(rate_per_s)
        story = Story(stand, hospitals, witness, progress)
        flow = story.warmed_up(rate_per_s)
        befallen = [story.suffer(fault, flow) for fault in plan.faults]
        story.wait_until(plan.load_s, "平静 calm")
        converged_s = story.come_to_rest()
        now, in_time = story.clock.now(), story.crowding <= CROWDED
        whole = (now - timedelta(seconds=story.over_s), now)
        by_faults = absences(befallen, stand.found_dead, AREAS)
        sides = replace(stand.sides, away=by_faults if in_time else crowded_out(whole, AREAS))
        wrong = [
            *complaints.of_hospitals(hospitals.tills),
            *complaints.nothing_to_judge(flow),
            *complaints.unprovoked(stand.found_dead, befallen),
            *(complaints.never_well(befallen) if in_time else ()),
        ]
        return Outcome(
            plan=plan,
            befallen=befallen,
            load=_load(hospitals.tills, witness, rate_per_s, flow),
            judgement=judge(sides, witness, now, wrong),
            found_dead=[one.told for one in stand.found_dead],
            crowding=story.crowding,
            in_time=in_time,
            broker=stand.deployment.servers.broker,
            database=stand.deployment.servers.database,
            converged_s=converged_s,
            elapsed_s=time.monotonic() - began_s,
        )


@contextmanager
def _hospitals(stand: Ground, plan: Plan) -> Iterator[tuple[Hospitals, Witness]]:
    clock, witness = SystemClock(), Witness()
    door = Door("127.0.0.1", stand.gateway_port)
    pen = Pen(stand.patients, clock, Random(f"{plan.seed} bills"))
    tills = Tills(pen, Asker(door, witness, clock), Random(f"{plan.seed} ways"))
    hospitals = Hospitals(tills)
    try:
        yield hospitals, witness
    finally:
        hospitals.close()


def _load(tills: Tills, witness: Witness, rate_per_s: float, flow: Flow) -> Load:
    return Load(
        rate_per_s=rate_per_s,
        ordinary_per_s=flow.ordinary_per_s,
        endings=Counter(case.ending.value for case in tills.cases),
        replies=len(witness.replies),
        refused=tills.asker.refused,
        no_answer=tills.asker.no_answer,
        late=tills.asker.late,
        late_s_max=tills.asker.late_s_max,
    )
