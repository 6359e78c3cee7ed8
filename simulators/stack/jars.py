"""Apache Kafka's jars: fetched once with Maven as java/pom.xml pins them, then kept in a cache."""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.stack.jvm import NoKafka, find_maven
from simulators.stack.processes import Child

JAVA = Path(__file__).parent / "java"
POM = JAVA / "pom.xml"
MARKER = "complete"
FETCH_WAIT_S = 900.0


def kafka_version() -> str:
    """The version that the pom pins, such as "4.3.1"."""
    match = re.search(r"<kafka\.version>(.+?)</kafka\.version>", POM.read_text("utf-8"))
    assert match is not None, "java/pom.xml names no kafka.version"
    return match.group(1)


def cache_folder() -> Path:
    given = os.environ.get("YIDI_CACHE")
    return Path(given).resolve() if given else Path.home() / ".cache" / "yidi"


def kafka_jars(tell: Callable[[str], None]) -> Path:
    """The folder with every jar that the broker needs, fetched if it is not complete.

    Complete means that the marker, written last, names the pom as it is now: half a download, or
    jars of an earlier pom, are thrown away and fetched again. Raises NoKafka when Maven cannot.
    """
    folder = cache_folder() / f"kafka-{kafka_version()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder.with_name(f"{folder.name}.lock")):
        if not _complete(folder):
            shutil.rmtree(folder, ignore_errors=True)
            _fetch(folder, tell)
            (folder / MARKER).write_text(_fingerprint(), "ascii")
    return folder


def _complete(folder: Path) -> bool:
    marker = folder / MARKER
    return marker.exists() and marker.read_text("ascii") == _fingerprint()


def _fingerprint() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def _fetch(folder: Path, tell: Callable[[str], None]) -> None:
    maven = find_maven(tell)
    tell(f"Fetching Apache Kafka {kafka_version()} with Maven (about 45 MB, once) …")
    log = folder.with_name(f"{folder.name}.log")
    log.unlink(missing_ok=True)
    process = Child.start(
        "mvn",
        [
            *(maven, "--quiet", "--batch-mode", f"--file={POM}"),
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={folder}",
        ],
        log=log,
    )
    try:
        if process.wait(FETCH_WAIT_S) != 0:
            raise NoKafka(f"Maven could not fetch Apache Kafka's jars; its log is {log}.")
    finally:
        process.stop()


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
