"""The servers under everything: they start, they are what they say, and nothing of them is left."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from kafka import KafkaConsumer, KafkaProducer
from sqlalchemy import make_url

from simulators.stack import folders, jars
from simulators.stack.containers import docker_answers
from simulators.stack.embedded import local_postgres, wait_until_ready
from simulators.stack.folders import remove_abandoned, run_folder
from simulators.stack.jvm import NoKafka
from simulators.stack.kafka import answers, local_kafka
from simulators.stack.kafka import wait_until_ready as wait_until_answering
from simulators.stack.postgres import create_database, drop_database
from simulators.stack.processes import Child, free_ports
from simulators.stack.servers import IN_PROCESS, NoPostgres, servers
from tests.support.topics import make_topics

REPOSITORY = Path(__file__).parents[2]
SOON_S = 30.0


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where everything temporary of one test goes; the test must leave nothing in it."""
    assert tmp_path.exists()  # made before we move the place where such folders are made
    # pytest's own folders may be too long for the path of a Unix socket.
    with tempfile.TemporaryDirectory(prefix="yt-") as name:
        Path(name).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", name)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setenv("YIDI_DOCKER", "0")
        for given in ("YIDI_DATABASE_URL", "YIDI_KAFKA"):
            monkeypatch.delenv(given, raising=False)
        yield Path(name)
        assert not list(Path(name).glob("yidi-*"))


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH; a test may put programs there."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("YIDI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("YIDI_MAY_INSTALL", "0")
    return programs


def tell_nobody(text: str) -> None:
    assert text


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def query(url: str, text: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(plain(url))) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def soon(so: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + SOON_S
    while not so() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return so()


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def started_by(child: Child) -> list[psutil.Process]:
    process = psutil.Process(child.pid)
    return [process, *process.children(recursive=True)]


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
def test_a_local_postgres_keeps_its_promise_and_is_gone_afterwards(
    room: Path, *, durable: bool, expected: str
) -> None:
    with local_postgres(durable=durable) as postgres:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert query(postgres.url, f"SHOW {setting}") == [(expected,)]
        assert query(postgres.url, "SHOW listen_addresses") == [("",)]
        processes = started_by(postgres.process)
        assert len(processes) > 1
    assert all_gone(processes)
    assert list(room.iterdir()) == []


def test_a_server_of_tests_has_its_files_in_memory_and_they_are_gone_afterwards(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = room / "memory"
    memory.mkdir(mode=0o755)
    monkeypatch.setattr(folders, "MEMORY", memory)
    monkeypatch.setattr(folders, "ROOM_BYTES", 0)
    with local_postgres(durable=False, in_memory=True) as postgres:
        assert query(postgres.url, "SHOW fsync") == [("off",)]
        (folder,) = memory.iterdir()
        assert query(postgres.url, "SHOW data_directory") == [(str(folder / "data"),)]
    assert list(room.rglob("*")) == [memory]


def test_what_a_killed_run_left_in_memory_is_removed_by_the_next(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = room / "memory"
    monkeypatch.setattr(folders, "MEMORY", memory)
    abandoned = memory / "yidi-postgres-abandoned"
    abandoned.mkdir(parents=True)
    (abandoned / folders.LOCK).touch()
    with run_folder("postgres"):
        assert list(memory.iterdir()) == []


def test_without_room_in_memory_a_server_of_tests_is_on_disk(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "ROOM_BYTES", 1 << 60)
    assert folders.memory() is None
    monkeypatch.setattr(folders, "MEMORY", room / "no such folder")
    assert folders.memory() is None
    with local_postgres(durable=False, in_memory=True) as postgres:
        (folder,) = room.iterdir()
        assert query(postgres.url, "SHOW data_directory") == [(str(folder / "data"),)]


def test_what_was_committed_is_there_after_a_kill_and_a_restart() -> None:
    with local_postgres(durable=True) as postgres:
        database = create_database(postgres.url, "kept")
        with closing(psycopg2.connect(plain(database))) as connection, connection.cursor() as tx:
            tx.execute("CREATE TABLE kept AS SELECT 7 AS seven")
            connection.commit()
            postgres.process.kill()
            assert postgres.process.exit_code == -signal.SIGKILL
        postgres.process.restart()
        wait_until_ready(postgres.process, postgres.url)
        assert query(database, "SELECT seven FROM kept") == [(7,)]


def test_databases_are_made_copied_and_dropped_whatever_their_name() -> None:
    name = 'a "quoted" 100% name; --'
    with servers(kafka=False, durable=False) as have:
        assert (have.kafka, have.broker) == (None, IN_PROCESS)
        assert have.database.endswith("(embedded)")
        original = create_database(have.database_url, name)
        assert query(original, "SELECT current_database()") == [(name,)]
        copy = create_database(have.database_url, "copy", template=name)
        assert query(copy, "SELECT current_database()") == [("copy",)]
        with pytest.raises(psycopg2.errors.DuplicateDatabase):
            create_database(have.database_url, "copy")
        for made in (name, "copy", "never made"):
            drop_database(have.database_url, made)
        left = query(have.database_url, "SELECT datname FROM pg_database WHERE NOT datistemplate")
        assert left == [("postgres",)]


def test_a_given_database_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_postgres(durable=False) as postgres:
        given = make_url(postgres.url).set(drivername="postgresql")
        monkeypatch.setenv("YIDI_DATABASE_URL", str(given))
        with servers(kafka=False) as have:
            assert have.database_url == postgres.url
            assert have.database.endswith("(YIDI_DATABASE_URL)")
        assert postgres.process.alive


def test_a_given_database_that_is_silent_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("YIDI_DATABASE_URL", f"postgresql://me:hush@127.0.0.1:{port}/postgres")
    with pytest.raises(NoPostgres, match=str(port)) as refusal, servers(kafka=False):
        pass
    assert "hush" not in str(refusal.value)


def test_a_given_kafka_that_is_silent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("YIDI_KAFKA", f"127.0.0.1:{port}")
    with pytest.raises(NoKafka, match=f"YIDI_KAFKA=127.0.0.1:{port}"), servers(kafka=True):
        pass


PROGRAM = """
import psutil, time
from simulators.stack.servers import servers
with servers(kafka=False):
    print(*(one.pid for one in psutil.Process().children(recursive=True)), flush=True)
    time.sleep(600)
"""


@contextmanager
def program_with_servers() -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout is not None
            pids = {int(pid) for pid in program.stdout.readline().split()}
            # PostgreSQL's passing helpers may have ended meanwhile.
            yield program, [one for one in psutil.process_iter() if one.pid in pids]
        finally:
            program.kill()


@pytest.mark.parametrize(
    ("ended_by", "exit_code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, -2)]
)
def test_a_program_that_is_asked_to_end_leaves_nothing(
    room: Path, ended_by: signal.Signals, exit_code: int
) -> None:
    with program_with_servers() as (program, processes):
        assert processes
        program.send_signal(ended_by)
        assert program.wait(SOON_S) == exit_code
        assert all_gone(processes)
        assert list(room.iterdir()) == []


def test_after_kill_9_the_servers_end_by_themselves_and_the_next_run_removes_their_folder(
    room: Path,
) -> None:
    with program_with_servers() as (program, processes):
        assert processes
        program.kill()
        program.wait(SOON_S)
        assert soon(lambda: all_gone(processes))
    (abandoned,) = room.iterdir()
    with run_folder("postgres") as ours:
        assert not abandoned.exists()
        remove_abandoned("postgres")
        assert ours.exists()


@pytest.mark.kafka
def test_a_local_kafka_passes_messages_on_and_is_gone_afterwards(room: Path) -> None:
    with local_kafka(tell_nobody) as kafka:
        processes = started_by(kafka.process)
        make_topics(kafka.bootstrap, {"one": 1, "four": 4})
        make_topics(kafka.bootstrap, {"one": 1, "four": 4, "late": 2})
        producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
        producer.send("four", key=b"p", value="备案".encode()).get(timeout=SOON_S)
        producer.close()
        consumer = KafkaConsumer(
            "four",
            bootstrap_servers=kafka.bootstrap,
            group_id="readers",
            auto_offset_reset="earliest",
        )
        message = next(iter(consumer))
        consumer.close()
        assert (message.key, message.value.decode()) == (b"p", "备案")
    assert all_gone(processes)
    assert list(room.iterdir()) == []


@pytest.mark.kafka
def test_a_local_kafka_that_was_killed_starts_again_where_it_was() -> None:
    with local_kafka(tell_nobody) as kafka:
        make_topics(kafka.bootstrap, {"kept": 3})
        kafka.process.kill()
        assert not answers(kafka.bootstrap)
        kafka.process.restart()
        wait_until_answering(kafka.process, kafka.bootstrap)
        with closing(KafkaConsumer(bootstrap_servers=kafka.bootstrap)) as consumer:
            assert consumer.partitions_for_topic("kept") == {0, 1, 2}


@pytest.mark.kafka
def test_a_given_kafka_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_kafka(tell_nobody) as kafka:
        monkeypatch.setenv("YIDI_KAFKA", kafka.bootstrap)
        with servers(kafka=True, durable=False) as have:
            assert have.kafka == kafka.bootstrap
            assert have.broker == "Apache Kafka (YIDI_KAFKA)"
        assert kafka.process.alive


@pytest.mark.usefixtures("no_programs")
def test_without_java_the_reason_is_said_in_one_sentence() -> None:
    with pytest.raises(NoKafka) as refusal, servers(kafka=True):
        pass
    assert str(refusal.value) == (
        "Java 17 or newer is missing, and YIDI_MAY_INSTALL=0 forbids installing it."
    )


@pytest.mark.usefixtures("no_programs")
def test_without_maven_the_reason_is_said_in_one_sentence() -> None:
    with pytest.raises(NoKafka, match="Maven is missing, and YIDI_MAY_INSTALL=0"):
        jars.kafka_jars(tell_nobody)


def maven(programs: Path, script: str) -> None:
    program = programs / "mvn"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)


def test_when_maven_fails_its_log_is_named(no_programs: Path) -> None:
    maven(no_programs, "echo no route to the repository; exit 1")
    with pytest.raises(NoKafka, match=r"its log is (.+)\.$") as refusal:
        jars.kafka_jars(tell_nobody)
    log = Path(str(refusal.value).rsplit("its log is ", 1)[1].rstrip("."))
    assert log.read_text("utf-8") == "no route to the repository\n"


def test_half_a_download_is_repeated_and_a_whole_one_is_not(no_programs: Path) -> None:
    half = jars.cache_folder() / f"kafka-{jars.kafka_version()}"
    half.mkdir(parents=True)
    (half / "half.jar").touch()
    maven(no_programs, f"/bin/mkdir -p '{half}'; : > '{half}/whole.jar'")
    assert sorted(one.name for one in jars.kafka_jars(tell_nobody).iterdir()) == [
        jars.MARKER,
        "whole.jar",
    ]
    (no_programs / "mvn").unlink()
    assert jars.kafka_jars(tell_nobody) == half


def test_a_docker_that_does_not_answer_is_no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.delenv("YIDI_DOCKER")
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
    assert not docker_answers()


def test_a_child_is_held_still_and_goes_on(tmp_path: Path) -> None:
    child = shell("while :; do echo tick; sleep 0.01; done", tmp_path)
    assert soon(lambda: "tick" in child.log_tail())
    child.pause()
    process = psutil.Process(child.pid)
    assert soon(lambda: process.status() == psutil.STATUS_STOPPED)
    child.resume()
    assert soon(lambda: process.status() != psutil.STATUS_STOPPED)
    child.pause()
    child.stop()
    assert (child.alive, child.exit_code) == (False, -signal.SIGTERM)


def test_a_child_that_will_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    child = shell("trap '' TERM; sleep 600 & echo up; wait; sleep 600", tmp_path)
    assert soon(lambda: "up" in child.log_tail())
    processes = started_by(child)
    assert len(processes) == 2
    child.stop(grace_s=0.1)
    assert child.exit_code == -signal.SIGKILL
    assert soon(lambda: all_gone(processes))
    child.stop()


def test_the_log_tail_is_the_last_lines(tmp_path: Path) -> None:
    child = shell("seq 1 100000", tmp_path)
    assert child.wait(SOON_S) == 0
    assert child.log_tail(2) == "99999\n100000"


def shell(script: str, folder: Path) -> Child:
    return Child.start("shell", ["/bin/sh", "-c", script], log=folder / "shell.log")
