"""What a truth is: a promise of ours, a sentence, and what finds each way in which it is broken."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.truth_checks.scene import Scene

Check = Callable[[Scene], list[str]]


@dataclass(frozen=True, slots=True)
class Truth:
    """`promise`: its number, 1 to 10; `check`: one text for each way in which it does not hold."""

    promise: int
    says: str
    check: Check


@dataclass(frozen=True, slots=True)
class Broken:
    """One reason to say that a truth, a key of TRUTHS, does not hold."""

    truth: str
    what: str
