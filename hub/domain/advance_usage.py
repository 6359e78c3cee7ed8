"""How much of an advance the clearing cycle has used, and when that is yellow or red. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from contracts.messages.advance import Level
from contracts.money import BASIS_POINTS
from hub.domain.advance_parameters import Thresholds

WARNED = (Level.YELLOW, Level.RED)
LEVELS_ZH: dict[Level, str] = {
    Level.NONE: "未持有预付金",
    Level.GREEN: "正常",
    Level.YELLOW: "黄色预警",
    Level.RED: "红色预警",
}


@dataclass(frozen=True, slots=True)
class Spending:
    """Money of a cycle, signed fen: by closed days, and on the open day so far."""

    closed_fen: int = 0
    open_fen: int = 0

    @property
    def fen(self) -> int:
        return self.closed_fen + self.open_fen

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(self.closed_fen + other.closed_fen, self.open_fen + other.open_fen)


def days_from(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included; none when it lies after it."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def level_of(spent_fen: int, held_fen: int, thresholds: Thresholds) -> Level:
    """A mark counts from the fen on at which it is reached."""
    if held_fen <= 0:
        return Level.NONE
    used = spent_fen * BASIS_POINTS
    if used >= held_fen * thresholds.red_bp:
        return Level.RED
    return Level.YELLOW if used >= held_fen * thresholds.yellow_bp else Level.GREEN


def usage_bp(spent_fen: int, held_fen: int) -> int | None:
    """使用率 in basis points, rounded down so that no mark seems reached before it is."""
    return spent_fen * BASIS_POINTS // held_fen if held_fen > 0 else None


def mark_fen(held_fen: int, mark_bp: int) -> int:
    """The least spending that reaches a mark of an advance."""
    return -(-held_fen * mark_bp // BASIS_POINTS)
