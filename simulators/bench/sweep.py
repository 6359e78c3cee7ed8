"""Rising rates, each in an open loop, up to the first one that half the country would notice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from simulators.bench.load import Answered
from simulators.bench.stage import Bench, Setting, Tell, standing
from simulators.bench.validity import Verdict
from simulators.bench.verdict import judged
from simulators.bench.window import Window, open_loop

NATIONAL_RATES = (65, 125)
"""The country's peak, and what it plans for; asked in every sweep, and twice as long."""
RATES = (*NATIONAL_RATES, 250, 400, 550, 700, 800, 900, 1_000, 1_150, 1_300, 1_500, 1_750, 2_000)
BROKEN_P99_MS = 1_000.0
WARM_UP_S = 3.0
UNDER_WAY_S_MAX = 3
"""A step ends early once so many seconds of its rate wait: its p99 is broken for certain then."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rate, and what became of it; `is_whole`: it was asked for as long as it should be."""

    per_s: int
    window: Window
    is_whole: bool

    @property
    def is_broken(self) -> bool:
        return self.window.latency.p99_ms > BROKEN_P99_MS or not self.is_whole


@dataclass(frozen=True, slots=True)
class Sweep:
    steps: tuple[Step, ...]
    verdict: Verdict

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        return {f"{step.per_s}/s": step.window.answers for step in self.steps}

    @property
    def highest_held_per_s(self) -> int:
        """The highest rate below the first that broke; 0 when the first did."""
        held = takewhile(lambda step: not step.is_broken, self.steps)
        return max((step.per_s for step in held), default=0)

    def as_dict(self) -> dict[str, object]:
        return {
            "steps": [
                {"asked_per_s": step.per_s, "is_broken": step.is_broken} | step.window.as_dict()
                for step in self.steps
            ],
            "highest_held_per_s": self.highest_held_per_s,
            "broken_when_p99_above_ms": BROKEN_P99_MS,
            **self.verdict.as_dict(),
        }

    def told(self) -> str:
        lines = (
            f"{step.per_s:,}/s: p50 {latency.p50_ms}, p95 {latency.p95_ms}, p99 {latency.p99_ms} ms"
            f"{', broken' if step.is_broken else ''}"
            for step in self.steps
            for latency in [step.window.latency]
        )
        held = f"held up to {self.highest_held_per_s:,}/s with a p99 below a second"
        return "\n".join((*lines, held, self.verdict.told()))


def run(step_s: float, setting: Setting) -> Sweep:
    """`step_s` seconds a rate, twice that for the national ones."""
    with standing(setting) as bench:
        return measure(bench, step_s, RATES, setting.tell)


def measure(bench: Bench, step_s: float, rates: Sequence[int], tell: Tell) -> Sweep:
    """On a stage that runs. What expires in the step that breaks is counted, and told."""
    open_loop(bench, lambda: bench.load.at_rate(rates[0], min(WARM_UP_S, step_s)))
    steps = tuple(_steps(bench, step_s, rates, tell))
    return Sweep(steps, judged(bench, bench.load.asked, may_expire=True))


def _steps(bench: Bench, step_s: float, rates: Sequence[int], tell: Tell) -> Iterator[Step]:
    for per_s in rates:
        seconds = step_s * (2 if per_s in NATIONAL_RATES else 1)
        tell(f"asking at {per_s:,} a second for {seconds:.0f} s")
        asked = bench.desk.asked
        ask = partial(bench.desk.at_rate, per_s, seconds, under_way_max=per_s * UNDER_WAY_S_MAX)
        window = open_loop(bench, ask)
        step = Step(per_s, window, is_whole=bench.desk.asked - asked == int(per_s * seconds))
        yield step
        if step.is_broken and per_s >= max(NATIONAL_RATES):
            return
