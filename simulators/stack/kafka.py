"""Apache Kafka: a real broker of our own for one run."""

import base64
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from simulators.stack.folders import run_folder
from simulators.stack.jars import JAVA, kafka_jars
from simulators.stack.jvm import NoKafka, find_java
from simulators.stack.processes import Child, free_ports

START_WAIT_S = 60.0
ANSWER_WAIT_MS = 5_000
FORMAT_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")
# The quick compiler only: for its first minutes the thorough one takes as much of two cores as all
# requests together. And no collector beside the work, on cores that others need.
BROKER_JVM = ("-Xms256m", "-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
EITHER_JVM = ("-Djava.awt.headless=true", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")


@dataclass(frozen=True, slots=True)
class LocalKafka:
    bootstrap: str
    process: Child


@contextmanager
def local_kafka(tell: Callable[[str], None]) -> Iterator[LocalKafka]:
    """A new single broker on 127.0.0.1 in its own folder; both are gone afterwards.

    Raises NoKafka when Java or the jars cannot be had, or the broker does not answer in time.
    """
    with run_folder("kafka") as folder:
        bootstrap = _configure(folder)
        with kafka_in(folder, lambda: answers(bootstrap), tell) as process:
            yield LocalKafka(bootstrap, process)


@contextmanager
def kafka_in(
    folder: Path, is_ready: Callable[[], bool], tell: Callable[[str], None]
) -> Iterator[Child]:
    """A new broker as the server.properties in `folder` say; it ends with the block. NoKafka."""
    java, jars = find_java(tell), kafka_jars(tell)
    _format(java, jars, folder)
    process = _start(java, jars, folder)
    try:
        _wait(process, is_ready)
        yield process
    finally:
        process.stop()


def _start(java: str, jars: Path, folder: Path) -> Child:
    command = [*_java(java, jars, BROKER_JVM), "kafka.Kafka", str(folder / "server.properties")]
    return Child.start("kafka", command, log=folder / "kafka.log", cwd=folder)


def answers(bootstrap: str, wait_ms: int = ANSWER_WAIT_MS) -> bool:
    """Does a broker at `bootstrap` answer a metadata request within about `wait_ms`?"""
    host, _, port = bootstrap.split(",", maxsplit=1)[0].rpartition(":")
    try:
        # A plain connection first: the client complains in the log for every port still closed.
        socket.create_connection((host, int(port)), wait_ms / 1000).close()
        with _admin(bootstrap, wait_ms=wait_ms) as admin:
            return bool(admin.describe_cluster()["brokers"])
    except (OSError, ValueError, KafkaError):  # ValueError: an address without a port
        return False


@contextmanager
def _admin(bootstrap: str, wait_ms: int) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=wait_ms)
    try:
        yield admin
    finally:
        admin.close()


def _configure(folder: Path) -> str:
    broker, controller = (f"127.0.0.1:{port}" for port in free_ports(2))
    addresses = {
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "controller.quorum.bootstrap.servers": controller,
        "log.dirs": str(folder / "data"),
    }
    lines = [f"{name}={value}" for name, value in addresses.items()]
    text = (JAVA / "server.properties").read_text("utf-8") + "\n".join(lines) + "\n"
    (folder / "server.properties").write_text(text, "utf-8")
    return broker


def _format(java: str, jars: Path, folder: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    # One word with its option: an id may begin with a dash.
    tool = ("kafka.tools.StorageTool", "format", "--standalone", f"--cluster-id={cluster_id}")
    config = ("--config", str(folder / "server.properties"))
    command = [*_java(java, jars, FORMAT_JVM), *tool, *config]
    process = Child.start("kafka-format", command, log=folder / "format.log", cwd=folder)
    try:
        if process.wait(START_WAIT_S) != 0:
            raise NoKafka(f"Kafka's data folder could not be made:\n{process.log_tail()}")
    finally:
        process.stop()


def _java(java: str, jars: Path, options: tuple[str, ...]) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={JAVA / 'log4j2.xml'}"
    return [java, *options, *EITHER_JVM, logging, "-cp", f"{jars}/*"]


def wait_until_ready(process: Child, bootstrap: str) -> None:
    """Return as soon as the broker answers. Raises NoKafka if it dies or takes too long."""
    _wait(process, lambda: answers(bootstrap))


def _wait(process: Child, is_ready: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + START_WAIT_S
    while process.alive and time.monotonic() < give_up_at:
        if is_ready():
            return
        time.sleep(0.05)
    raise NoKafka(f"the local Apache Kafka did not start:\n{process.log_tail()}")
