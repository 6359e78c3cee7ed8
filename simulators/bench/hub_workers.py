"""One worker of the hub against two in the same consumer group, on one stage, in turns."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from simulators.bench.load import Answered
from simulators.bench.stage import Bench, Setting, Tell, standing, start_hub_worker
from simulators.bench.validity import Verdict
from simulators.bench.verdict import judged
from simulators.bench.window import DESK, Closed, Window, closed_loop

TURNS = 4  # one worker, two, two, one
RATE_WHILE_SETTLING = 65
SETTLES_S = 6.0
"""Load that does not count after a worker came or went: the group shares its partitions anew."""


@dataclass(frozen=True, slots=True)
class HubWorkers:
    """`turns`: (how many workers, what was measured), in their order."""

    turns: tuple[tuple[int, Window], ...]
    verdict: Verdict

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        return {f"{n}, workers: {count}": w.answers for n, (count, w) in enumerate(self.turns, 1)}

    def per_s(self, workers: int) -> float:
        windows = [window for count, window in self.turns if count == workers]
        return sum(len(w.answers) for w in windows) / sum(w.seconds for w in windows)

    @property
    def ratio(self) -> float:
        return self.per_s(2) / self.per_s(1)

    def as_dict(self) -> dict[str, object]:
        return {
            "one_worker_per_s": round(self.per_s(1), 1),
            "two_workers_per_s": round(self.per_s(2), 1),
            "two_of_one": round(self.ratio, 3),
            "turns": [
                {"hub_workers": count}
                | window.as_dict()
                | {"cpu_s_per_1000_by_process": _rounded(window.cpu_s_per_1000)}
                for count, window in self.turns
            ],
            **self.verdict.as_dict(),
        }

    def told(self) -> str:
        return "\n".join(
            (
                f"{self.per_s(1):,.0f}/s with one worker of the hub",
                f"{self.per_s(2):,.0f}/s with two: {self.ratio:.0%} of it",
                self.verdict.told(),
            )
        )


def run(seconds: float, setting: Setting) -> HubWorkers:
    """A quarter of the time each turn; the stage begins with one worker."""
    with standing(replace(setting, hub_workers=1)) as bench:
        return measure(bench, seconds / TURNS, setting.tell)


def measure(
    bench: Bench, turn_s: float, tell: Tell, *, loop: Closed = DESK, settle_s: float = SETTLES_S
) -> HubWorkers:
    """On a stage with one worker; the second one is gone afterwards."""
    turns: list[tuple[int, Window]] = []
    turns.append(_turn(bench, 1, turn_s, loop, tell))
    with _second(bench, settle_s):
        turns.extend(_turn(bench, 2, turn_s, loop, tell) for _ in range(2))
    turns.append(_turn(bench, 1, turn_s, loop, tell))
    return HubWorkers(tuple(turns), judged(bench, bench.load.asked))


def _turn(
    bench: Bench, workers: int, turn_s: float, loop: Closed, tell: Tell
) -> tuple[int, Window]:
    tell(f"{workers} worker(s) of the hub for {turn_s:.0f} s")
    return workers, closed_loop(bench, loop, turn_s)


@contextmanager
def _second(bench: Bench, settle_s: float) -> Iterator[None]:
    """A second worker for the length of a block; load carries the group over both changes."""
    name = start_hub_worker(bench.parts, 2)
    bench.load.at_rate(RATE_WHILE_SETTLING, settle_s)
    try:
        yield
    finally:
        bench.parts.children.pop(name).stop()
    bench.load.at_rate(RATE_WHILE_SETTLING, settle_s)


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}
