"""What every part must know before it starts: databases, topics, secrets, and who may do what."""

import base64
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, make_url

from contracts import topics
from contracts.clock import SystemClock
from contracts.codes import AreaCode, Role
from contracts.delivery.engine import engine_of
from contracts.delivery.transport import KafkaTransport
from contracts.signing import KeyRing
from hub.papers.seal_key import new_key_text
from hub.store import db as hub_db
from participants.insured.store import db as insured_db
from participants.treatment.store import db as treatment_db
from simulators.running.joining import PROFILES_FILE
from simulators.stack import postgres
from simulators.stack.servers import Servers

MIGRATIONS = {
    "hub": hub_db.migrate,
    "insured": insured_db.migrate,
    "treatment": treatment_db.migrate,
}

MESSAGE_KEY_VALID_FOR = timedelta(days=480)  # a story of many months has one set


@dataclass(frozen=True, slots=True, repr=False)
class Deployment:
    """URLs are SQLAlchemy's; in the two templates '{area}' stands for the area's code."""

    servers: Servers
    areas: tuple[AreaCode, ...]
    hub_url: str
    insured_url: str
    treatment_url: str
    kafka: str | None
    """The address of this run's topics, as KafkaTransport reads it; None without a Kafka."""
    secrets: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """Everything a part reads from its environment, secrets included."""
        addresses = {
            "YIDI_HUB_DATABASE_URL": self.hub_url,
            "YIDI_INSURED_DATABASE_URL": self.insured_url,
            "YIDI_TREATMENT_DATABASE_URL": self.treatment_url,
            "YIDI_GATEWAY_PROFILES_FILE": str(PROFILES_FILE),
        }
        broker = {"YIDI_KAFKA": self.kafka} if self.kafka else {}
        return {**os.environ, **addresses, **broker, **self.secrets}

    def keys(self) -> KeyRing:
        """Everybody's message keys: a run is one trust."""
        return KeyRing.from_text(self.secrets["YIDI_MESSAGE_KEYS"])

    def transport(self) -> KafkaTransport:
        """To this run's Kafka, able to speak as anybody."""
        assert self.kafka is not None, "this run has no Kafka"
        return KafkaTransport(self.kafka, self.keys())

    def hub_engine(self, name: str = "demo") -> Engine:
        return engine_of(self.hub_url, name=name)

    def insured_engine(self, area: AreaCode, name: str = "demo") -> Engine:
        return engine_of(self.insured_url.replace("{area}", area), name=name)

    def treatment_engine(
        self, area: AreaCode, name: str = "demo", *, keeps_plans: bool = False
    ) -> Engine:
        url = self.treatment_url.replace("{area}", area)
        return engine_of(url, name=name, keeps_plans=keeps_plans)


@contextmanager
def deployed(servers: Servers, areas: Sequence[AreaCode]) -> Iterator[Deployment]:
    """Databases, migrated, and topics for these areas; all are gone afterwards.

    Their names begin with the run's own, so that several runs may share given servers.
    """
    # The process's number is for whoever looks; one process may have several worlds in its life.
    run = f"yidi_{os.getpid()}_{secrets.token_hex(3)}"
    with _databases(servers, areas, run), _topics(servers, areas, run) as kafka:
        yield Deployment(
            servers=servers,
            areas=tuple(areas),
            hub_url=_url(servers, f"{run}_hub"),
            insured_url=_url(servers, f"{run}_insured_AREA").replace("AREA", "{area}"),
            treatment_url=_url(servers, f"{run}_treatment_AREA").replace("AREA", "{area}"),
            kafka=kafka,
            secrets=new_secrets(areas),
        )


@contextmanager
def _databases(servers: Servers, areas: Sequence[AreaCode], run: str) -> Iterator[None]:
    wanted = {role: [f"{run}_{role}_{area}" for area in areas] for role in ("insured", "treatment")}
    wanted["hub"] = [f"{run}_hub"]
    made = []
    try:
        for role, names in wanted.items():
            template = f"{run}_{role}_template"
            made.append(template)
            MIGRATIONS[role](postgres.create_database(servers.database_url, template))
            for name in names:
                made.append(name)
                postgres.create_database(servers.database_url, name, template)
        yield
    finally:
        if "postgres" not in servers.pids:  # A server of ours goes as a whole, and at once.
            for name in made:
                postgres.drop_database(servers.database_url, name)


@contextmanager
def _topics(servers: Servers, areas: Sequence[AreaCode], run: str) -> Iterator[str | None]:
    """The address of this run's topics, or None where there is no Kafka."""
    if servers.kafka is None:
        yield None
        return
    transport = KafkaTransport(f"{servers.kafka}/{run}.")
    wanted = topics.all_topics(areas)
    transport.create_topics(wanted)
    try:
        yield transport.address
    finally:
        if "kafka" not in servers.pids:
            transport.delete_topics(wanted)


def new_secrets(areas: Iterable[AreaCode]) -> dict[str, str]:
    """Keys for one run; a real deployment takes its own from its environment."""
    names = [topics.participant(role, area) for area in areas for role in Role]
    return {
        "YIDI_SEALING_KEYS": f"run={_new_key()}",
        "YIDI_PERSON_TOKEN_KEY": _new_key(),
        "YIDI_HUB_SEALING_KEYS": f"run={_new_key()}",
        "YIDI_HUB_SEAL_KEY": new_key_text(),
        "YIDI_MESSAGE_KEYS": ",".join(map(new_message_key, names)),
    }


def new_message_key(participant: str) -> str:
    """One key as contracts.signing reads it, valid from now on for longer than a run lasts."""
    now = SystemClock().now()
    since, until = now - MESSAGE_KEY_VALID_FOR, now + MESSAGE_KEY_VALID_FOR
    return f"{participant}/run={_new_key()}@{since.isoformat()}..{until.isoformat()}"


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _url(servers: Servers, name: str) -> str:
    return postgres.rendered(make_url(servers.database_url).set(database=name))
