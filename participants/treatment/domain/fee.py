"""Fee lines 费用明细 that hospitals upload to a visit, and the bill they make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

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
from participants.treatment.domain.refund import Left, after, is_refund, of_charge, taken_back
from participants.treatment.domain.results import Refusal


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line, the day of the fee, and the hospital's charge batch (chrg_bchno).

    `refunds`: the line number of the charge that a negative line takes back from. `echo_json`:
    whatever the gateway wants back, opaque to us.
    """

    line: FeeLine
    on: date
    charge_batch: str = ""
    refunds: str | None = None
    echo_json: str = "{}"


@dataclass(frozen=True, slots=True)
class LinesForVisit:
    """The lines of one upload: all are stored or none."""

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    lines: tuple[NewLine, ...]


@dataclass(frozen=True, slots=True)
class SplitResult:
    """Every line in its four parts, in the order sent."""

    visit_id: VisitId
    lines: tuple[SplitLine, ...]

    @property
    def bill(self) -> Bill:
        """The sum of lines none of which is a refund."""
        return bill_of(self.lines)


@dataclass(frozen=True, slots=True)
class LinesRemoval:
    """Take back unsettled lines: those named, those of one charge batch, or with neither all."""

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    line_numbers: tuple[str, ...] = ()
    charge_batch: str | None = None


@dataclass(frozen=True, slots=True)
class OnFile:
    """As much of a stored line as uploads and removals look at."""

    line_no: str
    charge_batch: str
    refunds: str | None
    is_settled: bool


@dataclass(slots=True)
class Shelf:
    """What a visit has on file, brought up to date as its uploads are decided one by one."""

    lines: dict[str, OnFile] = field(default_factory=dict)
    lefts: dict[str, Left] = field(default_factory=dict)

    def batches(self) -> set[str]:
        return {line.charge_batch for line in self.lines.values() if line.charge_batch}


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
    upload: LinesForVisit, shelf: Shelf, catalogue: Catalogue
) -> SplitResult | Refusal:
    """The lines of one upload, split; the shelf has them then, unless one is wrong.

    Refusals, with the line's number: FIELD_INVALID, AMOUNT_NEGATIVE, LINE_AMOUNT_WRONG,
    DUPLICATE_LINE, and of refunds FIELD_MISSING, UNKNOWN_LINE, REFUND_TOO_MUCH. FIELD_INVALID
    with the batch's number: a charge batch arrives complete in one upload.
    """
    wrong = _refusal_of(upload.lines, shelf)
    if wrong is not None:
        return wrong
    lefts = dict(shelf.lefts)
    try:
        found = [_split_one(new, lefts, catalogue) for new in upload.lines]
    except LineRefused as no:
        return Refusal(no.code, no.line_no)
    shelf.lefts = lefts
    for new in upload.lines:
        line_no, refunds = new.line.line_no, charge_of(new)
        shelf.lines[line_no] = OnFile(line_no, new.charge_batch, refunds, is_settled=False)
    return SplitResult(upload.visit_id, tuple(found))


def charge_of(new: NewLine) -> str | None:
    """The charge that a refund takes back from; a charge may name whatever it likes."""
    return new.refunds if is_refund(new.line) else None


def _split_one(new: NewLine, lefts: dict[str, Left], catalogue: Catalogue) -> SplitLine:
    """A charge by the catalogue of its own day, a refund by what its charge has left."""
    if is_refund(new.line):
        found = taken_back(new.line, new.refunds, lefts, catalogue)
        assert new.refunds is not None, "a refund names its charge"
        lefts[new.refunds] = after(lefts[new.refunds], found)
        return found
    [found] = split([new.line], catalogue, new.on)
    lefts[new.line.line_no] = of_charge(found, new.on)
    return found


def _refusal_of(lines: Sequence[NewLine], shelf: Shelf) -> Refusal | None:
    wrong = next((new for new in lines if not _is_storable(new)), None)
    if wrong is not None:
        return Refusal(RefusalCode.FIELD_INVALID, ascii(wrong.line.line_no)[:40])
    twice = _first_seen_twice(lines, shelf.lines)
    if twice is not None:
        return Refusal(RefusalCode.DUPLICATE_LINE, twice)
    begun = shelf.batches()
    torn = next((new.charge_batch for new in lines if new.charge_batch in begun), None)
    if torn is not None:
        detail = f"收费批次号(chrg_bchno){torn}已上传，同一批次须一次传完"
        return Refusal(RefusalCode.FIELD_INVALID, detail)
    return None


def _first_seen_twice(lines: Iterable[NewLine], seen: Iterable[str]) -> str | None:
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
        and fits(new.refunds or "", 30)
    )
