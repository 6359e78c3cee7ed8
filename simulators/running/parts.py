"""The parts of a world as child processes, started as production starts them."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from simulators.stack.processes import Child

READY_WITHIN_S = 60.0
ENDS_WITHIN_S = 20.0


class PartFailed(Exception):
    """A part ended, or did not come up; the text names it and shows the end of its log."""


@dataclass(slots=True)
class Parts:
    """Child processes by name, each with a log of its own in `folder`."""

    folder: Path
    environment: Mapping[str, str]
    program: str = "simulators.main"
    """The module that is `yidi`."""
    children: dict[str, Child] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], **environment: str) -> Child:
        """Start `yidi <command>`; what it says goes to `<name>.log`."""
        child = Child.start(
            name,
            [sys.executable, "-m", self.program, *command],
            log=self.folder / f"{name}.log",
            env={**self.environment, **environment},
        )
        self.children[name] = child
        return child

    def wait_until_healthy(self, name: str, url: str) -> None:
        """Return when `url` answers 200; PartFailed when the part ends or takes too long."""
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            self.check()
            try:
                if httpx.get(url, timeout=2.0).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise PartFailed(f"{name} does not answer:\n{self.children[name].log_tail()}")

    def check(self) -> None:
        """PartFailed when one of them has ended by itself."""
        for name, child in self.children.items():
            if not child.alive:
                raise PartFailed(f"{name} ended with {child.exit_code}:\n{child.log_tail()}")

    def stop(self) -> None:
        """Ask the doors to close first and the hub last, so that nothing is left half-way."""
        for child in reversed(list(self.children.values())):
            child.stop(ENDS_WITHIN_S)


@contextmanager
def started(folder: Path, environment: Mapping[str, str]) -> Iterator[Parts]:
    parts = Parts(folder, environment)
    try:
        yield parts
    finally:
        parts.stop()
