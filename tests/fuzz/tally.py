"""What a run of generated requests came to: answers by door and kind, and what was found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN_MAX = 2_000
FINDINGS_MAX = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be. The door, the round and its seed make the request again."""

    door: str
    about: str
    seed: int
    what: str
    request: str = ""

    def told(self) -> str:
        said = f"{self.door} · {self.about} · seed {self.seed}: {self.what}"
        return f"{said}\n    {self.request[:SHOWN_MAX]}" if self.request else said


@dataclass(slots=True)
class Tally:
    """Counts of answers by (door, kind); the kinds are the words of each door."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    slowest_ms: int = 0
    comparisons: int = 0
    """How often all books were compared before and after nothing but refusals."""

    @property
    def requests(self) -> int:
        return self.answers.total()

    def answered(self, door: str, kind: str, took_ms: int = 0) -> None:
        self.answers[door, kind] += 1
        self.slowest_ms = max(self.slowest_ms, took_ms)

    def found(self, finding: Finding) -> None:
        """Kept up to a bound: a fault that every request meets must not fill the memory."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)

    def told(self) -> str:
        return "\n".join(one.told() for one in self.findings)


def together(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for one in tallies:
        whole.answers += one.answers
        whole.findings += one.findings
        whole.comparisons += one.comparisons
        whole.slowest_ms = max(whole.slowest_ms, one.slowest_ms)
    return whole
