"""Areas under certification: our own participants, sound or with one defect each."""

import base64
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from sqlalchemy import Connection, Engine

from contracts import access, topics
from contracts.access import AccessRole, Principal
from contracts.clock import SystemClock
from contracts.codes import AreaCode, Role
from contracts.delivery.broker import Broker, Record, Sender
from contracts.delivery.memory import MemoryLog
from contracts.delivery.processor import Handle, Processor, Subscription
from contracts.delivery.transport import KafkaTransport
from contracts.ids import new_id
from contracts.message import Body, Message, Outgoing
from contracts.sealing import Sealer
from contracts.signing import KeyRing
from contracts.topics import participant
from hub.settings import Settings as HubSettings
from participants.insured import main as insured
from participants.insured.services import eligibilities
from participants.insured.services import people as insured_people
from participants.insured.settings import Settings as InsuredSettings
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment import main as treatment
from participants.treatment.domain.institution import read_list
from participants.treatment.services import institutions
from participants.treatment.settings import Settings as TreatmentSettings
from participants.treatment.store.db import migrate as migrate_treatment
from simulators.certify.hub import Hub
from simulators.certify.insured.desk import HttpDesk
from simulators.certify.people import eligibilities_csv, institutions_csv, people_csv
from simulators.certify.preparing import message_keys
from simulators.certify.run import Certificate, certify_insured, certify_treatment
from simulators.certify.treatment.gateway import Gateway
from simulators.certify.treatment.stage import Stage as TreatmentStage
from simulators.running.deployment import Deployment, new_secrets
from simulators.running.embedded import Parts as Threads
from simulators.running.parts import Parts, started
from simulators.stack.servers import Servers
from tests.support.databases import Databases
from tests.support.http import served
from tests.support.insured import SEALER, TOKEN_KEY

INSURED, TREATMENT = AreaCode("340000"), AreaCode("310000")
WITHIN, QUIET = timedelta(seconds=10), timedelta(milliseconds=60)
CERTAIN_WITHIN = timedelta(seconds=15)
OFFICES = """
[[agencies]]
division = "{area}"
name = "认证示例经办机构"
phone = "12393"
address = "认证示例医保服务大厅"

[[pooling_areas]]
division = "{area}"
name = "认证示例统筹区"
opened = ["inpatient", "outpatient", "chronic"]
since = 2023-01-01
"""
# So that what nobody answers ends within two seconds.
SOON = {
    "YIDI_SETTLE_WITHIN_MS": "1000",
    "YIDI_CERTAIN_MARGIN_MS": "1000",
    "YIDI_STATUS_WITHIN_MS": "500",
    "YIDI_VOID_BEFORE_MS": "300",
    "YIDI_GATEWAY_ANSWER_WITHIN_S": "1",
    "YIDI_TREATMENT_SLICE_EVERY_S": "1",
}

Change = Callable[[Message[Any], list[Outgoing]], list[Outgoing]]
"""What a faulty area says to a message instead of what a sound one would."""


def keys_of(role: Role, area: AreaCode) -> str:
    """As `yidi certify keys` makes them, the same in every run."""
    secrets = ["A" * 42 + "E=", "B" * 42 + "E="]
    name = participant(role, area)
    return message_keys(name, secrets, SystemClock().now(), timedelta(days=30))


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that a faulty area does wrong. Each field is a way to do so; None is sound.

    `hears`: what it makes of the records it reads; `believes`: the keys it holds; `says`: what it
    answers to one kind; `handles`: what it does with one kind.
    """

    hears: Callable[[Broker], Broker] | None = None
    believes: Callable[[KeyRing], KeyRing] | None = None
    says: tuple[type[Body], Change] | None = None
    handles: tuple[type[Body], Callable[[Handle], Handle]] | None = None

    def changed(self, row: Subscription) -> Subscription:
        """The row of the processors' table, with the defect in it."""
        if self.handles is not None and row.body is self.handles[0]:
            return replace(row, handle=self.handles[1](row.handle))
        if self.says is not None and row.body is self.says[0]:
            return replace(row, handle=saying(row.handle, self.says[1]))
        return row


def saying(handle: Handle, change: Change) -> Handle:
    """One message at a time, and what is said to it changed."""

    def run(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> list[Outgoing]:
        return [
            one for message in batch for one in change(message, list(handle(tx, [message], now)))
        ]

    return run


@dataclass(frozen=True, slots=True)
class Transport:
    """The log in memory as a faulty area sees it."""

    log: MemoryLog
    defect: Defect

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Broker:
        reader: Broker = self.log.reader(group, topics, batch_max=batch_max)
        return self.defect.hears(reader) if self.defect.hears else reader

    def sender(self, client_id: str) -> Sender:
        keys = self.log.keys
        return Speaking(self.log, self.defect.believes(keys) if self.defect.believes else keys)


@dataclass(frozen=True, slots=True)
class Speaking:
    """A sender whose process holds other keys than it should."""

    log: MemoryLog
    keys: KeyRing

    def send(self, topic: str, key: bytes, value: bytes, headers: Any = ()) -> Any:
        return self.log.sender("").send(topic, key, value, headers)

    def flush(self, timeout_s: float) -> None:
        """Everything has arrived as soon as it was sent."""

    def close(self) -> None:
        """There is no connection to close."""


@dataclass(slots=True)
class Reading:
    """A reader that changes each record before the area sees it."""

    inner: Broker
    change: Callable[[Record], Record]

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        return [self.change(one) for one in self.inner.poll(batch_max=batch_max, wait_ms=wait_ms)]

    def commit(self, next_offsets: Any) -> None:
        self.inner.commit(next_offsets)

    def close(self) -> None:
        self.inner.close()


@contextmanager
def on_kafka(kafka: str, role: Role, area: AreaCode, folder: Path) -> Iterator[Parts]:
    """Topics of one run on a real Kafka, and processes that know of them; all end with it."""
    wanted = topics.all_topics([area])
    transport = KafkaTransport(f"{kafka}/certify_{new_id().hex[-8:]}.")
    transport.create_topics(wanted)
    environment = {
        **os.environ,
        **{name: value for name, value in new_secrets([area]).items() if "MESSAGE" not in name},
        "YIDI_KAFKA": transport.address,
        "YIDI_MESSAGE_KEYS": keys_of(role, area),
        "YIDI_PERSON_TOKEN_KEY": base64.b64encode(TOKEN_KEY).decode(),
    }
    try:
        with started(folder, environment) as parts:
            yield parts
    finally:
        transport.delete_topics(wanted)


def insured_engine(databases: Databases, folder: Path) -> Engine:
    """A database with the people that the area must have loaded."""
    engine = databases.fresh("insured", migrate_insured)
    with engine.begin() as tx:
        rows = insured_people.read(INSURED, insured_files(folder))
        insured_people.load(tx, rows, SEALER, TOKEN_KEY)
        recognised = folder / "eligibilities.csv"
        recognised.write_text(eligibilities_csv(INSURED), "utf-8")
        eligibilities.load(tx, eligibilities.read(recognised), TOKEN_KEY)
    return engine


def clerk_of(engine: Engine) -> str:
    """The token of a clerk of the insured area."""
    who, now = Principal("clerk", AccessRole.INSURED_AGENCY, INSURED), SystemClock().now()
    with engine.begin() as tx:
        return access.issue(tx, who, valid_for=timedelta(days=1), now=now)


def treatment_engine(databases: Databases) -> Engine:
    """A database with the hospital that the area must have loaded."""
    engine = databases.fresh("treatment", migrate_treatment)
    with engine.begin() as tx:
        lines = institutions_csv(TREATMENT).splitlines()
        institutions.load(tx, read_list(lines, TREATMENT))
    return engine


def offices_file(folder: Path) -> Path:
    """The offices that the treatment area makes known."""
    file = folder / "offices.toml"
    file.write_text(OFFICES.replace("{area}", TREATMENT), "utf-8")
    return file


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def insured_files(folder: Path) -> Path:
    """The people that the area must have loaded."""
    file = folder / "people.csv"
    file.write_text(people_csv(INSURED), "utf-8")
    return file


def certified_insured(
    databases: Databases, folder: Path, defect: Defect | None = None, only: Sequence[str] = ()
) -> Certificate:
    """Our insured area on the log in memory, certified; with a defect if one is given."""
    flaw = defect or Defect()
    engine = insured_engine(databases, folder)
    keys = KeyRing.from_text(keys_of(Role.INSURED, INSURED))
    log = MemoryLog(keys=keys)
    settings = InsuredSettings(insured_wait_ms=20)
    worker = insured.worker(INSURED, engine, Transport(log, flaw), SystemClock(), settings)
    desk = insured.desk(INSURED, engine, log, SystemClock(), settings, sealer=SEALER)
    with _working(with_defect(worker, flaw)), served(desk) as http:
        hub = Hub(Role.INSURED, INSURED, log, keys, WITHIN, QUIET)
        clerk = HttpDesk("http://desk", clerk_of(engine), hub, cast(httpx.Client, http))
        return certify_insured(hub, TOKEN_KEY, only=only, desk=clerk)


def with_defect(worker: Processor, defect: Defect) -> Processor:
    rows = [defect.changed(row) for row in worker.subscriptions]
    return Processor(
        broker=worker.broker, outbox=worker.outbox, subscriptions=rows, limits=worker.limits
    )


@contextmanager
def _working(worker: Processor) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        worker.outbox.close()


def certified_treatment(
    servers: Servers,
    databases: Databases,
    folder: Path,
    defect: Defect | None = None,
    only: Sequence[str] = (),
) -> Certificate:
    """Our treatment area and gateway on the log in memory, certified; `SOON` must be set."""
    flaw = defect or Defect()
    engine = treatment_engine(databases)
    keys = KeyRing.from_text(keys_of(Role.TREATMENT, TREATMENT))
    log = MemoryLog(keys=keys)
    secrets = new_secrets([TREATMENT])
    deployment = Deployment(servers, (TREATMENT,), "", "", url_of(engine), None, secrets)
    settings = TreatmentSettings(treatment_directory=offices_file(folder))
    with ExitStack() as stack:
        parts = Threads(deployment, stack, HubSettings(), slices_every_s=0, log=log)

        def build() -> Processor:
            transport = Transport(log, flaw)
            worker = treatment.worker(TREATMENT, engine, transport, SystemClock(), settings)
            return with_defect(worker, flaw)

        parts.loop("treatment", build)
        remind = treatment.reminder(TREATMENT, engine, log, SystemClock(), settings)
        parts.beside("jobs", remind)
        tell = treatment.slicer(TREATMENT, engine, log, SystemClock(), settings)
        parts.beside("slices", tell)
        hub = Hub(Role.TREATMENT, TREATMENT, log, keys, WITHIN, QUIET)
        outside = Gateway(TREATMENT, parts.gateway(), hub)
        sealer = Sealer.from_text(secrets["YIDI_SEALING_KEYS"])
        stage = TreatmentStage(hub, outside, CERTAIN_WITHIN, sealer)
        stack.callback(stage.close)
        found = certify_treatment(stage, only=only)
        assert not parts.died, parts.died
        return found
