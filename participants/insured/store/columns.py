"""Lists of columns that several tables share, and the texts of checks on them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

USED = (
    "in_scope_fen",
    "deductible_fen",
    "pool_fen",
    "large_sum_fen",
    "chronic_in_scope_fen",
    "chronic_pool_fen",
    "stays",
)
"""What a year counts, in the order of `participants.policy.model.YearToDate`."""
ADDED = tuple(f"added_{name}" for name in USED)
"""The same, as one grant added it."""

# A grant and a year are updated in place: room on the page keeps those updates cheap.
ROOM: dict[str, Any] = {"postgresql_with": {"fillfactor": "80"}}


def one_of(column: str, codes: type[StrEnum]) -> str:
    """The text of a check that a column holds a code of a closed list."""
    listed = ", ".join(f"'{code}'" for code in codes)
    return f"{column} IN ({listed})"


def none_negative(columns: Sequence[str]) -> str:
    return f"least({', '.join(columns)}) >= 0"
