"""A value of a policy that depends on the case: a tree that is walked down to one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class By(StrEnum):
    """What a value may depend on. The first three are looked up, the others are steps."""

    PERSON = "person"  # 人员类别: active, retired, resident_adult, resident_minor
    LEVEL = "level"  # 医院等级: level_0 (community) to level_4 (tertiary of the province)
    CLASS = "class"  # 病种分类 of this policy, by disease code or flag; `class_none` for the others
    AGE = "age"  # 年龄: age_50 holds from 50 years on
    INSURED = "insured"  # 连续参保: insured_3 holds from the third year on
    STAY = "stay"  # 年度内住院次数: stay_2 holds from the second stay on


STEPPED = frozenset({By.AGE, By.INSURED, By.STAY})


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """The value, and the key in the policy file that it was read from."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class Split(Generic[T]):
    """The branches of one dimension: `exact` by code, or `steps` by rising threshold."""

    by: By
    source: str
    exact: Mapping[str, "Choice[T]"]
    steps: tuple[tuple[int, "Choice[T]"], ...] = ()


Choice = Leaf[T] | Split[T]


class NoBranch(Exception):
    """The case has a value that the policy has no branch for."""

    def __init__(self, by: By, value: str | int) -> None:
        super().__init__(f"{by}: {value}")
        self.by, self.value = by, value


def chosen(choice: Choice[T], where: Mapping[By, str | int]) -> Leaf[T]:
    """The leaf of a case whose place in each dimension is `where`; NoBranch when it has none."""
    while isinstance(choice, Split):
        choice = _branch(choice, where[choice.by])
    return choice


def _branch(split: Split[T], value: str | int) -> Choice[T]:
    if isinstance(value, str):
        if value not in split.exact:
            raise NoBranch(split.by, value)
        return split.exact[value]
    found: Choice[T] | None = None
    for threshold, branch in split.steps:
        if threshold > value:
            break
        found = branch
    if found is None:
        raise NoBranch(split.by, value)
    return found
