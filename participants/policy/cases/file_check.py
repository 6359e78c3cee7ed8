"""Checks policy files one by one and together, and tells each by the name it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from participants.policy.loader import check_together, line_of, load
from participants.policy.model import Policy
from participants.policy.reading.section import PolicyFileWrong


@dataclass(frozen=True, slots=True)
class Finding:
    """A file and the policy in it, or what is wrong with it."""

    file: str
    policy: Policy | None
    wrong: PolicyFileWrong | None = None

    @property
    def is_sound(self) -> bool:
        return self.wrong is None

    def told(self) -> str:
        """`file: 正确` with the policy's name, or `file:line: key: reason`."""
        if self.wrong is None:
            assert self.policy is not None, "a file without a policy is wrong"
            return f"{self.file}: 正确（{self.policy.title}）"
        return f"{self.file}:{self.wrong.line}: {self.wrong.key}: {self.wrong.reason}"

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"file": self.file, "sound": self.is_sound}
        if self.wrong is None:
            assert self.policy is not None, "a file without a policy is wrong"
            return {**found, "id": self.policy.id}
        wrong = self.wrong
        return {**found, "line": wrong.line, "key": wrong.key, "reason": wrong.reason}


def check_files(files: Sequence[Path]) -> list[Finding]:
    """A finding for each file; one that would hold together with another is wrong for it."""
    alone = [_alone(file) for file in dict.fromkeys(files)]
    overlaps = _together([one for one in alone if one.policy is not None])
    named = {one.file for one in overlaps}
    return [*(one for one in alone if one.file not in named), *overlaps]


def _alone(file: Path) -> Finding:
    try:
        return Finding(str(file), load(file))
    except PolicyFileWrong as wrong:
        return Finding(str(file), None, wrong)


def _together(sound: Sequence[Finding]) -> list[Finding]:
    return [found for one, other in combinations(sound, 2) if (found := _overlap(one, other))]


def _overlap(one: Finding, other: Finding) -> Finding | None:
    assert one.policy is not None, one.file
    assert other.policy is not None, other.file
    try:
        check_together([one.policy, other.policy])
    except PolicyFileWrong as wrong:
        named = one if wrong.file == f"{one.policy.id}.toml" else other
        line = line_of(Path(named.file), wrong.key)
        placed = PolicyFileWrong(wrong.file, line, wrong.key, wrong.reason)
        return Finding(named.file, named.policy, placed)
    return None
