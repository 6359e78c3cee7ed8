"""Hospitals of levels 1 to 3 and a pharmacy in every city of every area."""

from functools import cache

from contracts.codes import AreaCode, DivisionCode
from participants.treatment.domain import institution as treatment
from participants.treatment.domain.institution import OPENED_BY_KIND, InstitutionKind
from simulators.world.files import table
from simulators.world.places import City, places
from simulators.world.population import Institution

LEVELS = (3, 2, 1)
PHARMACY_LV = "11"


@cache
def hospitals(place: DivisionCode, level: int) -> tuple[Institution, ...]:
    """Those of a registered place, which is a city or a whole unit."""
    return tuple(one for one in _of(place) if one.code[0] == "H" and one.level == level)


@cache
def pharmacies(place: DivisionCode) -> tuple[Institution, ...]:
    return tuple(one for one in _of(place) if one.code[0] == "P")


@cache
def of_area(area: AreaCode) -> tuple[Institution, ...]:
    """Every institution of an area, city by city."""
    return tuple(one for city in places()[area].cities for one in _in_city(area, city))


def as_listed(one: Institution) -> treatment.Institution:
    """As the treatment area's own list has it."""
    kind = InstitutionKind.PHARMACY if one.code[0] == "P" else InstitutionKind.HOSPITAL
    hosp_lv = PHARMACY_LV if one.code[0] == "P" else table("names")["hosp_lv"][str(one.level)]
    return treatment.Institution(
        code=one.code,
        name=one.name,
        division=DivisionCode(one.division),
        level=one.level,
        hosp_lv=hosp_lv,
        kind=kind,
        opened=OPENED_BY_KIND[kind],
    )


def _of(place: DivisionCode) -> tuple[Institution, ...]:
    area = AreaCode(f"{place[:2]}0000")
    return tuple(one for one in of_area(area) if place in (area, one.division))


def _in_city(area: AreaCode, city: City) -> list[Institution]:
    names = table("names")
    found = [
        Institution(
            area, f"H{city.code}{n:05d}", city.name + names["hospitals"][str(level)],
            city.code, level,
        )
        for n, level in enumerate(LEVELS, 1)
    ]  # fmt: skip
    return [
        *found,
        Institution(area, f"P{city.code}00001", city.name + names["pharmacy"], city.code, 1),
    ]
