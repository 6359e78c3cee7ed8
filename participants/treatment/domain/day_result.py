"""How a day's rows of a hospital stand in the comparisons: asked by 13203 and 3209A."""

from dataclasses import dataclass

from participants.treatment.domain.booking import Scope

ROWS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class DayQuestion:
    """13203. `is_equal` None asks for all rows; `page` counts from 1.

    `clr_types`: under which codes the hospital may have compared these kinds of care.
    """

    scope: Scope
    clr_types: tuple[str, ...]
    is_equal: bool | None
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """One row, ours or (in `setl_id` and `mdtrt_id` as written) one that only the hospital has.

    `is_equal`: no comparison, with the hospital or of the three parties, found it different.
    """

    sign: int
    person_id: str
    mdtrt_id: str
    setl_id: str
    is_equal: bool
    total_fen: int
    msgid: str
    sealed_identity: str | None


@dataclass(frozen=True, slots=True)
class Disagreed:
    """A settlement on which hospital, treatment area, hub and insured area do not all agree."""

    setl_id: str
    insured_division: str
