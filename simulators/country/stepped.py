"""The country in one process: three threads step all workers in turn, on a broker in memory.

The processors, jobs and doors are the real ones. What is left out is the waiting: a worker that
has nothing to read is not asked for long, and a job runs when the story's clock says so.
"""

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from contracts.codes import AreaCode, Role
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.sealing import Sealer
from hub import jobs as hub_jobs
from hub import main as hub
from hub import running_jobs
from hub.settings import Settings as HubSettings
from participants.gateway.http.app import create_app
from participants.gateway.main import door_of
from participants.gateway.settings import GatewaySettings
from participants.gateway.shedding import SheddingProtocol
from participants.insured import main as insured
from participants.insured.settings import Settings as InsuredSettings
from participants.treatment import jobs as treatment_jobs
from participants.treatment import main as treatment
from participants.treatment.settings import Settings as TreatmentSettings
from simulators.agency import wait_for
from simulators.country.filling import fill
from simulators.country.stepping import Stepper
from simulators.country.world import CountryWorld
from simulators.running.deployment import Deployment, deployed
from simulators.running.embedded import Parts
from simulators.running.moved_clock import MovedClock
from simulators.stack.folders import run_folder
from simulators.stack.servers import Servers
from simulators.truths import Sides, begun
from simulators.world.country import Country
from simulators.world.places import places
from simulators.world.policies import write_area_files

SWEPT_EVERY = timedelta(minutes=50)
QUIET_WITHIN_S = 120.0
HURRIED: Mapping[str, Any] = {
    "settle_within_ms": 60_000,
    "ask_every_s": 1,
    "hub_canary_every_s": 0,
    "break_after_s": 43_200,
}
"""A machine that does other things too must not decide which settlements end in time."""
_SAID_AND_HEARD = "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM inbox)"


@dataclass(frozen=True, slots=True, repr=False)
class SteppedCountry:
    """The world, its clock, and what one may make it do."""

    world: CountryWorld
    clock: MovedClock
    steppers: tuple[Stepper, ...]
    sides: Sides
    log: MemoryLog
    _jobs: tuple[hub_jobs.Job, ...]
    _jobs_outbox: Outbox
    _reminders: Mapping[AreaCode, tuple[treatment_jobs.Job, Outbox]]

    def run_jobs(self) -> None:
        """Every job of the hub once, and the reminder of each treatment area."""
        for job in self._jobs:
            running_jobs.run_once(job, self._jobs_outbox)
        for remind, outbox in self._reminders.values():
            treatment_jobs.run_once(remind, outbox)

    @property
    def moved(self) -> int:
        """Messages that all workers have handled."""
        return sum(stepper.moved for stepper in self.steppers)

    def sweep(self) -> None:
        """Let outboxes strike what has arrived, and time go on until those of the doors do too."""
        self.clock.move_to(self.clock.now() + SWEPT_EVERY)
        for stepper in self.steppers:
            stepper.sweep()

    def settle_down(self) -> None:
        """Wait until every message that was said has been heard."""
        wait_for("the country is quiet", self._is_quiet, QUIET_WITHIN_S)

    def _is_quiet(self) -> bool:
        self.world.check()
        said = heard = 0
        for _, engine in self.sides.named():
            with engine.connect() as tx:
                out, taken = tx.execute(text(_SAID_AND_HEARD)).one()
                said, heard = said + out, heard + taken
        return said == heard


@contextmanager
def stepped_country(
    given: Servers, country: Country, clock: MovedClock
) -> Iterator[SteppedCountry]:
    """Everything in this process, nobody registered yet; it ends with the block."""
    areas = tuple(places())
    with ExitStack() as stack:
        deployment = stack.enter_context(deployed(given, areas))
        folder = stack.enter_context(run_folder("country"))
        tokens = fill(deployment, country, clock.now())
        log = MemoryLog(keys=deployment.keys(), clock=clock)
        settings = _hub_settings(deployment)
        sides = _sides(deployment, stack)
        workers = _workers(sides, log, clock, settings, write_area_files(folder))
        steppers = tuple(_stepping(workers, role, stack) for role in ("hub", *Role))
        parts = Parts(deployment, stack, settings, 0, clock, log)
        api = stack.enter_context(hub.served(sides.hub, log, clock, settings))
        yield SteppedCountry(
            world=CountryWorld(
                country=country,
                deployment=deployment,
                tokens=tokens,
                hub_api=parts.serve(api),
                gateway=_gateway(parts),
                check=partial(_check, steppers),
            ),
            clock=clock,
            steppers=steppers,
            sides=begun(sides),
            log=log,
            _jobs=hub_jobs.jobs(settings),
            _jobs_outbox=hub.outbox_of("hub.jobs", sides.hub, log, clock, settings),
            _reminders=_reminders(log, clock, sides),
        )


def _check(steppers: Sequence[Stepper]) -> None:
    for stepper in steppers:
        stepper.check()


def _stepping(workers: Mapping[str, Processor], role: str, stack: ExitStack) -> Stepper:
    """The workers of a role, stepped in a thread of their own until the stack unwinds."""
    stepper = Stepper([one for name, one in workers.items() if name.startswith(role)])
    thread = threading.Thread(target=stepper.run, name=f"stepper {role}")
    thread.start()
    stack.callback(thread.join)
    stack.callback(stepper.stop)
    return stepper


def _gateway(parts: Parts) -> str:
    """One gateway for every treatment area, whose outboxes are swept as seldom as the workers'."""
    url, secrets = parts.deployment.treatment_url, parts.deployment.secrets
    settings = TreatmentSettings(treatment_database_url=url)
    sealer = Sealer.from_text(secrets["YIDI_SEALING_KEYS"])
    key = base64.b64decode(secrets["YIDI_PERSON_TOKEN_KEY"])
    doors = {
        area: door_of(area, settings, parts.log, parts.clock, sealer=sealer, person_key=key)
        for area in parts.deployment.areas
    }
    for door in doors.values():
        door.outbox.limits = replace(door.outbox.limits, sweep_every=SWEPT_EVERY)
        parts.stack.callback(door.outbox.engine.dispose)
        parts.stack.callback(door.outbox.close)
    return parts.serve(create_app(doors, GatewaySettings(), parts.clock), SheddingProtocol)


def _hub_settings(deployment: Deployment) -> HubSettings:
    own: dict[str, Any] = {
        "hub_database_url": deployment.hub_url,
        "person_token_key": deployment.secrets["YIDI_PERSON_TOKEN_KEY"],
        "hub_sealing_keys": deployment.secrets["YIDI_HUB_SEALING_KEYS"],
        "hub_seal_key": deployment.secrets["YIDI_HUB_SEAL_KEY"],
    }
    return HubSettings(**own, **HURRIED)


def _sides(deployment: Deployment, stack: ExitStack) -> Sides:
    """One engine a database; the workers, the jobs and the truths share them."""
    found = Sides(
        hub=deployment.hub_engine("hub"),
        insured={area: deployment.insured_engine(area, "country") for area in deployment.areas},
        treatment={area: deployment.treatment_engine(area, "country") for area in deployment.areas},
    )
    for _, engine in found.named():
        stack.callback(engine.dispose)
    return found


def _workers(
    sides: Sides, log: MemoryLog, clock: MovedClock, settings: HubSettings, area_files: str
) -> Mapping[str, Processor]:
    insures = InsuredSettings(insured_area_file=area_files)
    treats = TreatmentSettings()
    found = {
        "hub": hub.worker(sides.hub, log, clock, settings),
        "hub comparison": hub.comparer(sides.hub, log, clock, settings),
    }
    for area, engine in sides.insured.items():
        found[f"insured {area}"] = insured.worker(area, engine, log, clock, insures)
    for area, engine in sides.treatment.items():
        found[f"treatment {area}"] = treatment.worker(area, engine, log, clock, treats)
    for worker in found.values():
        worker.limits = replace(worker.limits, wait_ms=0)
        worker.outbox.limits = replace(worker.outbox.limits, sweep_every=SWEPT_EVERY)
    return found


def _reminders(
    log: MemoryLog, clock: MovedClock, sides: Sides
) -> Mapping[AreaCode, tuple[treatment_jobs.Job, Outbox]]:
    settings = TreatmentSettings()
    return {
        area: (
            treatment_jobs.remind(area, settings),
            Outbox(engine, log.sender(f"treatment.{area}.jobs"), clock, settings.outbox_limits()),
        )
        for area, engine in sides.treatment.items()
    }
