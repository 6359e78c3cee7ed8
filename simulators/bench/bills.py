"""The bills of the benchmark: the same mix, whether they come over HTTP or below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from contracts.codes import DivisionCode, VisitKind
from contracts.ids import PersonId

# Per cent of visits; more stays than the country has, because a stay costs the engine most.
MIX = (
    (VisitKind.INPATIENT, 30, 1_200_000),
    (VisitKind.OUTPATIENT, 40, 40_000),
    (VisitKind.CHRONIC, 20, 120_000),
    (VisitKind.PHARMACY, 10, 20_000),
)


@dataclass(frozen=True, slots=True)
class Patients:
    """Whom the load treats, where they are insured, and who treats them.

    Everybody is recognised for `disease_code`, of which the chronic visits are.
    """

    people: Sequence[PersonId]
    insured_division: DivisionCode
    hospital_code: str
    pharmacy_code: str
    disease_code: str

    def seller(self, kind: VisitKind) -> str:
        return self.pharmacy_code if kind is VisitKind.PHARMACY else self.hospital_code


@dataclass(frozen=True, slots=True)
class Bill:
    """What one visit cost, in fen; `days` is the length of the stay."""

    kind: VisitKind
    total_fen: int
    fully_own_fen: int
    first_self_pay_fen: int
    days: int

    @property
    def in_scope_fen(self) -> int:
        return self.total_fen - self.fully_own_fen - self.first_self_pay_fen


def drawn(random: Random) -> Bill:
    kind, _, mean_fen = random.choices(MIX, [share for _, share, _ in MIX])[0]
    total_fen = random.randint(mean_fen // 2, 2 * mean_fen)
    days = random.randint(3, 12) if kind is VisitKind.INPATIENT else 0
    return Bill(kind, total_fen, total_fen // 20, total_fen // 10, days)
