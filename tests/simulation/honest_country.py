"""Three parties with their real workers, jobs and outboxes, and hospitals whose replies are kept.

Everything that can become of a settlement has become of one of them, days are closed and agreed,
and a month is cleared: a country in which every truth holds.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from contracts.access import AccessRole, Principal
from contracts.clock import shanghai_date_of
from contracts.codes import Fund, InsuranceKind, VisitKind
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.ids import SettlementId, short_text_of
from hub import jobs as hub_jobs
from hub import main as hub_main
from hub import running_jobs
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.services import adjusting, clearing, days, second_person
from hub.settings import Settings as HubSettings
from participants.gateway.serving.counter import Look, serve
from participants.gateway.serving.door import Door
from participants.gateway.serving.requests import Awaiting
from participants.gateway.wire.envelope import Reply as Told
from participants.gateway.wire.envelope import unknown_until
from participants.insured import area_file
from participants.insured import main as insured_main
from participants.insured.services import desk as insured_desk
from participants.insured.settings import Settings as InsuredSettings
from participants.insured.store.queue import Filter
from participants.treatment import main as treatment_main
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.services import reminding
from participants.treatment.settings import Settings as TreatmentSettings
from simulators import truths, witness
from simulators.truths import Sides
from simulators.witness import Reply, Verdict, Witness
from tests.gateway.cases import referral
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.insured import StandingClock
from tests.support.three_parties import (
    INSURED,
    REMINDING,
    SEALER,
    TERMS,
    UNKNOWN,
    UNREGISTERED,
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


def lived(databases: Databases) -> Country:
    """A country in March to which everything has happened, on the second of April."""
    here = country(databases)
    kept, cancelled, withdrawn = here.settle(), here.settle(yuan=900), here.settle(yuan=700)
    here.undo(CANCELS, cancelled)
    here.undo(WITHDRAWS, withdrawn)
    here.settle(UNREGISTERED)
    here.settle(UNKNOWN)
    _file(here)
    _ask_again(here, kept)
    _end_without_an_answer(here)
    here.clock.at += timedelta(days=1)
    here.close_days_until(date(2026, 3, 11))
    here.undo(CANCELS, here.settle(yuan=1_200))
    _adjust(here, kept)
    here.clock.at = insured.NOON + timedelta(days=23)
    here.close_days_until(date(2026, 4, 2))
    here.clear("2026-03")
    here.settle(yuan=4_321)
    here.clock.at += timedelta(seconds=2)
    here.work()  # Every outbox strikes what has arrived.
    return here


def _file(here: Country) -> None:
    """A registration that its insured area's desk accepts."""
    node = referral(
        psn_no=insured.person(UNREGISTERED),
        insu_optins=insured.HOME,
        mdtrtarea_admdvs=f"{treatment.AREA[:2]}0100",
        refl_date=str(shanghai_date_of(here.clock.at)),
    )
    filed = here.ask(FILES, node)
    assert filed.verdict is Verdict.DONE, filed
    with here.desk.transaction() as writing:
        verdict = insured_desk.Verdict(accepts=True, reason="", by="甲")
        _, said, _ = insured_desk.decide_matching(
            area_file.load(insured.AREA), writing.tx, Filter(), verdict, most=9, now=writing.now
        )
        writing.say(said)
    here.work()


def _ask_again(here: Country, kept: Reply) -> None:
    """The same again, another bill under its message id, how it stands; a no that comes first."""
    again = here.world.bill(visit="ZY000001")
    here.ask(SETTLES, again, kept.msgid)
    here.ask(SETTLES, here.world.bill(yuan=4_000), kept.msgid)
    here.ask(
        ASKS, {"psn_no": insured.person(INSURED), "setl_id": kept.msgid, "mdtrt_id": "ZY000001"}
    )
    unseen = f"{treatment.HOSPITAL}{999:018d}"
    node = {"psn_no": insured.person(INSURED), "omsgid": unseen, "oinfno": SETTLES}
    here.ask(WITHDRAWS, node)
    here.ask(SETTLES, here.world.bill(), unseen)


def _end_without_an_answer(here: Country) -> None:
    """One that the hub lets expire, and one that its hospital hears to be void while it is away."""
    for absent in ("insured", "hub"):
        node = here.world.bill(yuan=2_000)
        first = here.ask(SETTLES, node, absent=absent)
        assert first.verdict is Verdict.UNKNOWN, first
        here.pass_time(20, absent=absent)
        here.work()
        here.pass_time(20)
        here.ask(SETTLES, node, first.msgid)


def operator(name: str) -> Principal:
    return Principal(name, AccessRole.OPERATOR, None)


def _adjust(here: Country, about: Reply) -> None:
    assert about.settlement_id is not None
    wanted = Adjustment(
        adjustment_id=uuid4(),
        insured_area=insured.AREA,
        treatment_area=treatment.AREA,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=Fund.POOL,
        amount_fen=-12_34,
        reason=AdjustmentReason.AUDIT,
        cause="多收一次",
        by="甲",
        second="",
        settlement_id=SettlementId(about.settlement_id),
    )
    with here.jobs.transaction() as writing:
        one = adjusting.propose(
            writing.tx, wanted, reason=wanted.cause, by=operator("甲"), now=writing.now
        )
        second_person.decide(
            writing.tx, one.proposal_id, approve=True, why="", by=operator("乙"), now=writing.now
        )


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
