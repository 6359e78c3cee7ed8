"""Fee lines 费用明细 that hospitals upload to a visit, and the bill they make."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from contracts.ids import PersonId, SettlementId, VisitId
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import (
    Catalogue,
    FeeLine,
    LineRefused,
    SplitLine,
    bill_of,
    split,
)
from participants.treatment.domain.opening import fits
from participants.treatment.domain.results import Refusal


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line, the day of the fee, and the hospital's charge batch (chrg_bchno)."""

    line: FeeLine
    on: date
    charge_batch: str = ""


@dataclass(frozen=True, slots=True)
class LinesForVisit:
    """The lines of one upload: all are stored or none."""

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    lines: tuple[NewLine, ...]


@dataclass(frozen=True, slots=True)
class SplitResult:
    """Every line in its four parts, in the order sent; `bill` is their sum."""

    visit_id: VisitId
    lines: tuple[SplitLine, ...]
    bill: Bill


@dataclass(frozen=True, slots=True)
class LinesRemoval:
    """Take back unsettled lines: those named, those of one charge batch, or with neither all."""

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    line_numbers: tuple[str, ...] = ()
    charge_batch: str | None = None


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as stored, with the settlement that took it, if any."""

    visit_id: VisitId
    line_no: str
    code: str
    total_fen: int
    fully_own_fen: int
    over_ceiling_fen: int
    first_self_pay_fen: int
    in_scope_fen: int
    settlement_id: SettlementId | None


def split_result(
    upload: LinesForVisit, seen: AbstractSet[str], catalogue: Catalogue
) -> SplitResult | Refusal:
    """The lines of one upload, split; `seen`: the line numbers that the visit has already."""
    found = split_all(upload.lines, catalogue, seen)
    if isinstance(found, Refusal):
        return found
    return SplitResult(upload.visit_id, tuple(found), bill_of(found))


def split_all(
    lines: Sequence[NewLine], catalogue: Catalogue, seen: AbstractSet[str] = frozenset()
) -> list[SplitLine] | Refusal:
    """Every line by the catalogue of its own day; the first that is wrong refuses them all.

    Refusals, with the line's number: FIELD_INVALID, AMOUNT_NEGATIVE, LINE_AMOUNT_WRONG,
    DUPLICATE_LINE.
    """
    wrong = next((new for new in lines if not _is_storable(new)), None)
    if wrong is not None:
        return Refusal(RefusalCode.FIELD_INVALID, ascii(wrong.line.line_no)[:40])
    twice = _first_seen_twice(lines, seen)
    if twice is not None:
        return Refusal(RefusalCode.DUPLICATE_LINE, twice)
    found: list[SplitLine] = []
    for on, same_day in groupby(lines, key=lambda new: new.on):
        try:
            found += split([new.line for new in same_day], catalogue, on)
        except LineRefused as no:
            return Refusal(no.code, no.line_no)
    return found


def _first_seen_twice(lines: Iterable[NewLine], seen: AbstractSet[str]) -> str | None:
    numbers = set(seen)
    for new in lines:
        if new.line.line_no in numbers:
            return new.line.line_no
        numbers.add(new.line.line_no)
    return None


def _is_storable(new: NewLine) -> bool:
    line = new.line
    return (
        bool(line.line_no)
        and fits(line.line_no, 30)
        and fits(line.code, 50)
        and fits(new.charge_batch, 30)
    )
