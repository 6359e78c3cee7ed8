"""A country of separate processes on servers of its own, and everything that may befall it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition
from sqlalchemy import Engine

from contracts.clock import SystemClock
from contracts.codes import InsuranceKind
from contracts.delivery.transport import KafkaTransport
from contracts.ids import new_id
from contracts.topics import all_topics
from simulators.agency import Unexpected, wait_for
from simulators.chaos.deeds import power_cut
from simulators.running.deployment import deployed
from simulators.running.parts import Parts
from simulators.running.seeding import seed
from simulators.running.world import World
from simulators.stack import embedded, kafka
from simulators.stack.processes import Child, free_ports
from simulators.stack.servers import Servers
from simulators.world.population import institutions, residents
from tests.flow.traffic import Traffic
from tests.support import mortal
from tests.support.mortal import Step, sentence
from tests.support.worlds import HOME, PLACE, Country, engines_of

ROOT = Path(__file__).parents[2]
DESKS_EACH = 2
SETTLE_WITHIN_S = 2
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "YIDI_ASK_EVERY_S": "1",
    "YIDI_SETTLE_WITHIN_MS": str(SETTLE_WITHIN_S * 1_000),
    "YIDI_HUB_CANARY_EVERY_S": "1",
    # Hospitals hang up early here, so that 'unknown, certain by T' is an everyday answer.
    "YIDI_GATEWAY_ANSWER_WITHIN_S": "1.5",
}
PATIENCE_S = 90.0  # of every loop that waits: a slow machine is no failure
AWAY_S = 2.0
FRESH = 6  # so many new settlements show that work goes on


@dataclass(slots=True)
class Ground:
    """`ended`: which programs were found dead and started again, in their order."""

    country: Country
    parts: Parts
    traffic: Traffic
    kafka: Child
    bootstrap: str
    postgres: Child
    database_url: str
    ended: list[str] = field(default_factory=list)
    filed: list[str] = field(default_factory=list)
    _strangers: int = 0

    @property
    def engines(self) -> Mapping[str, Engine]:
        return self.country.engines

    def wait(self, what: str, found: Callable[[], bool]) -> None:
        """Until it is so; meanwhile whatever has ended is started again, as a supervisor does."""

        def is_so() -> bool:
            self.revive()
            assert not self.traffic.died, repr(self.traffic.died)
            return found()

        wait_for(what, is_so, PATIENCE_S)

    def revive(self) -> None:
        for name, child in self.parts.children.items():
            if not child.alive:
                self.ended.append(f"{name} ({child.exit_code})")
                child.restart()

    def recovered(self) -> float:
        """Wait until new settlements come about; how long it took, in seconds."""
        since = time.monotonic()
        self.wait("work goes on", lambda: self.traffic.settled_since(since) >= FRESH)
        return time.monotonic() - since

    # What may befall it.

    def die_at(self, step: Step, kinds: Mapping[str, str]) -> None:
        """Every program named dies at this step of a batch with its kind, and is started again."""
        files = {name: self._file_of(name) for name in kinds}
        for name, kind in kinds.items():
            sentence(files[name], step, kind)
        with self._filing():
            self.wait("all have died", lambda: not any(one.exists() for one in files.values()))

    def kill_everything(self) -> None:
        """Every program and both servers at the same moment, as when the lights go out."""
        for child in (self.kafka, self.postgres, *self.parts.children.values()):
            child.kill()
        self.stop_database(power_cut)
        self.stop_broker(power_cut)

    def hold_still(self, seconds: float, *names: str) -> None:
        """As a machine that hangs, and then goes on where it was."""
        for name in names:
            self.parts.children[name].pause()
        time.sleep(seconds)
        for name in names:
            self.parts.children[name].resume()

    def stop_broker(self, end: Callable[[Child], None]) -> None:
        end(self.kafka)
        time.sleep(AWAY_S)
        self.kafka.restart()
        kafka.wait_until_ready(self.kafka, self.bootstrap)

    def stop_database(self, end: Callable[[Child], None]) -> None:
        end(self.postgres)
        time.sleep(AWAY_S)
        self.postgres.restart()
        embedded.wait_until_ready(self.postgres, self.database_url)

    def say_everything_again(self) -> None:
        """Every record of every topic is there twice, the second time in the same order."""
        for topic in self._topics():
            self._send_again(topic, self._records(topic, {}), lambda record: record.partition)

    def say_out_of_order(self, topic: str, *readers: str) -> None:
        """While its readers hang, what comes is said again backwards, on another partition.

        Whichever copy is read first counts: about half of them overtake what was said before.
        """
        for name in readers:
            self.parts.children[name].pause()
        begins = self._ends(topic)
        time.sleep(SETTLE_WITHIN_S / 2)
        records = self._records(topic, begins)
        last = len(begins) - 1
        self._send_again(topic, records[::-1], lambda record: last - record.partition)
        for name in readers:
            self.parts.children[name].resume()

    # How.

    def _file_of(self, name: str) -> Path:
        return self.parts.folder / f"{name}.dies"

    @contextmanager
    def _filing(self) -> Iterator[None]:
        """An agency files a registration meanwhile, again and again until the hub has it."""
        person = residents(PLACE)[self._strangers]
        self._strangers += 1
        wanted = self.country.registration(person, "long_term_resident") | {"place": HOME}
        filing = Thread(target=self._file, args=(wanted,))
        filing.start()
        try:
            yield
        finally:
            filing.join(PATIENCE_S)

    def _file(self, wanted: Mapping[str, object]) -> None:
        id_ = new_id()
        agency = self.country.agency(PLACE)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                agency.submit(id_, wanted)
            except (httpx.TransportError, Unexpected):
                time.sleep(0.2)
            else:
                self.filed.append(str(id_))
                return

    def _topics(self) -> list[str]:
        return list(all_topics(self.country.world.deployment.areas))

    def _transport(self) -> KafkaTransport:
        return self.country.world.deployment.transport()

    def _ends(self, topic: str) -> dict[int, int]:
        with self._consumer(topic) as (consumer, places):
            return {place.partition: end for place, end in consumer.end_offsets(places).items()}

    def _records(self, topic: str, begins: Mapping[int, int]) -> list[Any]:
        """Everything there is now, of each partition from its offset in `begins` on."""
        with self._consumer(topic) as (consumer, places):
            ends = consumer.end_offsets(places)
            for place in places:
                consumer.seek(place, begins.get(place.partition, 0))
            found: list[Any] = []
            while any(consumer.position(place) < ends[place] for place in places):
                for records in consumer.poll(timeout_ms=200).values():
                    found += [one for one in records if one.offset < ends[_place_of(one)]]
            return found

    @contextmanager
    def _consumer(self, topic: str) -> Iterator[tuple[KafkaConsumer, list[TopicPartition]]]:
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, metrics_enabled=False
        )
        named = self._transport().prefix + topic
        try:
            places = [TopicPartition(named, n) for n in consumer.partitions_for_topic(named)]
            consumer.assign(places)
            yield consumer, places
        finally:
            consumer.close()

    def _send_again(
        self, topic: str, records: list[Any], partition_of: Callable[[Any], int]
    ) -> None:
        """As it came, signature included: nobody has to sign anything."""
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, metrics_enabled=False)
        try:
            for one in records:
                producer.send(
                    one.topic,
                    key=one.key,
                    value=one.value,
                    headers=list(one.headers),
                    partition=partition_of(one),
                )
            producer.flush()
        finally:
            producer.close()


def _place_of(record: Any) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


@contextmanager
def proving_ground(folder: Path) -> Iterator[Ground]:
    """Everything is up and everybody is registered; the logs are in `folder`. NoKafka."""
    with ExitStack() as stack:
        # Durable: whoever is killed must find again what it has committed. Files in memory outlive
        # the server as files on a disk do.
        database = stack.enter_context(embedded.local_postgres(durable=True, in_memory=True))
        broker = stack.enter_context(kafka.local_kafka(print))
        pids = {"postgres": database.process.pid, "kafka": broker.process.pid}
        servers = Servers(database.url, "embedded", broker.bootstrap, "local", pids)
        deployment = stack.enter_context(deployed(servers, (HOME, PLACE)))
        tokens = seed(deployment, SystemClock().now())
        environment = deployment.environment() | ENVIRONMENT
        parts = Parts(folder, environment, program=mortal.__name__)
        stack.callback(_kill_all, parts)
        hub_api, gateway = _started(parts)
        world = World(
            deployment=deployment,
            tokens=tokens,
            hub_api=hub_api,
            gateway=gateway,
            desk="",
            pause=lambda _area: None,
            resume=lambda _area: None,
            check=parts.check,
        )
        http = stack.enter_context(httpx.Client(timeout=30.0))
        engines = engines_of(world)
        for engine in engines.values():
            stack.callback(engine.dispose)
        country = Country(world, http, engines)
        traffic = _traffic(country)
        stack.callback(traffic.close)
        yield Ground(
            country=country,
            parts=parts,
            traffic=traffic,
            kafka=broker.process,
            bootstrap=broker.bootstrap,
            postgres=database.process,
            database_url=database.url,
        )


def _started(parts: Parts) -> tuple[str, str]:
    """Every program, mortal; where the hub's API and the gateway answer."""
    api_port, gateway_port = map(str, free_ports(2))
    both = ["--area", HOME, "--area", PLACE]
    commands = {
        "hub work 1": ["hub", "work"],
        "hub work 2": ["hub", "work"],
        "hub jobs": ["hub", "jobs"],
        "hub api": ["hub", "api"],
        "insured work": ["insured", "work", *both],
        "treatment work": ["treatment", "work", *both],
        "gateway": ["gateway", "serve", *both, "--port", gateway_port],
    }
    for name, command in commands.items():
        file = parts.folder / f"{name}.dies"
        own = {mortal.DIES_BY: str(file), "YIDI_HUB_API_PORT": api_port}
        parts.start(name, command, **own)
    urls = [f"http://127.0.0.1:{port}" for port in (api_port, gateway_port)]
    for name, url in zip(("hub api", "gateway"), urls, strict=True):
        parts.wait_until_healthy(name, f"{url}/health")
    return urls[0], urls[1]


def _traffic(country: Country) -> Traffic:
    # Whoever has a policy for every kind of care.
    covered = InsuranceKind.EMPLOYEE
    people = [one for one in residents(HOME) if one.in_force and one.insurance_kind == covered]
    for one in people:
        country.register(one, "long_term_resident")
    patients = [(one, country.psn_no(one)) for one in people]
    traffic = Traffic(country.world.gateway, institutions(PLACE), patients, country.clock)
    traffic.start(DESKS_EACH)
    return traffic


def _kill_all(parts: Parts) -> None:
    for child in parts.children.values():
        child.kill()
