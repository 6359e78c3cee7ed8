"""State machines as tables: one row per permitted step, and nothing else is permitted."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class IllegalStep(Exception):
    """A step that the table does not have."""

    def __init__(self, machine: str, state: StrEnum, event: StrEnum) -> None:
        super().__init__(f"{machine}: no step from {state} on {event}")
        self.machine, self.state, self.event = machine, state, event


@dataclass(frozen=True, slots=True)
class Step(Generic[S, E]):
    source: S
    event: E
    target: S
    why: str


@dataclass(frozen=True)
class StateMachine(Generic[S, E]):
    """The table of one noun: one step per state and event, and no unreachable state."""

    name: str
    initial: tuple[S, ...]
    steps: tuple[Step[S, E], ...]

    def __post_init__(self) -> None:
        assert len(self._targets) == len(self.steps), (
            f"{self.name}: two steps for one state and event"
        )
        assert self._reachable() == set(type(self.initial[0])), f"{self.name}: unreachable state"

    @cached_property
    def _targets(self) -> dict[tuple[S, E], S]:
        return {(step.source, step.event): step.target for step in self.steps}

    def after(self, state: S, event: E) -> S:
        """Where the step leads; IllegalStep when there is none."""
        target = self._targets.get((state, event))
        if target is None:
            raise IllegalStep(self.name, state, event)
        return target

    def allows(self, state: S, event: E) -> bool:
        return (state, event) in self._targets

    def terminal(self) -> frozenset[S]:
        """States that nothing leaves; a step back to the same state does not count as leaving."""
        left = {step.source for step in self.steps if step.target != step.source}
        return frozenset(type(self.initial[0])) - left

    def as_markdown(self) -> str:
        rows = [f"| {s.source} | {s.event} | {s.target} | {s.why} |" for s in self.steps]
        return "\n".join(["| from | on | to | why |", "|---|---|---|---|", *rows])

    def _reachable(self) -> set[S]:
        seen = set(self.initial)
        for _ in self.steps:  # At most one new state per pass, so this terminates.
            seen |= {step.target for step in self.steps if step.source in seen}
        return seen
