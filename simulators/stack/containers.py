"""PostgreSQL and Kafka as containers, where a Docker engine answers."""

import gc
import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from simulators.stack.jars import JAVA, kafka_version
from simulators.stack.jvm import NoKafka
from simulators.stack.kafka import START_WAIT_S, answers
from simulators.stack.postgres import settings
from simulators.stack.processes import free_ports

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka"
DOCKER_WAIT_S = 2
LOOPBACK = "127.0.0.1"


def docker_answers() -> bool:
    """Is there a Docker engine that answers within DOCKER_WAIT_S, and may we use it?"""
    if os.environ.get("YIDI_DOCKER") == "0":
        return False
    with warnings.catch_warnings():
        # Where nothing listens, docker's client leaves its socket for the collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            from testcontainers.core.docker_client import DockerClient

            return DockerClient(timeout=DOCKER_WAIT_S).client.ping() is True
        except Exception:  # noqa: BLE001  # not installed, no engine, no permission: all mean no
            return False
        finally:
            gc.collect()


@contextmanager
def docker_postgres(*, durable: bool) -> Iterator[str]:
    """The URL of a PostgreSQL in a container, published on loopback only."""
    from testcontainers.community.postgres import PostgresContainer

    options = [
        part
        for name, value in settings(durable=durable).items()
        for part in ("-c", f"{name}={value}")
    ]
    container = PostgresContainer(
        POSTGRES_IMAGE, username="postgres", password=secrets.token_urlsafe(16), dbname="postgres"
    )
    container.with_command(["postgres", *options]).with_kwargs(shm_size="256m")
    _publish(container.ports, "5432", free_ports(1)[0])
    with container:
        yield container.get_connection_url(host=LOOPBACK, driver="psycopg2")


@contextmanager
def docker_kafka() -> Iterator[str]:
    """The bootstrap address of an Apache Kafka in a container, published on loopback only."""
    from testcontainers.core.container import DockerContainer

    (port,) = free_ports(1)
    container = DockerContainer(f"{KAFKA_IMAGE}:{kafka_version()}", env=_kafka_environment(port))
    _publish(container.ports, "9092", port)
    with container:
        if not answers(f"{LOOPBACK}:{port}", wait_ms=int(START_WAIT_S * 1000)):
            raise NoKafka(f"the container {KAFKA_IMAGE} does not answer on port {port}.")
        yield f"{LOOPBACK}:{port}"


def _publish(ports: dict[str, int | None], inside: str, outside: int) -> None:
    # testcontainers' type allows only a port, which Docker would open to the whole network; its
    # ports go unchanged to the Docker client, which also takes an address with the port.
    ports[inside] = (LOOPBACK, outside)  # type: ignore[assignment]


def _kafka_environment(port: int) -> dict[str, str]:
    """The same settings as a local broker's, spelled as the image reads them."""
    lines = (JAVA / "server.properties").read_text("utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    addresses = {
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "controller.quorum.voters": "1@localhost:9093",
    }
    every = dict(pairs) | addresses
    return {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in every.items()}
