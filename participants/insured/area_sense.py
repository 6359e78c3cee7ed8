"""Whether an area's rules make sense together: what no single key can say."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date
from typing import TypeVar

from contracts.codes import AreaCode, Channel, RegistrationCategory, area_of
from contracts.money import fen_from_yuan
from participants.insured.area_rows import AreaFile
from participants.policy.loader import library

T = TypeVar("T", bound=Hashable)
Fault = tuple[str, str]
"""(key, reason)."""


def faults_of(code: AreaCode, found: AreaFile) -> list[Fault]:
    """Everything that is wrong, in the order of CHECKS; none when the rules make sense."""
    return [fault for check in CHECKS for fault in check(code, found)]


def _policies(_code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    known = library()
    for number, row in enumerate(found.policies):
        key = f"policies.{number}"
        if row.policy not in known:
            yield f"{key}.policy", f"{row.policy} is not in the library"
        elif known[row.policy].insurance != row.insurance:
            yield f"{key}.insurance", f"{row.policy} is for another insurance"
        if row.valid_to is not None and row.valid_to < row.valid_from:
            yield f"{key}.valid_to", "before valid_from"


def _registrations(_code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    for category in RegistrationCategory:
        if category not in found.registrations:
            yield f"registrations.{category}", "no word on who decides it: auto or desk"


def _terms(_code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    for day in _twice(row.holds_from for row in found.terms):
        yield "terms", f"two rows hold from {day}"


def _deadlines(_code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    pairs = [(one, row.holds_from) for row in found.desk_deadlines for one in row.channels]
    for channel, day in _twice(pairs):
        yield "desk_deadlines", f"two rows for {channel} hold from {day}"
    for channel in Channel:
        if channel not in {one for one, _ in pairs}:
            yield "desk_deadlines", f"no deadline for {channel}"


def _places(code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    divisions = {
        "agencies": [row.division for row in found.agencies],
        "pooling_areas": [row.division for row in found.pooling_areas],
    }
    for key, listed in divisions.items():
        for number, division in enumerate(listed):
            if area_of(division) != code:
                yield f"{key}.{number}.division", f"{division} does not lie in {code}"
    for division in _twice(row.division for row in found.pooling_areas):
        yield "pooling_areas", f"{division} stands there twice"


def _parameters(_code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    for number, row in enumerate(found.parameters):
        try:
            fen_from_yuan(row.value)
        except ValueError:
            yield f"parameters.{number}.value", f"{row.value} is no amount in yuan"
    for name, day in _twice((row.name, row.valid_from) for row in found.parameters):
        yield "parameters", f"two values of {name} hold from {day}"


def _needed_parameters(_code: AreaCode, found: AreaFile) -> Iterator[Fault]:
    """What a policy assumes where none is given is no ground for a settlement: it must be here."""
    known = library()
    begins: dict[str, date] = {}
    for one in found.parameters:
        begins[one.name] = min(one.valid_from, begins.get(one.name, date.max))
    for number, row in enumerate(found.policies):
        if row.policy not in known:
            continue
        needed_from = max(row.valid_from, known[row.policy].valid_from)
        for name in sorted(one.removesuffix("_fen") for one in known[row.policy].parameters):
            if begins.get(name, date.max) > needed_from:
                key = f"policies.{number}.policy"
                yield key, f"{row.policy} needs the parameter {name} from {needed_from} on"


CHECKS: tuple[Callable[[AreaCode, AreaFile], Iterable[Fault]], ...] = (
    _policies,
    _registrations,
    _terms,
    _deadlines,
    _places,
    _parameters,
    _needed_parameters,
)


def _twice(found: Iterable[T]) -> list[T]:
    return [one for one, times in Counter(found).items() if times > 1]
