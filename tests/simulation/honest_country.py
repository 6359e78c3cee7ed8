"""Three parties with their real workers, jobs and outboxes, and hospitals whose replies are kept.

Everything that can become of a settlement has become of one of them, days are closed and agreed,
and a month is cleared: a country in which every truth holds.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import Engine

from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.ids import short_text_of
from hub import jobs as hub_jobs
from hub import main as hub_main
from hub import running_jobs
from hub.services import clearing, days
from hub.settings import Settings as HubSettings
from participants.gateway.serving.counter import Look, serve
from participants.gateway.serving.door import Door
from participants.gateway.serving.requests import Awaiting
from participants.gateway.wire.envelope import Reply as Told
from participants.gateway.wire.envelope import unknown_until
from participants.insured import main as insured_main
from participants.insured.settings import Settings as InsuredSettings
from participants.treatment import main as treatment_main
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.services import reminding
from participants.treatment.settings import Settings as TreatmentSettings
from simulators import truths, witness
from simulators.truths import Sides
from simulators.witness import Reply, Witness
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.insured import StandingClock
from tests.support.three_parties import (
    INSURED,
    REMINDING,
    SEALER,
    TERMS,
    World,
    world,
)

SETTLES, CANCELS, WITHDRAWS, ASKS, FILES = "2304", "2305", "2601", "5203", "2501"
CLOSING = (
    "close days that are over",
    "keep balances of closed days",
    "begin reconciliations",
    "ask sides again",
    "hash the rows of closed days",
    "seal issued runs",
)
JOBS = {job.name: job for job in hub_jobs.jobs(HubSettings())}
ENDING = ("expire settlements", "ask for releases again")


@dataclass(slots=True)
class Country:
    """What a test holds: the sides, the witness, and hands to make things happen."""

    world: World
    log: MemoryLog
    clock: StandingClock
    sides: Sides
    workers: dict[str, Processor]
    jobs: Outbox
    desk: Outbox
    door: Door
    witness: Witness = field(default_factory=Witness)

    def settle(self, person: int = INSURED, yuan: int = 3_000, **said: Any) -> Reply:
        """One 2304, and the reply to it as soon as there is one."""
        return self.ask(SETTLES, self.world.bill(person, yuan), **said)

    def undo(self, infno: str, of: Reply) -> Reply:
        """2305 by the settlement's id, 2601 by the message's."""
        psn_no = insured.person(INSURED)
        if infno == WITHDRAWS:
            return self.ask(infno, {"psn_no": psn_no, "omsgid": of.msgid, "oinfno": SETTLES})
        assert of.settlement_id is not None
        node = {
            "setl_id": short_text_of(of.settlement_id),
            "mdtrt_id": "ZY000000",
            "psn_no": psn_no,
        }
        return self.ask(infno, node)

    def ask(self, infno: str, node: Any, msgid: str = "", *, absent: str = "") -> Reply:
        """Send it; let everybody work but who is `absent`; what the hospital hears in the end."""
        self.world.now = self.clock.at
        document = self.world.document(infno, node, msgid)
        request = self.world.request(document)
        [step] = serve(self.door, [request], [])
        certain_by = None
        if isinstance(step, Awaiting):
            self.work(absent=absent)
            [step] = serve(self.door, [], [Look(request, step, is_last=True)])
        if isinstance(step, Awaiting):
            certain_by = step.answer_by
            step = unknown_until(certain_by)
        return self._hear(document, step, certain_by)

    def work(self, *, absent: str = "") -> None:
        """Until nobody has anything to do."""
        present = [one for name, one in self.workers.items() if name != absent]
        self.door.outbox.tend()
        self.jobs.tend()
        self.desk.tend()
        while sum(one.run_once() for one in present):
            pass

    def pass_time(self, seconds: float, *, absent: str = "") -> None:
        """The jobs that end things run every half second, as they do."""
        until = self.clock.at + timedelta(seconds=seconds)
        while self.clock.at < until:
            self.clock.at = min(self.clock.at + timedelta(milliseconds=500), until)
            self.run_jobs(*ENDING)
            with self.door.outbox.transaction() as writing:
                said = reminding.remind(
                    writing.tx, writing.now, terms=TERMS, reminding=REMINDING, count_max=100
                )
                writing.say(said)
            self.work(absent=absent)

    def run_jobs(self, *names: str) -> None:
        for name in names:
            running_jobs.run_once(JOBS[name], self.jobs)

    def close_days_until(self, opened: date) -> None:
        with self.jobs.transaction() as writing:
            while days.close(writing.tx, writing.now) < opened - timedelta(days=1):
                pass
        for _ in range(6):
            self.run_jobs(*CLOSING)
            self.work()
            self.clock.at += timedelta(seconds=4)

    def clear(self, month: str) -> None:
        with self.jobs.transaction() as writing:
            _, said = clearing.run(writing.tx, month, writing.now)
            writing.say(said)
        self.run_jobs(*CLOSING)
        self.work()

    def broken(self) -> list[str]:
        found = truths.broken(self.sides, self.witness, self.clock.at)
        return [f"{one.truth}: {one.what}" for one in found]

    def _hear(self, document: dict[str, Any], told: Told, certain_by: Any) -> Reply:
        answer = {
            "infcode": "0" if told.code is None else "-1",
            "err_msg": "" if told.code is None else told.code.told(told.detail),
            "output": told.output or {},
        }
        heard = witness.told(treatment.AREA, document, answer, self.clock.at)
        self.witness.heard(replace(heard, certain_by=certain_by))
        return self.witness.replies[-1]


def country(databases: Databases) -> Country:
    """Seeded, and nothing has happened yet."""
    made, clock = world(databases, Random(1)), StandingClock(insured.NOON)
    log = MemoryLog(clock=clock)
    sides = Sides(made.hub, {insured.AREA: made.insured}, {treatment.AREA: made.treatment})
    workers = {
        "hub": hub_main.worker(made.hub, log, clock, HubSettings(hub_wait_ms=1)),
        "hub comparison": hub_main.comparer(made.hub, log, clock, HubSettings(hub_wait_ms=1)),
        "insured": insured_main.worker(
            insured.AREA, made.insured, log, clock, InsuredSettings(insured_wait_ms=1)
        ),
        "treatment": treatment_main.worker(
            treatment.AREA, made.treatment, log, clock, TreatmentSettings(treatment_wait_ms=1)
        ),
    }
    jobs = hub_main.outbox_of("hub.jobs", made.hub, log, clock, HubSettings())
    desk = Outbox(made.insured, log.sender("desk"), clock)
    door = _door(made.treatment, log)
    here = Country(made, log, clock, truths.begun(sides), workers, jobs, desk, door)
    here.work()  # What areas make known first, and every outbox is tended once.
    return here


def _door(engine: Engine, log: MemoryLog) -> Door:
    return Door(
        terms=TERMS,
        outbox=Outbox(engine, log.sender("gateway"), log.clock),
        listener=None,  # type: ignore[arg-type]  # nobody waits: the test looks
        catalogue=load_catalogue(),
        sealer=SEALER,
        person_key=b"a key",
    )
