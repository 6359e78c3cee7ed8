"""The whole world in one process: every part a thread, the broker in memory, HTTP on loopback."""

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode
from contracts.delivery.memory import MemoryLog
from contracts.delivery.processor import Processor
from contracts.delivery.watching import watched
from contracts.programs.serving import HttpProtocol
from contracts.sealing import Sealer
from hub import main as hub
from hub.domain.clearing_terms import terms_in_use
from hub.settings import Settings as HubSettings
from participants.gateway.http.app import create_app
from participants.gateway.main import door_of
from participants.gateway.settings import GatewaySettings
from participants.gateway.shedding import SheddingProtocol
from participants.insured import main as insured
from participants.insured.settings import Settings as InsuredSettings
from participants.treatment import main as treatment
from participants.treatment.settings import Settings as TreatmentSettings
from simulators.running.deployment import Deployment, deployed
from simulators.running.joining import PROFILES_FILE
from simulators.running.seeding import seed
from simulators.running.world import DESK_AREA, World
from simulators.stack.servers import Servers

SERVES_WITHIN_S = 20.0
SHIPPED: Mapping[str, Any] = {}
"""Nothing of the hub's settings shall differ."""


class ThreadDied(Exception):
    """A part of the embedded world ended by itself; the text names it and its error."""


@dataclass(slots=True)
class Loop:
    """One processor in a thread of its own, which can be stopped and started anew."""

    name: str
    build: Callable[[], Processor]
    died: dict[str, BaseException]
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop = threading.Event()
        processor = self.build()
        self._thread = threading.Thread(
            target=self._run, args=(processor, self._stop), name=self.name
        )
        self._thread.start()

    def tell_to_stop(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        self.tell_to_stop()
        if self._thread is not None:
            self._thread.join()

    def _run(self, processor: Processor, stop: threading.Event) -> None:
        try:
            with watched(processor):
                processor.run(stop)
        except Exception as error:  # noqa: BLE001 - told by `check`, in the main thread
            self.died[self.name] = error
        finally:
            processor.broker.close()
            processor.outbox.close()


@dataclass(frozen=True, slots=True)
class Parts:
    """Builds the parts of one embedded world on one log in memory."""

    deployment: Deployment
    stack: ExitStack
    hub_settings: HubSettings
    slices_every_s: int
    clock: Clock = field(default_factory=SystemClock)
    log: MemoryLog = field(default_factory=MemoryLog)
    died: dict[str, BaseException] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)

    def loop(self, name: str, build: Callable[[], Processor]) -> Loop:
        """Start a processor; it is stopped when the world ends."""
        loop = Loop(name, build, self.died)
        loop.start()
        self.loops.append(loop)
        self.stack.callback(loop.stop)
        return loop

    def hub(self) -> str:
        """The hub's worker, jobs and API; the API's address."""
        engine = self.deployment.hub_engine("hub")
        self.stack.callback(engine.dispose)
        settings = self.hub_settings
        self.stack.enter_context(terms_in_use(settings.clearing_terms()))
        self.loop("hub work", lambda: hub.worker(engine, self.log, self.clock, settings))
        self.loop("hub comparison", lambda: hub.comparer(engine, self.log, self.clock, settings))
        stop = threading.Event()
        jobs = threading.Thread(target=self._jobs, args=(settings, stop), name="hub jobs")
        jobs.start()
        self.stack.callback(jobs.join)
        self.stack.callback(stop.set)
        return self.serve(
            self.stack.enter_context(hub.served(engine, self.log, self.clock, settings))
        )

    def insured(self, area: AreaCode) -> Loop:
        engine = self.deployment.insured_engine(area, f"insured {area}")
        self.stack.callback(engine.dispose)
        settings = InsuredSettings()

        def build() -> Processor:
            return insured.worker(area, engine, self.log, self.clock, settings)

        if self.slices_every_s:
            often = InsuredSettings(insured_slice_every_s=self.slices_every_s)
            tell = insured.slicer(area, engine, self.log, self.clock, often)
            self.beside(f"insured {area} slices", tell)
        return self.loop(f"insured {area}", build)

    def desk(self, area: AreaCode) -> str:
        engine = self.deployment.insured_engine(area, f"desk {area}")
        self.stack.callback(engine.dispose)
        sealer = Sealer.from_text(self.deployment.secrets["YIDI_SEALING_KEYS"])
        settings = InsuredSettings()
        return self.serve(insured.desk(area, engine, self.log, self.clock, settings, sealer=sealer))

    def treatment(self, area: AreaCode) -> None:
        engine = self.deployment.treatment_engine(area, f"treatment {area}")
        self.stack.callback(engine.dispose)
        settings = TreatmentSettings()
        self.loop(
            f"treatment {area}",
            lambda: treatment.worker(area, engine, self.log, self.clock, settings),
        )
        remind = treatment.reminder(area, engine, self.log, self.clock, settings)
        self.beside(f"treatment {area} jobs", remind)
        if self.slices_every_s:
            often = TreatmentSettings(treatment_slice_every_s=self.slices_every_s)
            tell = treatment.slicer(area, engine, self.log, self.clock, often)
            self.beside(f"treatment {area} slices", tell)

    def beside(self, name: str, loop: Callable[[threading.Event], None]) -> None:
        """Run a loop in a thread of its own until the world ends."""
        stop = threading.Event()

        def run() -> None:
            try:
                loop(stop)
            except Exception as error:  # noqa: BLE001 - told by `check`, in the main thread
                self.died[name] = error

        thread = threading.Thread(target=run, name=name)
        thread.start()
        self.stack.callback(thread.join)
        self.stack.callback(stop.set)

    def gateway(self) -> str:
        """One gateway for every treatment area; its address."""
        sealer = Sealer.from_text(self.deployment.secrets["YIDI_SEALING_KEYS"])
        key = base64.b64decode(self.deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
        settings = TreatmentSettings(treatment_database_url=self.deployment.treatment_url)
        doors = {}
        for area in self.deployment.areas:
            door = door_of(area, settings, self.log, self.clock, sealer=sealer, person_key=key)
            self.stack.callback(door.outbox.engine.dispose)
            self.stack.callback(door.outbox.close)
            doors[area] = door
        own = GatewaySettings(profiles_file=PROFILES_FILE)
        return self.serve(create_app(doors, own, self.clock), SheddingProtocol)

    def serve(self, application: ASGIApp, http: HttpProtocol = "auto") -> str:
        """Serve on a free port of loopback until the world ends; the address."""
        config = uvicorn.Config(
            application,
            host="127.0.0.1",
            port=0,
            http=http,
            log_config=None,  # this process has other things to say than uvicorn
            log_level="warning",
            access_log=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, name="http")
        thread.start()
        self.stack.callback(_end, server, thread)
        until = time.monotonic() + SERVES_WITHIN_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise ThreadDied("an HTTP server did not come up")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def tell_all_to_stop(self) -> None:
        """So that they end at the same time, instead of one after the other."""
        for loop in self.loops:
            loop.tell_to_stop()

    def check(self) -> None:
        for name, error in self.died.items():
            raise ThreadDied(f"{name} ended: {type(error).__name__}: {error}") from error

    def _jobs(self, settings: HubSettings, stop: threading.Event) -> None:
        engine = self.deployment.hub_engine("hub jobs")
        try:
            hub.run_jobs(engine, self.log, self.clock, settings, stop=stop)
        finally:
            engine.dispose()


@contextmanager
def embedded_world(
    servers: Servers,
    areas: tuple[AreaCode, ...],
    *,
    canary_every_s: int = 0,
    slices_every_s: int = 0,
    clock: Clock | None = None,
    hub_settings: Mapping[str, Any] = SHIPPED,
) -> Iterator[World]:
    """Everything in this process; it ends, and its databases go, with the block.

    `clock`: the machine's own unless given. `canary_every_s`: to each insured area, and
    `slices_every_s`: of the open day, from every area; 0 for none, as whoever counts messages
    wants it. `hub_settings`: of hub.settings, where they shall differ.
    """
    with deployed(servers, areas) as deployment, ExitStack() as stack:
        clock = clock or SystemClock()
        log = MemoryLog(keys=deployment.keys(), clock=clock)
        settings = _hub_settings(deployment, canary_every_s, hub_settings)
        parts = Parts(deployment, stack, settings, slices_every_s, clock, log)
        tokens = seed(deployment, parts.clock.now())
        hub_api = parts.hub()
        insured_loops = {area: parts.insured(area) for area in areas}
        for area in areas:
            parts.treatment(area)
        gateway, desk = parts.gateway(), parts.desk(DESK_AREA)
        stack.callback(parts.tell_all_to_stop)
        yield World(
            deployment=deployment,
            tokens=tokens,
            hub_api=hub_api,
            gateway=gateway,
            desk=desk,
            pause=lambda area: insured_loops[area].stop(),
            resume=lambda area: insured_loops[area].start(),
            check=parts.check,
        )


def _hub_settings(
    deployment: Deployment, canary_every_s: int, others: Mapping[str, Any]
) -> HubSettings:
    # The demonstration closes its day while the areas still answer, so sides are asked often.
    own: dict[str, Any] = {
        "hub_database_url": deployment.hub_url,
        "person_token_key": deployment.secrets["YIDI_PERSON_TOKEN_KEY"],
        "hub_sealing_keys": deployment.secrets["YIDI_HUB_SEALING_KEYS"],
        "hub_seal_key": deployment.secrets["YIDI_HUB_SEAL_KEY"],
        "ask_every_s": 1,
        "hub_canary_every_s": canary_every_s,
    }
    return HubSettings(**{**own, **others})


def _end(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join()
