"""Lists of columns that several tables share, and the texts of checks on them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from participants.policy.model import AMOUNTS_OF_A_YEAR

USED = AMOUNTS_OF_A_YEAR
"""What a year counts in columns of its own; what else it counts lies in `counters`, by name."""
ADDED = tuple(f"added_{name}" for name in USED)
"""The same, as one grant added it; the names beside them in `added_counters`."""

# A grant and a year are updated in place: room on the page keeps those updates cheap.
ROOM: dict[str, Any] = {"postgresql_with": {"fillfactor": "80"}}


def one_of(column: str, codes: type[StrEnum]) -> str:
    """The text of a check that a column holds a code of a closed list."""
    listed = ", ".join(f"'{code}'" for code in codes)
    return f"{column} IN ({listed})"


def none_negative(columns: Sequence[str]) -> str:
    return f"least({', '.join(columns)}) >= 0"


def counters_sound(column: str) -> str:
    """The text of a check that a JSON object holds whole numbers only, none of them negative."""
    wrong = '$.* ? (@.type() != "number" || @ < 0 || @ != @.floor())'
    return f"jsonb_typeof({column}) = 'object' AND NOT jsonb_path_exists({column}, '{wrong}')"
