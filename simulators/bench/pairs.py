"""Who is insured where and treated where in a benchmark: one pair of areas, or eight."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.codes import AreaCode, DivisionCode

PEOPLE = 10_000
PEOPLE_OF_A_HOT_PAIR = 8_000
PEOPLE_OF_A_FURTHER_PAIR = 1_500


@dataclass(frozen=True, slots=True)
class Pair:
    """`people` of one area, registered for treatment in the other."""

    insured: AreaCode
    treatment: AreaCode
    people: int = PEOPLE

    @property
    def home(self) -> DivisionCode:
        """The capital of the insured area."""
        return DivisionCode(f"{self.insured[:2]}0100")

    @property
    def place(self) -> DivisionCode:
        """The whole treatment area."""
        return DivisionCode(self.treatment)


FIRST = Pair(AreaCode("340000"), AreaCode("310000"))
ONE_PAIR = (FIRST,)


def eight_pairs(
    people: int = PEOPLE_OF_A_HOT_PAIR, of_a_further_pair: int = PEOPLE_OF_A_FURTHER_PAIR
) -> tuple[Pair, ...]:
    """Four insured areas by two treatment areas; the first pair is the one that may get hot."""
    insured = [AreaCode(code) for code in ("340000", "320000", "330000", "410000")]
    treatment = [AreaCode(code) for code in ("310000", "440000")]
    every = [Pair(i, t, of_a_further_pair) for i in insured for t in treatment]
    return (Pair(FIRST.insured, FIRST.treatment, people), *every[1:])


def insured_areas(pairs: Sequence[Pair]) -> tuple[AreaCode, ...]:
    return tuple(dict.fromkeys(pair.insured for pair in pairs))


def treatment_areas(pairs: Sequence[Pair]) -> tuple[AreaCode, ...]:
    return tuple(dict.fromkeys(pair.treatment for pair in pairs))


def absent(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Each area plays one role here; the other of its two is spoken to all the same."""
    return (
        *(f"insured.{area}" for area in treatment_areas(pairs)),
        *(f"treatment.{area}" for area in insured_areas(pairs)),
    )
