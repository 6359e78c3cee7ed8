"""The 32 areas as places: people, product, where they lie, and some of their cities."""

from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt

from contracts.codes import AreaCode, DivisionCode, areas
from simulators.world.files import table

EARTH_KM = 6_371.0
CORPS, AROUND_IT = AreaCode("660000"), AreaCode("650000")
"""新疆兵团: its people are among those of 新疆 too, in the census."""


@dataclass(frozen=True, slots=True)
class City:
    """A city or pooling area; the first of its area is the capital."""

    code: DivisionCode
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """`population` as the census counted it, `gdp_yi` in 亿元; where the seat lies, in degrees."""

    area: AreaCode
    population: int
    gdp_yi: float
    latitude: float
    longitude: float
    cities: tuple[City, ...]

    @property
    def insured(self) -> int:
        """People who are insured here and nowhere else."""
        return self.population - (places()[CORPS].population if self.area == AROUND_IT else 0)

    @property
    def gdp_per_head(self) -> float:
        return self.gdp_yi / self.population

    @property
    def registered_as(self) -> tuple[DivisionCode, ...]:
        """What a registration for care here may name: one of the cities, or the whole unit."""
        if areas()[self.area].whole_unit:
            return (DivisionCode(self.area),)
        return tuple(city.code for city in self.cities)


@cache
def places() -> dict[AreaCode, Place]:
    """All 32, in the order of their codes; AssertionError when the file is not sound."""
    rows = sorted(table("areas")["areas"], key=lambda row: str(row["code"]))
    found = {
        AreaCode(row["code"]): Place(
            area=AreaCode(row["code"]),
            population=row["population"],
            gdp_yi=row["gdp_yi"],
            latitude=row["at"][0],
            longitude=row["at"][1],
            cities=tuple(City(DivisionCode(c["code"]), c["name"]) for c in row["cities"]),
        )
        for row in rows
    }
    assert found.keys() == areas().keys(), "areas.toml names other areas than the contracts"
    assert all(c.code[:2] == p.area[:2] for p in found.values() for c in p.cities), "a city abroad"
    return found


def population_of_provinces() -> int:
    """Of the 31 provinces, as the census adds them up."""
    return sum(place.population for place in places().values() if place.area != CORPS)


def distance_km(one: Place, other: Place) -> float:
    """Along the great circle between the two seats of government."""
    lat_1, lat_2 = radians(one.latitude), radians(other.latitude)
    half_lat = (lat_2 - lat_1) / 2
    half_lon = radians(other.longitude - one.longitude) / 2
    chord = sin(half_lat) ** 2 + cos(lat_1) * cos(lat_2) * sin(half_lon) ** 2
    return 2 * EARTH_KM * asin(sqrt(chord))
