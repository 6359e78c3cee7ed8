"""The labelled steps of every process: where it may die, lose its database, or let others run."""

import re
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
    COMMIT_ANSWERED = "commit_answered"  # of a transaction that wrote: the server says so
    AFTER_COMMIT = "after_commit"
    BEFORE_SEND = "before_send"
    AFTER_SEND = "after_send"
    BEFORE_OFFSET_COMMIT = "before_offset_commit"
    AFTER_OFFSET_COMMIT = "after_offset_commit"


HELD = "held"
"""How `struck` names a transaction that was held open."""
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

    `armed`: by process and step, what happens to the process that reaches it next; `struck` counts
    them. `holds`: by process and table, what happens to whoever has just named that table inside a
    transaction: what it read or locked there is what others meet.
    """

    scheduler: Scheduler
    log: EventLog
    random: Random
    armed: dict[tuple[str, Step], Callable[[], object]] = field(default_factory=dict)
    holds: dict[tuple[str, str], Callable[[], object]] = field(default_factory=dict)
    counts: Counter[Step] = field(default_factory=Counter)
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)

    def reached(self, process: str, step: Step) -> None:
        """Called by the loop that stands there. Raises Killed, Crashed, or what was armed."""
        self.scheduler.running()
        self.counts[step] += 1
        if self.armed and (strike := self.armed.pop((process, step), None)) is not None:
            self.log.note(process, "struck", step)
            self.struck[process, step] += 1
            strike()
        per_mille, longest_s = GIVES_WAY.get(step, (0, 0.0))
        if per_mille and self.random.randrange(1_000) < per_mille:
            self.scheduler.sleep(self.random.random() * longest_s)

    def stated(self, process: str, statement: str) -> None:
        """Called by the loop that has executed it inside a transaction. Raises Killed."""
        for whose, table in list(self.holds):
            if whose == process and re.search(rf"\b{table}\b", statement):
                self.log.note(process, "held", table)
                self.struck[process, HELD] += 1
                self.holds.pop((whose, table))()
                return


def crash() -> None:
    raise Crashed
