"""People, institutions and bill templates of the demonstration, from the data files."""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from random import Random
from typing import Any

from contracts.codes import AreaCode, InsuranceKind, PersonType, VisitKind
from contracts.money import fen_from_yuan


@dataclass(frozen=True, slots=True)
class Resident:
    """A synthetic person as the insured area's file has them. No such identity number exists."""

    area: AreaCode
    certificate_kind: str
    certificate_number: str
    name: str
    insurance_kind: InsuranceKind
    person_type: PersonType
    division: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class Institution:
    """A hospital as the treatment area's file has it; `level` 1 to 3."""

    area: AreaCode
    code: str
    name: str
    division: str
    level: int


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """One line of a bill as a hospital sends it."""

    code: str
    name: str
    count: int
    price_yuan: str
    approved: bool

    def total_fen(self) -> int:
        return self.count * fen_from_yuan(self.price_yuan)

    def total_yuan(self) -> str:
        return str(Decimal(self.price_yuan) * self.count)


@dataclass(frozen=True, slots=True)
class DrawnBill:
    """A bill that a seed drew from a template; `days` is the length of the stay."""

    template: str
    visit_kind: VisitKind
    diagnosis_code: str
    diagnosis_name: str
    days: int
    lines: tuple[ChargedLine, ...]

    def total_fen(self) -> int:
        return sum(line.total_fen() for line in self.lines)


def people_file(area: AreaCode) -> Path:
    return _data(f"people/{area}.csv")


def eligibilities_file(area: AreaCode) -> Path:
    """Who is entitled for which chronic disease: everybody, for the story draws its patients."""
    return _data(f"eligibilities/{area}.csv")


def institutions_file(area: AreaCode) -> Path:
    return _data(f"institutions/{area}.csv")


def residents(area: AreaCode) -> list[Resident]:
    return [
        Resident(
            area=area,
            certificate_kind=row["certificate_kind"],
            certificate_number=row["certificate_number"],
            name=row["name"],
            insurance_kind=InsuranceKind(row["insurance_kind"]),
            person_type=PersonType(row["person_type"]),
            division=row["division"],
            in_force=not row["in_force_until"],
        )
        for row in _rows(people_file(area))
    ]


def institutions(area: AreaCode) -> list[Institution]:
    """The hospitals of an area, in the file's order."""
    return _listed(area, "hospital")


def pharmacies(area: AreaCode) -> list[Institution]:
    """The pharmacies of an area, in the file's order; most have none in the file."""
    return _listed(area, "pharmacy")


def _listed(area: AreaCode, kind: str) -> list[Institution]:
    return [
        Institution(area, row["code"], row["name"], row["division"], int(row["level"]))
        for row in _rows(institutions_file(area))
        if row["kind"] == kind
    ]


@cache
def _templates() -> dict[str, dict[str, Any]]:
    text = _data("bills.toml").read_text(encoding="utf-8")
    return {row["id"]: row for row in tomllib.loads(text)["bills"]}


def draw_bill(template_id: str, random: Random) -> DrawnBill:
    """One bill of this template; the same `random` draws the same bill."""
    row = _templates()[template_id]
    lines = []
    for line in row["lines"]:
        count = random.randint(*line["count"])
        if count:
            approved = bool(line.get("approved", False))
            lines.append(ChargedLine(line["code"], line["name"], count, line["price"], approved))
    return DrawnBill(
        template=template_id,
        visit_kind=VisitKind(row["visit_kind"]),
        diagnosis_code=row["diagnosis"][0],
        diagnosis_name=row["diagnosis"][1],
        days=random.randint(*row["days"]),
        lines=tuple(lines),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _data(name: str) -> Path:
    with as_file(files("simulators").joinpath("data", name)) as path:
        return path
