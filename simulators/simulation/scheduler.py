"""Who runs when: many loops, each in a thread of its own, of which exactly one is ever awake.

Threads, because real code gives way in the middle of a call; one at a time, because only then the
same seed gives the same run. A loop gives way where it waits (`sleep`) and at labelled steps; the
scheduler then moves the clock to whatever is due next. Plain actions are due as loops are.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from simulators.simulation.clocks import VirtualClock

UNWINDS_WITHIN_S = 30.0


def _taken() -> threading.Lock:
    """A lock as a baton: whoever acquires it waits until another hands it over. Quicker than
    a semaphore, and there are a hundred thousand turns in an hour.
    """
    lock = threading.Lock()
    lock.acquire()
    return lock


class Killed(BaseException):
    """The process of this loop is gone. Not an Exception: nothing may survive it."""


@dataclass(slots=True, eq=False)
class Loop:
    """One thread of a process. `error`: what it died of by itself; `due_at`: when it goes on."""

    name: str
    run: Callable[[], object]
    ended: Callable[["Loop"], object]
    frozen: bool = False
    doomed: bool = False
    is_over: bool = False
    error: BaseException | None = None
    due_at: datetime | None = None
    turn: int = 0
    go: threading.Lock = field(default_factory=_taken)
    thread: threading.Thread | None = None


@dataclass(slots=True)
class Scheduler:
    """Loops call `sleep`; everything else is for whoever drives the simulation."""

    clock: VirtualClock
    current: Loop | None = None
    _due: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _count: int = 0
    _back: threading.Lock = field(default_factory=_taken)

    def at(self, when: datetime, action: Callable[[], object]) -> None:
        """Do this then, in nobody's name; what is due together happens in the order of asking."""
        self._count += 1
        heapq.heappush(self._due, (max(when, self.clock.at), self._count, action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.clock.at + timedelta(seconds=seconds), action)

    def start(self, loop: Loop) -> None:
        loop.thread = threading.Thread(target=self._body, args=(loop,), name=loop.name, daemon=True)
        loop.thread.start()
        self.wake(loop, self.clock.at)

    def wake(self, loop: Loop, when: datetime) -> None:
        """Let it go on then, and not when it meant to."""
        loop.turn += 1
        loop.due_at = max(when, self.clock.at)
        self.at(when, partial(self._take_turn, loop, loop.turn))

    def hasten(self, loop: Loop, when: datetime) -> None:
        """As `wake`, unless it is due before that anyway."""
        if loop.due_at is not None and loop.due_at > when:
            self.wake(loop, when)

    def sleep(self, seconds: float) -> None:
        """Of the loop that runs: let others run until so much time has passed. Raises Killed."""
        loop = self.running()
        self.wake(loop, self.clock.at + timedelta(seconds=seconds))
        self._back.release()
        loop.go.acquire()
        if loop.doomed:
            raise Killed

    def running(self) -> Loop:
        """The loop that asks; Killed when it has no right to go on."""
        assert self.current is not None, "this is done by loops only"
        if self.current.doomed:
            raise Killed
        return self.current

    def kill(self, loop: Loop) -> None:
        """End it where it stands; what it had open is rolled back, and nothing else happens."""
        if not loop.is_over:
            loop.doomed = True
            self._give_turn(loop)

    def freeze(self, loop: Loop) -> None:
        """It does not go on, whatever it holds, until it is thawed."""
        loop.frozen = True

    def thaw(self, loop: Loop) -> None:
        loop.frozen = False
        self.wake(loop, self.clock.at)

    def run_until(self, until: datetime) -> None:
        while self._due and self._due[0][0] <= until:
            when, _, action = heapq.heappop(self._due)
            self.clock.at = max(self.clock.at, when)
            action()
        self.clock.at = max(self.clock.at, until)

    def _take_turn(self, loop: Loop, turn: int) -> None:
        if turn == loop.turn and not loop.is_over and not loop.frozen:
            self._give_turn(loop)

    def _give_turn(self, loop: Loop) -> None:
        before, self.current = self.current, loop
        loop.due_at = None
        loop.go.release()
        self._back.acquire()
        self.current = before
        if loop.is_over:
            assert loop.thread is not None, "it has run"
            loop.thread.join(UNWINDS_WITHIN_S)
            loop.ended(loop)

    def _body(self, loop: Loop) -> None:
        loop.go.acquire()
        try:
            if not loop.doomed:
                loop.run()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - whoever drives looks at it
            loop.error = error
        finally:
            loop.is_over = True
            self._back.release()
