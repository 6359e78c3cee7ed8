"""The world a policy file speaks of: its people, levels, ages, classes, flags and parameters."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from contracts.codes import PersonType
from participants.policy.benefits import Exclusion, Of
from participants.policy.reading.branches import CLASS_NONE, is_branch_name
from participants.policy.reading.section import NAME, Section

LEVEL_MAX = 4
AGE_MAX = 130
"""No policy's world is older."""


@dataclass(frozen=True, slots=True)
class World:
    """What the values of one policy file may depend on and refer to.

    `classes`: disease code or flag → class. `flags`: all that a case may carry here. `defaults`
    and `parameters` by the name a case brings them under (`average_wage_fen`).
    """

    people: frozenset[PersonType]
    levels: frozenset[int]
    level_used: dict[int, int]
    ages: tuple[int, int]
    classes: dict[str, str]
    class_names: frozenset[str]
    exclusions: tuple[Exclusion, ...]
    flags: frozenset[str]
    fee_classes: frozenset[str]
    first_self_pay: dict[str, int]
    parameters: frozenset[str]
    defaults: dict[str, int]


def world_of(top: Section) -> World:
    """The part of a file that the other parts refer to; PolicyFileWrong."""
    exclusions = _exclusions(top)
    flags = known_flags() | {exclusion.flag for exclusion in exclusions}
    levels = _levels(top)
    classes = _classes(top)
    parameters = _parameters(top)
    first_self_pay = _first_self_pay(top)
    return World(
        people=top.codes("person_types", PersonType),
        levels=levels,
        level_used=_level_used(top, levels),
        ages=_ages(top),
        classes={member: name for name, members in classes.items() for member in members},
        class_names=frozenset(classes),
        exclusions=exclusions,
        flags=flags,
        fee_classes=frozenset(first_self_pay),
        first_self_pay=first_self_pay,
        parameters=parameters,
        defaults=_defaults(top, parameters),
    )


@cache
def known_flags() -> frozenset[str]:
    """What a case may carry as a flag in every policy: the names in flags.toml."""
    text = files("participants.policy").joinpath("flags.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["flags"])


def flags_of(section: Section, name: str, world: World) -> frozenset[str]:
    """The flags under `name`, each of which something defines; none when the key is absent."""
    if not section.has(name):
        return frozenset()
    flags = section.texts(name)
    for flag in flags:
        check_flag(section, name, flag, world)
    return frozenset(flags)


def check_flag(section: Section, name: str, flag: str, world: World) -> None:
    if flag not in world.flags:
        section.wrong(name, f"neither flags.toml nor [exclusions] knows this flag: {flag}")


def _levels(top: Section) -> frozenset[int]:
    levels = top.counts("levels")
    if not levels or len(set(levels)) != len(levels) or max(levels) > LEVEL_MAX:
        top.wrong("levels", "different hospital levels from 0 to 4 are expected, at least one")
    return frozenset(levels)


def _level_used(top: Section, levels: frozenset[int]) -> dict[int, int]:
    """Levels for which the text has no row, and the level whose row they use."""
    if not top.has("level_used"):
        return {}
    table = top.section("level_used")
    found: dict[int, int] = {}
    for name in table.names():
        if name not in {str(level) for level in range(LEVEL_MAX + 1)}:
            table.wrong(name, "a hospital level from 0 to 4 is expected")
        if int(name) in levels:
            table.wrong(name, "this level has rows of its own")
        found[int(name)] = table.count(name)
        if found[int(name)] not in levels:
            table.wrong(name, f"not one of the policy's levels: {found[int(name)]}")
    return found


def _ages(top: Section) -> tuple[int, int]:
    if not top.has("ages"):
        return 0, AGE_MAX
    ages = top.counts("ages")
    if len(ages) != 2 or not ages[0] <= ages[1] <= AGE_MAX:
        top.wrong("ages", f"the first and the last age are expected, at most {AGE_MAX}")
    return ages[0], ages[1]


def _exclusions(top: Section) -> tuple[Exclusion, ...]:
    if not top.has("exclusions"):
        return ()
    table = top.section("exclusions")
    for flag in table.names():
        _check_name(table, flag)
    return tuple(Exclusion(flag, table.text(flag)) for flag in table.names())


def _classes(top: Section) -> dict[str, tuple[str, ...]]:
    """Each class of diseases and its members; nothing belongs to two."""
    if not top.has("classes"):
        return {}
    table = top.section("classes")
    found: dict[str, tuple[str, ...]] = {}
    for name in table.names():
        _check_name(table, name)
        if is_branch_name(name) or name == CLASS_NONE:
            table.wrong(name, "this name already means something in a tree of values")
        members = table.texts(name)
        twice = [one for one in members if any(one in others for others in found.values())]
        if twice:
            table.wrong(name, f"belongs to another class too: {twice[0]}")
        found[name] = members
    return found


def _first_self_pay(top: Section) -> dict[str, int]:
    if not top.has("fee_classes"):
        return {}
    table = top.section("fee_classes")
    for name in table.names():
        _check_name(table, name)
    return {name: table.percent_bp(name) for name in table.names()}


def _parameters(top: Section) -> frozenset[str]:
    if not top.has("parameters"):
        return frozenset()
    for name in (names := top.texts("parameters")):
        if name != Of.AVERAGE_WAGE:
            top.wrong("parameters", f"average_wage is the only parameter there is, not {name}")
    return frozenset(f"{name}_fen" for name in names)


def _defaults(top: Section, parameters: frozenset[str]) -> dict[str, int]:
    if not top.has("parameter_defaults"):
        return {}
    table = top.section("parameter_defaults")
    for name in table.names():
        if f"{name}_fen" not in parameters:
            table.wrong(name, "not one of the policy's parameters")
    return {f"{name}_fen": table.fen(name) for name in table.names()}


def _check_name(table: Section, name: str) -> None:
    if not NAME.fullmatch(name):
        table.wrong(name, "a name of a-z, 0-9 and _ is expected")
