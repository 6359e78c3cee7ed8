"""Child processes with a log file each, which do not outlive the program that started them."""

import contextlib
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from typing import Self

import psutil

LOG_TAIL_BYTES_MAX = 64 * 1024


class Child:
    """One running program: its pid, its log file, and the ways to end it or to hold it still.

    Start it from a thread that lives as long as the child should: Linux sends the parent's death
    signal when the starting *thread* ends, so a thread pool's worker would take the child with it.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        stop_signal: Signals,
        launch: Callable[[], subprocess.Popen[bytes]],
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._launch = launch
        self._process = launch()

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        stop_signal: Signals = SIGTERM,
        orphan_signal: Signals = SIGKILL,
    ) -> Self:
        """Run `command` with both outputs appended to `log`.

        It gets a process group of its own, so that Ctrl-C reaches only the parent, which stops its
        children in its own order. `orphan_signal` is what the kernel sends the child when the
        parent dies without doing so, even by kill -9 (Linux; elsewhere such a child lives on).
        """

        def launch() -> subprocess.Popen[bytes]:
            with log.open("ab") as output:
                return subprocess.Popen(
                    [*_bound_to_parent(orphan_signal), *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=None if env is None else dict(env),
                    cwd=cwd,
                    start_new_session=True,
                    user=user,
                    group=None if user is None else pwd.getpwnam(user).pw_gid,
                    extra_groups=None if user is None else [],
                )

        return cls(name, log, stop_signal, launch)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number if a signal ended it."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> int | None:
        """The exit code, or None if it still runs after `timeout_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self.exit_code

    def stop(self, grace_s: float = 10.0) -> None:
        """Ask it to end, and after `grace_s` make it end; returns when it is gone."""
        if self.alive:
            self._send(self._stop_signal)
            self.resume()  # a paused process would not hear the request
        if self.wait(grace_s) is None:
            self.kill()

    def kill(self) -> None:
        """End it and everything that it started, now, as a power cut would."""
        self._send_to_all(SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        """Start the same program again, at once; what still runs of it is killed first."""
        self.kill()
        self._process = self._launch()

    def pause(self) -> None:
        """Hold it and everything that it started still, as a machine that hangs."""
        self._send_to_all(SIGSTOP)

    def resume(self) -> None:
        self._send_to_all(SIGCONT)

    def log_tail(self, lines: int = 20) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES_MAX))
            text = log.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _send(self, signal: Signals) -> None:
        # Popen knows whether the pid is still ours, and says nothing to a process that is gone.
        self._process.send_signal(signal)

    def _send_to_all(self, signal: Signals) -> None:
        # Descendants are looked up one by one: PostgreSQL's leave the process group at once.
        if not self.alive:
            return
        descendants = psutil.Process(self.pid).children(recursive=True)
        self._send(signal)
        for process in descendants:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal)


def free_ports(count: int) -> list[int]:
    """Different TCP ports on 127.0.0.1 that nobody listened on a moment ago."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _bound_to_parent(signal: Signals) -> list[str]:
    # setpriv asks the kernel for the death signal and then becomes the program. Doing the same in
    # a preexec_fn would run Python between fork and exec, which can lock up a threaded parent.
    setpriv = _setpriv()
    return [] if setpriv is None else [setpriv, f"--pdeathsig={signal.name[3:]}", "--"]


@cache
def _setpriv() -> str | None:
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    if found is None:
        return None
    manual = subprocess.run([found, "--help"], capture_output=True, text=True, check=False)
    return found if "--pdeathsig" in manual.stdout else None  # BusyBox has a smaller one
