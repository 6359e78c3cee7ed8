"""What data/months.toml says: areas, who lives where, traffic, and amounts of the chapters."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from contracts.codes import AreaCode, InsuranceKind
from simulators.demo.plot import PlannedRegistration
from simulators.world.population import residents

TERMS_FILE = Path(str(files("simulators").joinpath("data/months_terms.toml")))
CYCLE_DAYS = 10


@dataclass(frozen=True, slots=True)
class Cast:
    """Amounts in fen, shares in basis points. Every ordered pair of areas has a registration."""

    areas: tuple[AreaCode, ...]
    registrations: tuple[PlannedRegistration, ...]
    visits_a_day: int
    cancelled_bp: int
    netting: tuple[str, ...]
    traffic: Mapping[str, int]
    advance: Mapping[str, Any]
    assistance: Mapping[str, Any]


def load_cast() -> Cast:
    """KeyError when the file does not fit."""
    text = files("simulators").joinpath("data/months.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    areas = tuple(AreaCode(code) for code in data["areas"])
    return Cast(
        areas=areas,
        registrations=tuple(
            _living_in(home, place, number, data["registered_days_before"])
            for home in areas
            for number, place in enumerate(_others(areas, home)[: data["people_abroad"]])
        ),
        visits_a_day=data["visits_a_day"],
        cancelled_bp=data["cancelled_bp"],
        netting=tuple(data["netting"]),
        traffic=data["traffic"],
        advance=data["advance"],
        assistance=data["assistance"],
    )


def _others(areas: tuple[AreaCode, ...], home: AreaCode) -> list[AreaCode]:
    return [area for area in areas if area != home]


def _living_in(home: AreaCode, place: AreaCode, number: int, days: int) -> PlannedRegistration:
    # Whoever has a policy for every kind of care.
    covered = [
        one
        for one in residents(home)
        if one.in_force and one.insurance_kind is InsuranceKind.EMPLOYEE
    ]
    return PlannedRegistration(
        person=covered[number],
        category="long_term_resident",
        place=place,
        begins=-days,
        ends=None,
        materials=("credential", "residence_proof"),
        expect="active",
        reject=None,
    )
