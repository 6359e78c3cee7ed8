"""What a seed means: when it begins, what goes wrong and when, how full the streets are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

from simulators.simulation.databases import AREAS
from simulators.simulation.places import CELLS, PROCESSES, TABLES_OF, role_of
from simulators.simulation.steps import Step


class Kind(StrEnum):
    """What can go wrong."""

    CRASH = "crash"  # a process dies at a labelled step, and stays away for a while
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
    HOLD = "hold"  # a transaction stands still right after a statement about a table


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: when, to whom, for how long; times in virtual seconds.

    `step` is a crash's, `table` a hold's.
    """

    at_s: float
    kind: Kind
    who: str = ""
    lasts_s: float = 0.0
    step: Step = Step.BEFORE_COMMIT
    table: str = ""


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
    datetime(2026, 3, 12, 15, 55, tzinfo=UTC),
    datetime(2026, 3, 31, 15, 55, tzinfo=UTC),
    datetime(2026, 3, 20, 15, 55, tzinfo=UTC),
)
DAY_ENDS_UTC = 16
# Per hour; the most frequent first.
USUAL: Mapping[Kind, int] = {
    Kind.CRASH: 20,
    Kind.HOLD: 6,
    Kind.DOUBT: 4,
    Kind.KILL: 3,
    Kind.PAUSE: 3,
    Kind.DATABASE_RESTART: 2,
    Kind.DATABASE_AWAY: 2,
    Kind.BROKER_STOP: 2,
    Kind.SLOW: 3,
    Kind.REPEATING: 3,
    Kind.FORGETFUL: 3,
    Kind.CUT_OFF: 2,
    Kind.POISON: 2,
}
LASTS_S: Mapping[Kind, tuple[float, float]] = {
    Kind.CRASH: (0.5, 15.0),
    Kind.HOLD: (1.0, 25.0),
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
MIDNIGHT_CASES = 12
COME_BEFORE_S, HELD_BEFORE_S = 4.5, 2.0


def planned(seed: int, hours: float) -> Plan:
    """The plan of a seed: streams of their own, so that none moves another."""
    span_s = hours * 3_600
    begins_at = Random(f"beginning {seed}").choice(BEGINNINGS)
    midnight = Random(f"midnight {seed}")
    bursts = _bursts(Random(f"bursts {seed}"), span_s)
    at_midnight: list[Fault] = []
    if (ends_s := day_ends_after_s(begins_at)) < span_s:
        bursts = sorted([*bursts, (ends_s - COME_BEFORE_S, MIDNIGHT_CASES)])
        at_midnight = [_held_over(ends_s, midnight)]
    random = Random(f"faults {seed}")
    crashes = round(USUAL[Kind.CRASH] * hours)
    found = [
        _crash(random, bursts, *CELLS[(seed * crashes + n) % len(CELLS)]) for n in range(crashes)
    ]
    found += [
        _fault(random, kind, bursts)
        for kind, per_hour in USUAL.items()
        if kind is not Kind.CRASH
        for _ in range(_times(random, per_hour * hours))
    ]
    return Plan(
        begins_at=begins_at,
        bursts=bursts,
        faults=sorted([*found, *at_midnight], key=lambda one: one.at_s),
        ahead=_skewed(Random(f"skews {seed}")),
    )


def _skewed(random: Random) -> dict[str, timedelta]:
    return {
        f"{role}.{area}": timedelta(seconds=random.uniform(-SKEW_MAX_S, SKEW_MAX_S))
        for role in ("insured", "treatment")
        for area in AREAS
        if random.random() < 0.5
    }


def day_ends_after_s(begins_at: datetime) -> float:
    """Until the first midnight in China."""
    ends_at = begins_at.replace(hour=DAY_ENDS_UTC, minute=0)
    return (ends_at - begins_at).total_seconds()


def _bursts(random: Random, span_s: float) -> list[tuple[float, int]]:
    """About eight cases come within seconds, then it is quiet: races need company."""
    left = max(1, round(CASES_PER_HOUR * span_s / 3_600))
    found: list[tuple[float, int]] = []
    while left > 0:
        count = min(left, random.randint(3, 14))
        found.append((random.uniform(5.0, span_s), count))
        left -= count
    return sorted(found)


def _held_over(ends_s: float, random: Random) -> Fault:
    """Whoever settles has the day that ends in its hands, and is slow with it."""
    lasts_s = random.uniform(12.0, 30.0)
    return Fault(ends_s - HELD_BEFORE_S, Kind.HOLD, "hub.work", lasts_s, table="business_days")


def _crash(random: Random, bursts: Sequence[tuple[float, int]], role: str, step: Step) -> Fault:
    """One of the steps of one kind of process; seeds go through all of them in turn."""
    who = random.choice([name for name in PROCESSES if role_of(name) == role])
    at_s, lasts_s = _moment(random, bursts), random.uniform(*LASTS_S[Kind.CRASH])
    return Fault(at_s, Kind.CRASH, who, lasts_s, step)


def _times(random: Random, expected: float) -> int:
    """So often on the average: what is rare in an hour happens in some of the shorter seeds."""
    return int(expected) + (random.random() < expected % 1)


def _fault(random: Random, kind: Kind, bursts: Sequence[tuple[float, int]]) -> Fault:
    at_s, who = _moment(random, bursts), random.choice(PROCESSES)
    return Fault(
        at_s=at_s,
        kind=kind,
        who=who,
        lasts_s=random.uniform(*LASTS_S.get(kind, (0.0, 0.0))),
        table=random.choice(TABLES_OF[role_of(who)]),
    )


def _moment(random: Random, bursts: Sequence[tuple[float, int]]) -> float:
    """Most where it hurts: while cases are under way."""
    at_s, _ = random.choice(bursts)
    return max(1.0, at_s + random.uniform(-2.0, 12.0))
