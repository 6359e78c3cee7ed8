"""Reads a value that may be a tree: branches by person, level, class, age, insurance or stay."""

from collections.abc import Callable
from typing import TypeVar

from participants.policy.benefits import Amount, Of, Rate
from participants.policy.choice import STEPPED, By, Choice, Leaf, Split
from participants.policy.reading.branches import CLASS_NONE, FIRST_STEP, dimension_of, threshold_of
from participants.policy.reading.expressions import amount_of, rate_of
from participants.policy.reading.section import Section
from participants.policy.reading.world import World

T = TypeVar("T")
Read = Callable[[Section, str, World], T]


def rate_tree(section: Section, name: str, world: World) -> Choice[Rate]:
    """A rate under `name`, or a tree of rates; PolicyFileWrong."""
    return _tree(section, name, world, _rate, frozenset())


def rate_tree_if_any(section: Section, name: str, world: World) -> Choice[Rate] | None:
    return rate_tree(section, name, world) if section.has(name) else None


def amount_tree(
    section: Section, name: str, world: World, *, of_one_bill: bool = False
) -> Choice[Amount]:
    """An amount under `name`, or a tree of amounts; `of_one_bill`: it may be a share of a bill."""
    read = _amount_of_one_bill if of_one_bill else _amount
    return _tree(section, name, world, read, frozenset())


def amount_tree_if_any(
    section: Section, name: str, world: World, *, of_one_bill: bool = False
) -> Choice[Amount] | None:
    if not section.has(name):
        return None
    return amount_tree(section, name, world, of_one_bill=of_one_bill)


def dimensions(choice: Choice[T]) -> frozenset[By]:
    """All that a tree branches by."""
    if isinstance(choice, Leaf):
        return frozenset()
    branches = (*choice.exact.values(), *(branch for _, branch in choice.steps))
    return frozenset({choice.by}).union(*map(dimensions, branches))


def _tree(
    section: Section, name: str, world: World, read: Read[T], above: frozenset[By]
) -> Choice[T]:
    if not section.is_table(name):
        source = section.key(name)
        return Leaf(read(section, name, world), source)
    table = section.section(name)
    by, names = _dimension(table, world), table.names()
    if by in above:
        table.wrong_table(f"branches by {by} stand inside branches by {by}")
    found = {one: _tree(table, one, world, read, above | {by}) for one in names}
    if by in STEPPED:
        steps = sorted((threshold_of(one), branch) for one, branch in found.items())
        return Split(by, table.here, {}, tuple(steps))
    return Split(by, table.here, found)


def _dimension(table: Section, world: World) -> By:
    """What the branches of `table` are by; refused unless they are all there and fit."""
    names = table.names()
    found = [dimension_of(name, world.class_names) for name in names]
    for name, by in zip(names, found, strict=True):
        if by is None:
            table.wrong(name, "neither a value nor a branch that this policy knows")
        if by is not found[0]:
            table.wrong(name, f"a branch by {by} beside branches by {found[0]}")
    assert found[0] is not None, "a table is never empty"
    _check_branches(table, found[0], world)
    return found[0]


def _check_branches(table: Section, by: By, world: World) -> None:
    names = frozenset(table.names())
    for name in sorted(_expected(by, world) - names):
        table.wrong(name, f"is missing: a branch by {by} is expected for it")
    if by not in STEPPED:
        for name in sorted(names - _expected(by, world)):
            table.wrong(name, f"not in this policy's world of {by}")
    for name in sorted(names):
        if by is By.AGE and threshold_of(name) > world.ages[1]:
            table.wrong(name, f"nobody in this policy is older than {world.ages[1]}")
        if by in FIRST_STEP and threshold_of(name) < FIRST_STEP[by]:
            table.wrong(name, f"begins at {by}_{FIRST_STEP[by]}")


def _expected(by: By, world: World) -> frozenset[str]:
    if by is By.PERSON:
        return frozenset(str(person) for person in world.people)
    if by is By.LEVEL:
        return frozenset(f"level_{level}" for level in world.levels)
    if by is By.CLASS:
        return world.class_names | {CLASS_NONE}
    return frozenset({f"{by}_{FIRST_STEP[by]}"})


def _rate(section: Section, name: str, _world: World) -> Rate:
    return section.read(name, rate_of)


def _amount(section: Section, name: str, world: World) -> Amount:
    amount = _amount_of_one_bill(section, name, world)
    if amount.of in {Of.BILL, Of.IN_SCOPE}:
        section.wrong(name, f"only what one bill is asked for may be a share of {amount.of}")
    return amount


def _amount_of_one_bill(section: Section, name: str, world: World) -> Amount:
    amount = section.read(name, amount_of)
    check_parameter(section, name, amount, world)
    return amount


def check_parameter(section: Section, name: str, amount: Amount, world: World) -> None:
    """A share of something that a case must bring: the file has to say that it must."""
    if amount.of is Of.AVERAGE_WAGE and f"{amount.of}_fen" not in world.parameters:
        section.wrong(name, 'needs parameters = ["average_wage"] at the top of the file')
