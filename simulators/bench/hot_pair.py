"""All load on one pair of provinces, against the same load over all pairs, in turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from simulators.bench.load import Answered
from simulators.bench.pairs import Pair, eight_pairs
from simulators.bench.stage import Bench, Setting, Tell, standing
from simulators.bench.validity import Verdict
from simulators.bench.verdict import judged
from simulators.bench.window import DESK, Closed, Window, closed_loop

TURNS = ("uniform", "hot", "hot", "uniform")
"""A machine that gets faster or slower all the while favours neither."""


@dataclass(frozen=True, slots=True)
class HotPair:
    """`turns`: (which kind, what was measured), in their order."""

    pairs: tuple[Pair, ...]
    turns: tuple[tuple[str, Window], ...]
    verdict: Verdict

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        return {f"{n} {kind}": window.answers for n, (kind, window) in enumerate(self.turns, 1)}

    def per_s(self, kind: str) -> float:
        windows = [window for one, window in self.turns if one == kind]
        return sum(len(w.answers) for w in windows) / sum(w.seconds for w in windows)

    @property
    def ratio(self) -> float:
        return self.per_s("hot") / self.per_s("uniform")

    def as_dict(self) -> dict[str, object]:
        return {
            "uniform_per_s": round(self.per_s("uniform"), 1),
            "hot_per_s": round(self.per_s("hot"), 1),
            "hot_of_uniform": round(self.ratio, 3),
            "pairs": [f"{pair.insured}-{pair.treatment}" for pair in self.pairs],
            "people": sum(pair.people for pair in self.pairs),
            "turns": [{"load": kind} | window.as_dict() for kind, window in self.turns],
            **self.verdict.as_dict(),
        }

    def told(self) -> str:
        return "\n".join(
            (
                f"{self.per_s('uniform'):,.0f}/s over {len(self.pairs)} pairs",
                f"{self.per_s('hot'):,.0f}/s on one pair: {self.ratio:.0%} of it",
                self.verdict.told(),
            )
        )


def run(seconds: float, setting: Setting) -> HotPair:
    """A quarter of the time each turn, over eight pairs."""
    with standing(replace(setting, pairs=eight_pairs())) as bench:
        return measure(bench, seconds / len(TURNS), setting.tell)


def measure(bench: Bench, turn_s: float, tell: Tell, loop: Closed = DESK) -> HotPair:
    """On a stage of several pairs, of which the first gets hot."""
    turns = []
    for kind in TURNS:
        tell(f"{kind} load for {turn_s:.0f} s")
        bench.desk.turn_to(bench.pairs if kind == "uniform" else bench.pairs[:1])
        turns.append((kind, closed_loop(bench, loop, turn_s)))
    bench.desk.turn_to(bench.pairs)
    return HotPair(bench.pairs, tuple(turns), judged(bench, bench.load.asked))
