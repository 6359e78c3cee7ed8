"""What hospitals do besides asking once and hearing the answer, drawn by how often they do it."""

from enum import StrEnum
from functools import cache
from random import Random

from contracts.codes import VisitKind
from contracts.money import BASIS_POINTS
from simulators.world.files import table


class Habit(StrEnum):
    """One thing that a hospital does with a visit; most have none."""

    SEND_TWICE = "send_twice"
    RETRY = "retry"
    ASK_AGAIN = "ask_again"
    CANCEL = "cancel"
    CANCEL_AND_SETTLE = "cancel_and_settle"
    WITHDRAW = "withdraw"
    OTHER_CONTENT = "other_content"
    FORGET = "forget"
    LATE_LINES = "late_lines"
    TRIAL = "trial"


NEED_A_VISIT = frozenset({Habit.FORGET, Habit.LATE_LINES, Habit.TRIAL})
"""A visit is registered first and its lines uploaded; pharmacies sell, and do not."""


@cache
def habits() -> dict[Habit, int]:
    """Of 10,000 visits, in the file's order; together they are fewer."""
    found = {Habit(row["habit"]): int(row["bp"]) for row in table("habits")["habits"]}
    assert found.keys() == set(Habit), "habits.toml has other habits"
    assert sum(found.values()) < BASIS_POINTS, "most visits are plain"
    return found


def in_chinese() -> dict[Habit, str]:
    return {Habit(row["habit"]): row["zh"] for row in table("habits")["habits"]}


def draw_habit(kind: VisitKind, random: Random) -> Habit | None:
    """What the seller will do with one visit beside the ordinary; mostly nothing."""
    left = random.randrange(BASIS_POINTS)
    for habit, bp in habits().items():
        if left < bp:
            return None if kind is VisitKind.PHARMACY and habit in NEED_A_VISIT else habit
        left -= bp
    return None


def uploads_lines(kind: VisitKind, random: Random) -> bool:
    """Whether the fee lines come before the settlement, or their split within it."""
    return bool(random.randrange(BASIS_POINTS) < table("habits")["lines_uploaded_bp"][kind])


def is_at_midnight(random: Random) -> bool:
    """Whether a stay is settled in the seconds around midnight."""
    return bool(random.randrange(BASIS_POINTS) < table("habits")["midnight"]["bp"])


def compares_totals(random: Random) -> bool:
    """Whether a hospital compares its totals with its treatment area at the end of a month."""
    return bool(random.randrange(BASIS_POINTS) < table("habits")["month_end"]["totals_bp"])
