"""The broker of docker-compose.yml, started here without Docker, with its own settings."""

import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from simulators.stack.folders import run_folder
from simulators.stack.kafka import kafka_in
from simulators.stack.processes import free_ports

ROOT = Path(__file__).parents[2]
_SECRET = re.compile(r"\$\{([A-Z0-9_]+):\?[^}]*\}")


@dataclass(frozen=True, slots=True, repr=False)
class SecuredKafka:
    """`places` says what stands here for an address or a path of the file."""

    places: Mapping[str, str]
    secrets: Mapping[str, str]

    def here(self, text: str) -> str:
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text

    @property
    def clients(self) -> str:
        return self.places["kafka:9092"]

    def security(self, user: str, password: str | None = None) -> dict[str, Any]:
        """kafka-python's options of a participant, 'hub' or 'insured.340000'."""
        variable = f"YIDI_KAFKA_PASSWORD_{user.upper().replace('.', '_')}"
        return self._security("SCRAM-SHA-512", user, password or self.secrets[variable])

    def administrator(self) -> dict[str, Any]:
        """How the administrator connects, address included."""
        password = self.secrets["YIDI_KAFKA_PASSWORD_ADMINISTRATOR"]
        servers = {"bootstrap_servers": [self.places["kafka:9094"]]}
        return servers | self._security("PLAIN", "admin", password)

    def is_ready(self) -> bool:
        host, _, port = self.places["kafka:9094"].rpartition(":")
        try:
            # A plain connection first: the client complains in the log for every port still closed.
            socket.create_connection((host, int(port)), timeout=2.0).close()
            KafkaAdminClient(**self.administrator(), bootstrap_timeout_ms=2_000).close()
        except (OSError, KafkaError):
            return False
        return True

    def _security(self, mechanism: str, user: str, password: str) -> dict[str, Any]:
        return {
            "security_protocol": "SASL_SSL",
            "ssl_cafile": self.places["/ca/ca.pem"],
            "sasl_mechanism": mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }


def new_env() -> dict[str, str]:
    """What deploy/secrets.sh prints: every variable of .env, with a new value."""
    script = str(ROOT / "deploy" / "secrets.sh")
    printed = subprocess.run(["sh", script], check=True, capture_output=True, text=True).stdout
    pairs = [line.partition("=") for line in printed.splitlines()]
    return {name: value for name, _, value in pairs}


@contextmanager
def secured_kafka(secrets: Mapping[str, str], **changed: str) -> Iterator[SecuredKafka]:
    """The broker for the length of a block; `changed` are variables of its own to set otherwise."""
    with run_folder("secured-kafka") as folder:
        script = str(ROOT / "deploy" / "kafka" / "certificates.sh")
        subprocess.run(["sh", script, "2", str(folder)], check=True, capture_output=True)
        kafka = SecuredKafka(_places(folder), secrets)
        text = "\n".join(f"{k}={v}" for k, v in _properties(kafka, changed).items())
        (folder / "server.properties").write_text(text, "utf-8")
        with kafka_in(folder, kafka.is_ready, lambda _: None):
            yield kafka


def _places(folder: Path) -> dict[str, str]:
    clients, admin, controller = (f"127.0.0.1:{port}" for port in free_ports(3))
    return {
        "CLIENTS://:9092": f"CLIENTS://{clients}",
        "ADMIN://:9094": f"ADMIN://{admin}",
        "kafka:9092": clients,
        "kafka:9094": admin,
        "localhost:9093": controller,
        "/tls/kafka.pem": str(folder / "tls" / "kafka.pem"),
        "/ca/ca.pem": str(folder / "ca" / "ca.pem"),
        "/var/lib/kafka/data": str(folder / "data"),
    }


def _properties(kafka: SecuredKafka, changed: Mapping[str, str]) -> dict[str, str]:
    """The file's environment as the image turns it into server.properties."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    given = compose["services"]["kafka"]["environment"] | changed
    filled = {k: _SECRET.sub(lambda found: kafka.secrets[found[1]], v) for k, v in given.items()}
    named = {_property(k): kafka.here(v) for k, v in filled.items() if k != "KAFKA_HEAP_OPTS"}
    # The image formats its folder for static voters; a standalone one wants this name instead.
    voter = named.pop("controller.quorum.voters").partition("@")[2]
    return named | {"controller.quorum.bootstrap.servers": voter}


def _property(variable: str) -> str:
    words = variable.removeprefix("KAFKA_").replace("___", "-").replace("__", "\0")
    return words.replace("_", ".").replace("\0", "_").lower()
