"""The papers that support a registration 备案材料: what suffices, and what was merely promised."""

from collections.abc import Sequence
from datetime import date

from contracts.codes import MaterialKind, RegistrationCategory
from contracts.messages.registration import Material
from hub.domain.registration import Registration
from hub.domain.rules import sets_wanted


def suffice(category: RegistrationCategory, begins_on: date, given: Sequence[Material]) -> bool:
    """Whether everything of one of the category's sets was handed in (hub/data/rules.toml)."""
    kinds = {material.kind for material in given}
    wanted = tuple(sets_wanted(category, begins_on))
    return not wanted or any(one <= kinds for one in wanted)


def is_by_commitment(registration: Registration) -> bool:
    """Whether it rests on a signed 承诺书 alone: without it, the papers would not suffice."""
    r = registration
    rest = [paper for paper in r.materials if paper.kind is not MaterialKind.COMMITMENT]
    return len(rest) < len(r.materials) and not suffice(r.category, r.begins_on, rest)


def joined(known: Sequence[Material], added: Sequence[Material]) -> tuple[Material, ...]:
    """Both, each paper once, the older first."""
    return tuple(dict.fromkeys((*known, *added)))
