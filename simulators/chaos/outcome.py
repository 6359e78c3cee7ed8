"""What a run came to, as facts; `report` says it in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulators.chaos.judgement import Judgement
from simulators.chaos.plan import PROGRAMS, Fault, Plan


@dataclass(frozen=True, slots=True)
class Befallen:
    """A fault that was. `ended_at`: what was down was started, or let go on, again.

    `answered_at`: of a server, when it was there for its clients. `recovered_at` None: work did
    not flow as ever until `given_up_at`, when nobody looked any more.
    """

    fault: Fault
    begun_at: datetime
    ended_at: datetime
    answered_at: datetime
    recovered_at: datetime | None
    given_up_at: datetime

    @property
    def lasted_s(self) -> float:
        return (self.ended_at - self.begun_at).total_seconds()

    @property
    def starting_s(self) -> float | None:
        """The part of the recovery in which a server was only starting; of a program None."""
        if self.fault.card.target in PROGRAMS:
            return None
        return (self.answered_at - self.ended_at).total_seconds()

    @property
    def recovery_s(self) -> float | None:
        """From its end until work flowed as ever; 0.0 where it always did."""
        if self.recovered_at is None:
            return None
        return (self.recovered_at - self.ended_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Load:
    """What the hospitals did and heard. `late`: answers that were unknown after their time, and
    `late_s_max` how long after it at most, whatever the reason.

    `endings` counts visits; `refused` counts answers but yes by code; `no_answer` counts sendings.
    """

    rate_per_s: float
    ordinary_per_s: float
    endings: Counter[str]
    replies: int
    refused: Counter[str]
    no_answer: int
    late: int
    late_s_max: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """`found_dead`: programs that ended by themselves and were started again.

    `crowding`: the machine's run queue at its longest, for each of its cores. `in_time`: there was
    room on the machine, so that lateness was judged.
    """

    plan: Plan
    befallen: Sequence[Befallen]
    load: Load
    judgement: Judgement
    found_dead: Sequence[str]
    crowding: float
    in_time: bool
    broker: str
    database: str
    converged_s: float
    elapsed_s: float
