"""Whom an area under test must know before it starts: people of an insured, one hospital of a
treatment area; from the data files, for the area's own code.
"""

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.codes import AreaCode
from contracts.ids import PersonId
from contracts.person import person_id_of

ID_CARD = "01"
EMPLOYEE = "310"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECKS = "10X98765432"
_FOLDER = files("simulators").joinpath("data", "certify")


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One person of the data file, for one area. `repr` shows nothing.

    `chronic`: the codes of the diseases 门诊慢特病 that the person is recognised for.
    """

    who: str
    zh: str
    certificate_number: str
    name: str
    division: str
    born_on: date
    row: Mapping[str, str]
    chronic: Sequence[str] = ()

    def token(self, key: bytes) -> PersonId:
        return person_id_of(ID_CARD, self.certificate_number, key)


def people(area: AreaCode) -> dict[str, Person]:
    """Everybody of the data file, by `who`."""
    return {row["who"]: _person(row, area[:2]) for row in _rows()}


def names() -> list[str]:
    """What everybody of the data file is called, in every area."""
    return [row["name"] for row in _rows()]


def people_csv(area: AreaCode) -> str:
    """The file that `yidi insured load-people` takes."""
    return _csv([person.row for person in people(area).values()])


def eligibilities_csv(area: AreaCode) -> str:
    """The file that `yidi insured load-eligibilities` takes: who is recognised for what."""
    rows = [
        _recognised(person, code) for person in people(area).values() for code in person.chronic
    ]
    return _csv(rows)


def institutions_csv(area: AreaCode) -> str:
    """The file that `yidi treatment load-institutions` takes."""
    text = _FOLDER.joinpath("institutions.csv").read_text(encoding="utf-8")
    return text.replace("{pp}", area[:2])


def hospital_code(area: AreaCode) -> str:
    """Of the one hospital for which a treatment area under test is asked."""
    return next(csv.DictReader(io.StringIO(institutions_csv(area))))["code"]


def division_of(area: AreaCode) -> str:
    """省本级: where the test people are insured, in the codes of medical insurance."""
    return f"{area[:2]}9900"


@cache
def _rows() -> list[dict[str, Any]]:
    text = _FOLDER.joinpath("people.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["people"]
    return found


def _person(row: Mapping[str, Any], province: str) -> Person:
    area = AreaCode(f"{province}0000")
    number = _number(f"{province}9999{row['born_on']:%Y%m%d}{row['serial']}")
    told = {
        "certificate_kind": ID_CARD,
        "certificate_number": number,
        "name": row["name"],
        "gender": row["gender"],
        "born_on": row["born_on"].isoformat(),
        "insurance_kind": EMPLOYEE,
        "person_type": row["person_type"],
        "division": division_of(area),
        "in_force_from": row["in_force_from"].isoformat(),
        "in_force_until": str(row.get("in_force_until", "")),
        "civil_servant": "0",
        "account_balance_yuan": row["account_balance_yuan"],
    }
    return Person(
        row["who"],
        row["zh"],
        number,
        row["name"],
        division_of(area),
        row["born_on"],
        told,
        tuple(row.get("chronic", ())),
    )


def _recognised(person: Person, code: str) -> dict[str, str]:
    return {
        "certificate_kind": ID_CARD,
        "certificate_number": person.certificate_number,
        "insurance_kind": EMPLOYEE,
        "disease_code": code,
        "valid_from": person.row["in_force_from"],
        "valid_to": "",
    }


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _number(first: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True))
    return first + _CHECKS[total % 11]
