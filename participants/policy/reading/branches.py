"""The names that branches of a tree of values have in a policy file, and what each means."""

import re

from contracts.codes import PersonType
from participants.policy.choice import STEPPED, By

CLASS_NONE = "class_none"
"""The branch of a case whose disease belongs to no class of the policy."""

_STEP = re.compile(r"(age|insured|stay)_(0|[1-9]\d{0,2})", re.ASCII)
_LEVEL = re.compile(r"level_[0-4]", re.ASCII)
# Where the steps of a dimension begin: its first branch must be there.
FIRST_STEP = {By.AGE: 0, By.INSURED: 1, By.STAY: 1}
assert frozenset(FIRST_STEP) == STEPPED


def dimension_of(name: str, class_names: frozenset[str]) -> By | None:
    """What a case is asked for at a branch called `name`; None when nothing is called so."""
    if name in list(PersonType):
        return By.PERSON
    if _LEVEL.fullmatch(name):
        return By.LEVEL
    if name == CLASS_NONE or name in class_names:
        return By.CLASS
    step = _STEP.fullmatch(name)
    return By(step[1]) if step else None


def threshold_of(name: str) -> int:
    """The number in a stepped branch's name: 50 of age_50."""
    return int(name.rsplit("_", 1)[1])


def is_branch_name(name: str) -> bool:
    """Whether `name` already means a branch without any class of a policy."""
    return dimension_of(name, frozenset()) is not None
