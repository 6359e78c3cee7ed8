"""The one place that decides where PostgreSQL and Kafka come from: given, Docker, or local."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FrameType

from sqlalchemy import make_url

from simulators.stack.containers import docker_answers, docker_kafka, docker_postgres
from simulators.stack.embedded import local_postgres
from simulators.stack.jars import kafka_version
from simulators.stack.jvm import NoKafka
from simulators.stack.kafka import answers, local_kafka
from simulators.stack.postgres import NoPostgres, rendered, server_version

__all__ = ["NoKafka", "NoPostgres", "Servers", "servers"]

IN_PROCESS = "in-process broker (not durable)"


@dataclass(frozen=True, slots=True)
class Servers:
    database_url: str
    """SQLAlchemy URL of an administrative database, where CREATE DATABASE is allowed."""
    database: str
    """What it is, for people and --json: "PostgreSQL 18.4 (embedded)"."""
    kafka: str | None
    """Bootstrap address, or None when no Kafka was asked for."""
    broker: str
    """What it is, for people and --json: "Apache Kafka 4.3.1 (local, KRaft)"."""
    pids: Mapping[str, int] = field(default_factory=dict)
    """Processes of ours among them, by what they are, for whoever measures or breaks them."""


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def servers(
    *,
    kafka: bool,
    durable: bool = True,
    in_memory: bool = False,
    tell: Callable[[str], None] = _tell,
) -> Iterator[Servers]:
    """Have the servers for the length of a `with` block, in which they stay up.

    Given ones (YIDI_DATABASE_URL, YIDI_KAFKA) come first, then containers where Docker answers,
    then our own processes. `durable=False` lets a PostgreSQL of ours skip its disk writes, and
    `in_memory` keeps its files in memory where there is room, for small databases; tests want
    both. What we started is gone after the block, also after Ctrl-C and SIGTERM. `tell` hears
    what takes long or is not as expected. Raises NoKafka and NoPostgres.
    """
    with sigterm_unwinds(), ExitStack() as stack:
        docker = _needs_docker(kafka=kafka) and docker_answers()
        pids: dict[str, int] = {}
        bootstrap, broker = _kafka(stack, docker, tell, pids) if kafka else (None, IN_PROCESS)
        url, database = _postgres(stack, docker, tell, pids, durable=durable, in_memory=in_memory)
        yield Servers(url, database, bootstrap, broker, pids)


def _needs_docker(*, kafka: bool) -> bool:
    return "YIDI_DATABASE_URL" not in os.environ or (kafka and "YIDI_KAFKA" not in os.environ)


def _postgres(
    stack: ExitStack,
    docker: bool,
    tell: Callable[[str], None],
    pids: dict[str, int],
    *,
    durable: bool,
    in_memory: bool,
) -> tuple[str, str]:
    if given := os.environ.get("YIDI_DATABASE_URL"):
        return _described(rendered(make_url(given)), "YIDI_DATABASE_URL")
    if docker:
        try:
            url = stack.enter_context(docker_postgres(durable=durable))
            return _described(url, "Docker")
        except Exception as error:  # noqa: BLE001  # whatever Docker has, we have another way
            tell(f"Docker gives no PostgreSQL ({error}); starting an embedded one.")
    local = stack.enter_context(local_postgres(durable=durable, in_memory=in_memory))
    pids["postgres"] = local.process.pid
    return _described(local.url, "embedded")


def _described(url: str, source: str) -> tuple[str, str]:
    return url, f"PostgreSQL {server_version(url)} ({source})"


def _kafka(
    stack: ExitStack, docker: bool, tell: Callable[[str], None], pids: dict[str, int]
) -> tuple[str, str]:
    if given := os.environ.get("YIDI_KAFKA", "").partition("/")[0]:  # each run has its own prefix
        if not answers(given):
            raise NoKafka(f"nothing answers as Kafka at YIDI_KAFKA={given}.")
        return given, "Apache Kafka (YIDI_KAFKA)"
    if docker:
        try:
            return stack.enter_context(docker_kafka()), f"Apache Kafka {kafka_version()} (Docker)"
        except Exception as error:  # noqa: BLE001  # whatever Docker has, we have another way
            tell(f"Docker gives no Kafka ({error}); starting a local one.")
    local = stack.enter_context(local_kafka(tell))
    pids["kafka"] = local.process.pid
    return local.bootstrap, f"Apache Kafka {kafka_version()} (local, KRaft)"


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM leave the `with` blocks as Ctrl-C does, where nobody else handles it."""
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
