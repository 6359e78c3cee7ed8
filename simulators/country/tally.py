"""What hospitals saw of the country: how many, how much, how long, where; any thread may add."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from contracts.codes import VisitKind
from simulators.world.flows import Pair
from simulators.world.habits import Habit

LATEST_MAX = 2_000


@dataclass(slots=True)
class OfKind:
    """Settlements that stand, of one kind; `fund_squared` is for the error of the mean."""

    visits: int = 0
    total_fen: int = 0
    fund_fen: int = 0
    fund_squared: float = 0.0

    @property
    def mean_fund_fen(self) -> float:
        return self.fund_fen / self.visits if self.visits else 0.0

    @property
    def error_fen(self) -> float:
        """The standard error of the mean: about two thirds of such draws lie within it."""
        if self.visits < 2:
            return 0.0
        spread = self.fund_squared / self.visits - self.mean_fund_fen**2
        return float((max(spread, 0.0) / self.visits) ** 0.5)


@dataclass(frozen=True, slots=True)
class Settled:
    """One settlement as a hospital heard of it."""

    kind: VisitKind
    pair: Pair
    total_fen: int
    fund_fen: int
    waited_s: float


@dataclass(slots=True)
class Tally:
    """All counts of one run. `latest` are the last waits in seconds, for the live screen."""

    begun: int = 0
    settled: int = 0
    undone: int = 0
    unknown: int = 0
    midnight: int = 0
    """Stays whose settlement fell on midnight."""
    refused: Counter[str] = field(default_factory=Counter)
    habits: Counter[Habit] = field(default_factory=Counter)
    pairs: Counter[Pair] = field(default_factory=Counter)
    kinds: dict[VisitKind, OfKind] = field(default_factory=lambda: defaultdict(OfKind))
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST_MAX))
    unexpected: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, habit: Habit | None, *, at_midnight: bool) -> None:
        with self._lock:
            self.begun += 1
            self.midnight += at_midnight
            if habit is not None:
                self.habits[habit] += 1

    def settle(self, one: Settled) -> None:
        with self._lock:
            self.settled += 1
            self.pairs[one.pair] += 1
            self.latest.append(one.waited_s)
            of = self.kinds[one.kind]
            of.visits += 1
            of.total_fen += one.total_fen
            of.fund_fen += one.fund_fen
            of.fund_squared += float(one.fund_fen) ** 2

    def undo(self, one: Settled | None) -> None:
        """It does not stand any more."""
        assert one is not None, "only what was settled is undone"
        with self._lock:
            self.undone += 1
            self.pairs[one.pair] -= 1
            of = self.kinds[one.kind]
            of.visits -= 1
            of.total_fen -= one.total_fen
            of.fund_fen -= one.fund_fen
            of.fund_squared -= float(one.fund_fen) ** 2

    def refuse(self, code: str) -> None:
        with self._lock:
            self.refused[code] += 1

    def not_known(self) -> None:
        with self._lock:
            self.unknown += 1

    def odd(self, told: str) -> None:
        """An answer that no hospital should get."""
        with self._lock:
            self.unexpected.append(told)

    def waits_ms(self) -> Mapping[str, float]:
        """Of the latest settlements: the median, and what ninety-nine of a hundred stay under."""
        with self._lock:
            waits = sorted(self.latest)
        if not waits:
            return {"p50": 0.0, "p99": 0.0}
        return {
            "p50": round(1_000 * waits[len(waits) // 2], 1),
            "p99": round(1_000 * waits[min(len(waits) - 1, len(waits) * 99 // 100)], 1),
        }
