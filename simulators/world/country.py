"""The country as a seed draws it: its people, and the visits of each day at a scale."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from contracts.codes import VisitKind
from contracts.money import BASIS_POINTS
from simulators.world import rhythm
from simulators.world.habits import Habit, draw_habit, is_at_midnight, uploads_lines
from simulators.world.institutions import hospitals, pharmacies
from simulators.world.kinds import kinds, shares, visits_a_day
from simulators.world.people import Traveller, travellers
from simulators.world.population import DrawnBill, Institution

LAST_SLOT = rhythm.SLOTS - 1


@dataclass(frozen=True, slots=True)
class DrawnVisit:
    """Who goes where with what bill, in which half hour, and what the hospital does with it."""

    traveller: Traveller
    institution: Institution
    bill: DrawnBill
    slot: int
    habit: Habit | None
    uploads_lines: bool
    at_midnight: bool

    @property
    def kind(self) -> VisitKind:
        return self.bill.visit_kind


@dataclass(frozen=True, slots=True)
class Country:
    """One drawn country. `scale`: each visit stands for so many of the real country."""

    seed: int
    scale: float
    people: tuple[Traveller, ...]
    _by_kind: Mapping[VisitKind, tuple[Sequence[Traveller], Sequence[Traveller]]] = field(
        repr=False
    )

    def visits_of(self, day: date) -> list[DrawnVisit]:
        """The visits of a day in their order; the same day of the same country is the same."""
        random = Random(f"{self.seed} {day}")
        count = round(visits_a_day() * rhythm.weekday_factor(day) / self.scale)
        slots = sorted(random.choices(range(rhythm.SLOTS), rhythm.slot_shares(), k=count))
        drawn = [self.draw(random, slot) for slot in slots]
        return sorted(drawn, key=lambda one: one.slot)

    def draw(self, random: Random, slot: int = 0, kind: VisitKind | None = None) -> DrawnVisit:
        """One visit, of a kind as often as it is, unless that is given."""
        among = shares()
        kind = kind or random.choices(list(among), list(among.values()))[0]
        traveller = self._patient(kind, random)
        inpatient = kind is VisitKind.INPATIENT
        at_midnight = inpatient and is_at_midnight(random)
        return DrawnVisit(
            traveller=traveller,
            institution=_institution(traveller, kind, random),
            bill=kinds()[kind].draw(random),
            slot=LAST_SLOT if at_midnight else slot,
            habit=draw_habit(kind, random),
            uploads_lines=uploads_lines(kind, random),
            at_midnight=at_midnight,
        )

    def _patient(self, kind: VisitKind, random: Random) -> Traveller:
        employees, residents = self._by_kind[kind]
        is_employee = random.randrange(BASIS_POINTS) < kinds()[kind].employees_bp
        return random.choice(employees if is_employee else residents)


def draw_country(seed: int, scale: float, people: int, today: date) -> Country:
    """The same seed, numbers and day draw the same country."""
    return inhabited(seed, scale, travellers(people, Random(seed), today))


def inhabited(seed: int, scale: float, people: Sequence[Traveller]) -> Country:
    """The country of these people; AssertionError when a kind of care has nobody to go there."""
    groups: dict[str, list[Traveller]] = defaultdict(list)
    for one in people:
        groups["employees" if one.is_employee else "residents"].append(one)
        if one.diseases:
            groups["chronic"].append(one)
    assert min(map(len, (groups["employees"], groups["residents"], groups["chronic"]))), "too few"
    by_kind: dict[VisitKind, tuple[Sequence[Traveller], Sequence[Traveller]]] = dict.fromkeys(
        VisitKind, (groups["employees"], groups["residents"])
    )
    by_kind[VisitKind.CHRONIC] = (groups["chronic"], groups["chronic"])
    return Country(seed, scale, tuple(people), by_kind)


def _institution(one: Traveller, kind: VisitKind, random: Random) -> Institution:
    if kind is VisitKind.PHARMACY:
        return random.choice(pharmacies(one.place))
    return random.choice(hospitals(one.place, kinds()[kind].draw_level(random)))
