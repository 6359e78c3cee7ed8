"""The labelled steps of every process: where it may die, lose its database, or let others run."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from simulators.simulation.event_log import EventLog
from simulators.simulation.scheduler import Scheduler


class Step(StrEnum):
    """In the order of a batch's life; STATEMENT is between any two statements of it."""

    STATEMENT = "statement"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
    BEFORE_SEND = "before_send"
    AFTER_SEND = "after_send"
    BEFORE_OFFSET_COMMIT = "before_offset_commit"
    AFTER_OFFSET_COMMIT = "after_offset_commit"


# How often, in 1,000, a loop gives way there, and for how long at most. At a sending it never
# does: it holds a lock of its process, and whoever waits for that lock would wait for ever.
GIVES_WAY = {
    Step.STATEMENT: (15, 0.02),
    Step.BEFORE_COMMIT: (150, 0.1),
    Step.AFTER_COMMIT: (100, 0.05),
}


class Crashed(BaseException):
    """A process dies by its own hand at a labelled step; not an Exception, nothing survives it."""


@dataclass(slots=True)
class Steps:
    """Where a process stands asks `reached`; whoever plans faults arms steps of processes.

    `armed`: by process and step, what happens to the process that reaches it next.
    """

    scheduler: Scheduler
    log: EventLog
    random: Random
    armed: dict[tuple[str, Step], Callable[[], object]] = field(default_factory=dict)
    counts: Counter[Step] = field(default_factory=Counter)

    def reached(self, process: str, step: Step) -> None:
        """Called by the loop that stands there. Raises Killed, Crashed, or what was armed."""
        self.scheduler.running()
        self.counts[step] += 1
        if self.armed and (strike := self.armed.pop((process, step), None)) is not None:
            self.log.note(process, "struck", step)
            strike()
        per_mille, longest_s = GIVES_WAY.get(step, (0, 0.0))
        if per_mille and self.random.randrange(1_000) < per_mille:
            self.scheduler.sleep(self.random.random() * longest_s)


def crash() -> None:
    raise Crashed
