"""What a seed means: when it begins, what goes wrong and when, how full the streets are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

from simulators.simulation.databases import AREAS
from simulators.simulation.steps import Step


class Kind(StrEnum):
    """What can go wrong."""

    CRASH = "crash"  # a process dies at a labelled step
    DOUBT = "doubt"  # a COMMIT happens, and the connection is lost before its answer
    KILL = "kill"  # a process dies wherever it stands, and stays away for a while
    PAUSE = "pause"  # a process stands still, with whatever it holds
    DATABASE_RESTART = "database_restart"  # all sessions of a database are terminated
    DATABASE_AWAY = "database_away"  # and nobody can connect for a while
    BROKER_STOP = "broker_stop"  # nothing is taken, nothing is given
    SLOW = "slow"  # records come late
    REPEATING = "repeating"  # records come twice, or many times
    FORGETFUL = "forgetful"  # offsets and acknowledgements are lost
    CUT_OFF = "cut_off"  # hospitals lose their connections
    POISON = "poison"  # something that is no message, or of nobody we know


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: when, to whom, for how long; times in virtual seconds."""

    at_s: float
    kind: Kind
    who: str = ""
    lasts_s: float = 0.0
    step: Step = Step.BEFORE_COMMIT


@dataclass(frozen=True, slots=True)
class Plan:
    """`bursts`: when hospitals come, and how many cases each time. `ahead`: wrong clocks."""

    begins_at: datetime
    bursts: Sequence[tuple[float, int]]
    faults: Sequence[Fault]
    ahead: Mapping[str, timedelta] = field(default_factory=dict)


# Shanghai is eight hours ahead: an ordinary forenoon, the last minutes of a day, and those of days
# with which a cycle of clearing ends, one of them with its month.
BEGINNINGS: Sequence[datetime] = (
    datetime(2026, 3, 12, 1, 30, tzinfo=UTC),
    datetime(2026, 3, 12, 15, 50, tzinfo=UTC),
    datetime(2026, 3, 31, 15, 50, tzinfo=UTC),
    datetime(2026, 3, 20, 15, 50, tzinfo=UTC),
)
# Per hour; the most frequent first.
USUAL: Mapping[Kind, int] = {
    Kind.CRASH: 14,
    Kind.DOUBT: 4,
    Kind.KILL: 3,
    Kind.PAUSE: 3,
    Kind.DATABASE_RESTART: 2,
    Kind.DATABASE_AWAY: 1,
    Kind.BROKER_STOP: 1,
    Kind.SLOW: 3,
    Kind.REPEATING: 3,
    Kind.FORGETFUL: 3,
    Kind.CUT_OFF: 1,
    Kind.POISON: 2,
}
LASTS_S: Mapping[Kind, tuple[float, float]] = {
    Kind.KILL: (0.5, 40.0),
    Kind.PAUSE: (1.0, 40.0),
    Kind.DATABASE_AWAY: (1.0, 25.0),
    Kind.BROKER_STOP: (1.0, 40.0),
    Kind.SLOW: (10.0, 60.0),
    Kind.REPEATING: (10.0, 60.0),
    Kind.FORGETFUL: (10.0, 60.0),
    Kind.CUT_OFF: (10.0, 40.0),
}
CASES_PER_HOUR = 110
SKEW_MAX_S = 3.0
HUB = ("hub.work", "hub.jobs")
PROCESSES: Sequence[str] = (
    *HUB,
    *(f"{role}.{area}" for role in ("insured", "treatment", "gateway") for area in AREAS),
)


def planned(seed: int, hours: float) -> Plan:
    """The plan of a seed: streams of their own, so that none moves another."""
    span_s = hours * 3_600
    bursts = _bursts(Random(f"bursts {seed}"), span_s)
    random = Random(f"faults {seed}")
    skews = Random(f"skews {seed}")
    found = [
        _fault(random, kind, bursts)
        for kind, per_hour in USUAL.items()
        for _ in range(round(per_hour * hours))
    ]
    return Plan(
        begins_at=Random(f"beginning {seed}").choice(BEGINNINGS),
        bursts=bursts,
        faults=sorted(found, key=lambda one: one.at_s),
        ahead={
            f"{role}.{area}": timedelta(seconds=skews.uniform(-SKEW_MAX_S, SKEW_MAX_S))
            for role in ("insured", "treatment")
            for area in AREAS
            if skews.random() < 0.5
        },
    )


def _bursts(random: Random, span_s: float) -> list[tuple[float, int]]:
    """About eight cases come within seconds, then it is quiet: races need company."""
    left = max(1, round(CASES_PER_HOUR * span_s / 3_600))
    found: list[tuple[float, int]] = []
    while left > 0:
        count = min(left, random.randint(3, 14))
        found.append((random.uniform(5.0, span_s), count))
        left -= count
    return sorted(found)


def _fault(random: Random, kind: Kind, bursts: Sequence[tuple[float, int]]) -> Fault:
    """Most where it hurts: while cases are under way."""
    at_s, _ = random.choice(bursts)
    least_s, most_s = LASTS_S.get(kind, (0.0, 0.0))
    return Fault(
        at_s=max(1.0, at_s + random.uniform(-2.0, 12.0)),
        kind=kind,
        who=random.choice(PROCESSES),
        lasts_s=random.uniform(least_s, most_s),
        step=random.choice([step for step in Step if step is not Step.STATEMENT]),
    )
