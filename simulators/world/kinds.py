"""The kinds of visits: how often, and the bills that a seed draws for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log
from random import Random
from typing import Any

from contracts.codes import VisitKind
from contracts.money import fen_from_yuan
from simulators.world.files import table
from simulators.world.population import ChargedLine, DrawnBill


@dataclass(frozen=True, slots=True)
class Template:
    """What is wrong with the patient, and what of a bill each line makes; the last has the rest."""

    weight: int
    diagnosis: tuple[str, str]
    lines: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """Published: `visits` of `days()` days and the mean `fund_fen`; ours: how bills are drawn."""

    kind: VisitKind
    visits: int
    fund_fen: int
    total_fen: int
    sigma: float
    between_fen: tuple[int, int]
    stay_days: tuple[int, int]
    employees_bp: int
    levels_bp: Mapping[int, int]
    templates: tuple[Template, ...]

    def draw(self, random: Random) -> DrawnBill:
        """One bill; the same `random` draws the same bill."""
        template = random.choices(self.templates, [one.weight for one in self.templates])[0]
        lines = _lines(template, self._total(random))
        return DrawnBill(
            template=self.kind.value,
            visit_kind=self.kind,
            diagnosis_code=template.diagnosis[0],
            diagnosis_name=template.diagnosis[1],
            days=random.randint(*self.stay_days),
            lines=lines,
        )

    def draw_level(self, random: Random) -> int:
        return random.choices(list(self.levels_bp), list(self.levels_bp.values()))[0]

    def _total(self, random: Random) -> int:
        """Lognormal with the mean `total_fen`, within its bounds."""
        middle = log(self.total_fen) - self.sigma**2 / 2
        least, most = self.between_fen
        return min(max(int(exp(random.gauss(middle, self.sigma))), least), most)


@cache
def kinds() -> dict[VisitKind, Kind]:
    """The four kinds of data/world/kinds.toml, in its order."""
    found = [_kind(row) for row in table("kinds")["kinds"]]
    assert {one.kind for one in found} == set(VisitKind), "kinds.toml has other kinds"
    return {one.kind: one for one in found}


def visits_a_day() -> float:
    """Of the whole country on a mean day."""
    return sum(one.visits for one in kinds().values()) / float(table("kinds")["days"])


def shares() -> dict[VisitKind, float]:
    """Of all visits."""
    total = sum(one.visits for one in kinds().values())
    return {kind: one.visits / total for kind, one in kinds().items()}


def _kind(row: Mapping[str, Any]) -> Kind:
    return Kind(
        kind=VisitKind(row["kind"]),
        visits=row["visits"],
        fund_fen=row["fund_yuan"] * 100,
        total_fen=row["total_yuan"] * 100,
        sigma=row["sigma"],
        between_fen=(row["between_yuan"][0] * 100, row["between_yuan"][1] * 100),
        stay_days=(row["stay_days"][0], row["stay_days"][1]),
        employees_bp=row["employees_bp"],
        levels_bp={int(level): bp for level, bp in row["levels_bp"].items()},
        templates=tuple(
            Template(one["weight"], tuple(one["diagnosis"]), tuple(one["lines"]))
            for one in row["bills"]
        ),
    )


def _lines(template: Template, total_fen: int) -> tuple[ChargedLine, ...]:
    """Whole pieces of every item; what they leave of the total, the last and cheapest takes."""
    found, left_fen = [], total_fen
    for row in template.lines:
        price_fen = fen_from_yuan(row["price"])
        is_last = row is template.lines[-1]
        share_fen = left_fen if is_last else min(total_fen * row["share_bp"] // 10_000, left_fen)
        # Rounded to whole pieces by halves, so that dear items are not lost on small bills.
        count = (share_fen + price_fen // 2) // price_fen
        count = min(count, left_fen // price_fen)
        if count:
            approved = bool(row.get("approved", False))
            found.append(ChargedLine(row["code"], row["name"], count, row["price"], approved))
            left_fen -= count * price_fen
    return tuple(found)
