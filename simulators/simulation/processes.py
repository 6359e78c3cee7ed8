"""A process of the country: real loops, which can die at any moment and come back."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from contracts.clock import Clock
from contracts.delivery.broker import SendFailed
from contracts.delivery.passing import is_passing
from contracts.delivery.processor import GaveUp
from contracts.delivery.transport import Transport
from simulators.simulation.broker import Ends
from simulators.simulation.engines import SteppedEngine
from simulators.simulation.event_log import EventLog
from simulators.simulation.record_log import Log
from simulators.simulation.rhythm import Rhythm
from simulators.simulation.scheduler import Loop, Scheduler
from simulators.simulation.steps import Crashed, Steps

EXPECTED = (GaveUp, SendFailed)
"""What a process may die of by itself while its surroundings are broken."""
NOTICES_WITHIN = timedelta(seconds=6)
"""Between two tries of a database that is away, `Limits.longest_wait_s` pass, and a little."""
Span = tuple[datetime, datetime]


@dataclass(slots=True)
class Stage:
    """What all processes stand on."""

    scheduler: Scheduler
    events: EventLog
    steps: Steps
    rhythm: Rhythm
    log: Log


@dataclass(slots=True)
class Running:
    """What a process's loops are built from, anew after each death."""

    engine: SteppedEngine
    transport: Transport
    clock: Clock


Loops = Iterable[tuple[str, Callable[[], object]]]
Build = Callable[[Running], Loops]


@dataclass(slots=True, eq=False)
class Process:
    """`build` names its loops. `deaths`: what it died of that no fault of the plan explains."""

    name: str
    stage: Stage
    database_url: str
    clock: Clock
    build: Build
    deaths: list[BaseException] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    engine: SteppedEngine | None = None
    database_is_down: bool = False
    is_paused: bool = False
    comes_back_after_s: float = 5.0  # whoever runs the programs starts one that has died again
    absences: list[Span] = field(default_factory=list)
    standstills: list[Span] = field(default_factory=list)  # absent, but with all that it holds
    _paused_at: datetime | None = None
    _away_since: datetime | None = None

    @property
    def is_up(self) -> bool:
        return bool(self.loops)

    def away(self) -> list[Span]:
        """When it could not work, with the absence that has not ended yet."""
        return [*self.absences, *self._open(self._away_since)]

    def stood_still(self) -> list[Span]:
        return [*self.standstills, *self._open(self._paused_at)]

    def _open(self, since: datetime | None) -> list[Span]:
        now = self.stage.scheduler.clock.at
        return [] if since is None else [(since, now + NOTICES_WITHIN)]

    def start(self) -> None:
        """Come up, unless it is up; may be called at any time by the driver."""
        if self.is_up:
            return
        stage = self.stage
        stage.events.note(self.name, "starts")
        self.engine = SteppedEngine(self.database_url, self.name, stage.steps)
        self.engine.is_down = self.database_is_down
        running = Running(self.engine, Ends(stage.log, stage.steps, self.name), self.clock)
        self.loops = [
            Loop(f"{self.name} {name}", run, self._ended) for name, run in self.build(running)
        ]
        for loop in self.loops:
            loop.frozen = self.is_paused
            stage.scheduler.start(loop)
        stage.rhythm.stir(self.name)
        self._note_absence()

    def die(self) -> None:
        """As by kill -9: every loop ends where it stands, and what it had open is rolled back."""
        loops, self.loops = self.loops, []
        for loop in loops:
            self.stage.scheduler.kill(loop)
        if self.engine is not None:
            self.engine.dispose()
        self.engine = None
        self._note_absence()

    def crash(self) -> None:
        """Die, and come back after a while."""
        self.stage.events.note(self.name, "dies")
        self.die()
        self.stage.scheduler.after(self.comes_back_after_s, self.start)

    def pause(self) -> None:
        """As by SIGSTOP: it stands still with whatever it holds."""
        self.is_paused = True
        self._paused_at = self._paused_at or self.stage.scheduler.clock.at
        for loop in self.loops:
            self.stage.scheduler.freeze(loop)
        self._note_absence()

    def go_on(self) -> None:
        self.is_paused = False
        if self._paused_at is not None:
            now = self.stage.scheduler.clock.at
            self.standstills.append((self._paused_at, now + NOTICES_WITHIN))
            self._paused_at = None
        for loop in self.loops:
            self.stage.scheduler.thaw(loop)
        self._note_absence()

    def hold(self, lasts_s: float) -> None:
        """Of its loop that runs: it stands still for so long, with a transaction open."""
        now = self.stage.scheduler.clock.at
        span = now, now + timedelta(seconds=lasts_s) + NOTICES_WITHIN
        self.absences.append(span)
        self.standstills.append(span)
        self.stage.scheduler.sleep(lasts_s)

    def lose_database(self) -> None:
        """Nobody can connect any more; who terminates the sessions is the plan."""
        self.database_is_down = True
        if self.engine is not None:
            self.engine.is_down = True
        self._note_absence()

    def find_database(self) -> None:
        self.database_is_down = False
        if self.engine is not None:
            self.engine.is_down = False
        self._note_absence()

    def _note_absence(self) -> None:
        """Keep since when it cannot work, and once it can again, from when to when."""
        now, works = self.stage.scheduler.clock.at, self._works()
        if not works and self._away_since is None:
            self._away_since = now
        if works and self._away_since is not None:
            self.absences.append((self._away_since, now + NOTICES_WITHIN))
            self._away_since = None

    def _works(self) -> bool:
        return self.is_up and not self.is_paused and not self.database_is_down

    def _ended(self, loop: Loop) -> None:
        """A loop is over: with it the process, as in production."""
        if loop not in self.loops:
            return
        if not isinstance(loop.error, Crashed):
            self.stage.events.note(self.name, "gave up", type(loop.error).__name__)
            error = loop.error or RuntimeError(f"{loop.name} came to its end, and none has one")
            if not _is_expected(error):
                self.deaths.append(error)
        self.crash()


def _is_expected(error: BaseException) -> bool:
    return isinstance(error, EXPECTED) or is_passing(error)


class VirtualStop:
    """Stands for the event of a program's end, which never comes; waiting for it is resting."""

    def __init__(self, rhythm: Rhythm, name: str, often_s: float) -> None:
        self._rhythm, self._name, self._often_s = rhythm, name, often_s

    def is_set(self) -> bool:
        return False

    def wait(self, _seconds: float) -> bool:
        self._rhythm.rest(self._name, self._often_s)
        return False

    def as_event(self) -> threading.Event:
        return cast("threading.Event", self)
