"""What the story's data file says: registrations, the teacher, and how traffic is drawn."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

from contracts.codes import AreaCode
from simulators.world.population import Institution, Resident, institutions, residents


@dataclass(frozen=True, slots=True)
class PlannedRegistration:
    """A registration to file; days count from the story's day. `reject`: the clerk's reason."""

    person: Resident
    category: str
    place: str
    begins: int
    ends: int | None
    materials: tuple[str, ...]
    expect: str
    reject: str | None

    def body(self, today: date) -> dict[str, object]:
        ends = None if self.ends is None else str(today + timedelta(days=self.ends))
        return {
            "certificate_kind": self.person.certificate_kind,
            "certificate_number": self.person.certificate_number,
            "insured_division": self.person.division,
            "insurance_kind": self.person.insurance_kind.value,
            "category": self.category,
            "place": self.place,
            "begins_on": str(today + timedelta(days=self.begins)),
            "ends_on": ends,
            "materials": [{"kind": kind} for kind in self.materials],
            "channel": "window",
        }

    def covers_today(self) -> bool:
        """Whether care given today falls under it, once it is active."""
        return self.expect == "active" and (self.ends is None or self.ends > 0)


@dataclass(frozen=True, slots=True)
class Plot:
    areas: tuple[AreaCode, ...]
    registrations: tuple[PlannedRegistration, ...]
    teacher: Resident
    teacher_hospital: Institution
    teacher_bill: str
    traffic: dict[str, int]

    def hospitals_in(self, place: str) -> list[Institution]:
        """The institutions of a registered place: a city, or a whole unit."""
        area = AreaCode(f"{place[:2]}0000")
        return [one for one in institutions(area) if place in (area, one.division)]


def load_plot() -> Plot:
    """The story of data/story.toml; KeyError or ValueError when it does not fit the people."""
    text = files("simulators").joinpath("data/story.toml").read_text(encoding="utf-8")
    story = tomllib.loads(text)
    teacher = story["teacher"]
    planned = [_planned(row) for row in story["registrations"]]
    person = residents(AreaCode(teacher["insured"]))[teacher["person"]]
    place = next(one.place for one in planned if one.person == person)
    plot = Plot(
        areas=tuple(AreaCode(code) for code in story["areas"]),
        registrations=tuple(planned),
        teacher=person,
        teacher_hospital=institutions(AreaCode(f"{place[:2]}0000"))[teacher["hospital"]],
        teacher_bill=teacher["bill"],
        traffic=dict(story["traffic"]),
    )
    assert all(plot.hospitals_in(one.place) for one in planned), "a place without a hospital"
    return plot


def _planned(row: dict[str, object]) -> PlannedRegistration:
    person = residents(AreaCode(str(row["insured"])))[int(str(row["person"]))]
    ends, reject = row.get("ends"), row.get("reject")
    materials = row["materials"]
    assert isinstance(materials, list)
    return PlannedRegistration(
        person=person,
        category=str(row["category"]),
        place=str(row["place"]),
        begins=int(str(row["begins"])),
        ends=None if ends is None else int(str(ends)),
        materials=tuple(materials),
        expect=str(row["expect"]),
        reject=None if reject is None else str(reject),
    )
