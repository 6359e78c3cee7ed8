"""The daily comparison 对账. Key: the area."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.codes import InsuranceKind, Role, VisitKind
from contracts.ids import SettlementId
from contracts.message import Body, Frozen
from contracts.messages.values import Area

# Sums are signed; a hundred thousand of the largest bills still fit a BIGINT.
SUM_MAX_FEN = 10**18
SumFen = Annotated[int, Field(strict=True, ge=-SUM_MAX_FEN, le=SUM_MAX_FEN)]

PIECES_MAX = 8_192
Pieces = Annotated[int, Field(strict=True, ge=1, le=PIECES_MAX)]
Mark = Annotated[str, Field(max_length=60, pattern=r"^([0-9]+:[0-9]+:[0-9]+)?$")]


class Bucket(Frozen):
    """Control totals of one (counterpart, insurance kind, visit kind) on one business day.

    A settled row counts once and adds, a reversal counts once and subtracts. `parts_fen` follows
    `contracts.messages.values.PARTS`; `digest` is `contracts.control_totals.digest_of` in hex.
    """

    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    count: Annotated[int, Field(strict=True, ge=0, le=SUM_MAX_FEN)]
    total_fen: SumFen
    parts_fen: tuple[SumFen, ...]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Row(Frozen):
    """One row of a bucket; sign +1 settled, -1 reversed; amounts unsigned, as settled."""

    settlement_id: SettlementId
    sign: Annotated[int, Field(ge=-1, le=1)]
    total_fen: SumFen
    parts_fen: tuple[SumFen, ...]


class TotalsRequested(Body):
    """Hub → area: report your totals of a closed business day. `attempt` counts from 1."""

    KIND: ClassVar[str] = "totals_requested"
    business_date: date
    attempt: int


class TotalsReported(Body):
    """Area → hub: what it has for that day, every bucket that is not empty."""

    KIND: ClassVar[str] = "totals_reported"
    area: Area
    role: Role
    business_date: date
    attempt: int
    buckets: tuple[Bucket, ...]


class PiecesRequested(Body):
    """Hub → area: this bucket differs and is large; say which of its `pieces` pieces differ.

    A settlement's piece is `contracts.control_sums.piece_of`.
    """

    KIND: ClassVar[str] = "pieces_requested"
    business_date: date
    attempt: int
    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    pieces: Pieces


class PiecesReported(Body):
    """Area → hub: a mark for each piece, in order; '' for an empty one."""

    KIND: ClassVar[str] = "pieces_reported"
    area: Area
    role: Role
    business_date: date
    attempt: int
    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    marks: Annotated[tuple[Mark, ...], Field(max_length=PIECES_MAX)]


class RowsRequested(Body):
    """Hub → area: this bucket differs; send its rows.

    Where `pieces` is not 0, only those of the pieces `among`. Where `since` is said, only what the
    hub concluded in [since, until), of a day that is still open; then `attempt` is the slice's.
    """

    KIND: ClassVar[str] = "rows_requested"
    business_date: date
    attempt: int
    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    pieces: Annotated[int, Field(ge=0, le=PIECES_MAX)] = 0
    among: tuple[int, ...] = ()
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class BreakTold(Frozen):
    """An open break of one settlement, or one that was repaired. `break_class` as the hub names it.

    `sign` +1 settled, -1 reversed; amounts signed fen, None where a party has nothing.
    """

    settlement_id: SettlementId
    sign: Annotated[int, Field(ge=-1, le=1)]
    break_class: Annotated[str, Field(pattern=r"^[a-z_]{1,30}$")]
    hub_fen: SumFen | None
    side_fen: SumFen | None
    is_repaired: bool


class BreaksTold(Body):
    """Hub → treatment area: breaks of its settlements, with which side of the day they are.

    What `at` an earlier moment was told of the same settlement, sign and side is overtaken.
    """

    KIND: ClassVar[str] = "breaks_told"
    business_date: date
    role: Role
    area: Area
    at: AwareDatetime
    breaks: tuple[BreakTold, ...]


class RowsReported(Body):
    """Area → hub: the rows of one differing bucket, in `parts` messages, `part` from 1."""

    KIND: ClassVar[str] = "rows_reported"
    area: Area
    role: Role
    business_date: date
    attempt: int
    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    part: int
    parts: int
    rows: tuple[Row, ...]
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class DayBuckets(Frozen):
    """Control totals of a part of one business day."""

    business_date: date
    buckets: tuple[Bucket, ...]


class SliceRequested(Body):
    """Hub → area: report what the hub concluded in [since, until), its instants as it told them."""

    KIND: ClassVar[str] = "slice_requested"
    since: AwareDatetime
    until: AwareDatetime


class SliceReported(Body):
    """Area → hub: what it has of [since, until), unasked where there is anything, else asked."""

    KIND: ClassVar[str] = "slice_reported"
    area: Area
    role: Role
    since: AwareDatetime
    until: AwareDatetime
    days: tuple[DayBuckets, ...]


class HospitalBreak(Frozen):
    """A difference between a hospital and its treatment area; `number` is the area's own.

    Amounts signed fen, None where a party has nothing; `break_class` as the hub names it.
    """

    number: Annotated[int, Field(strict=True, ge=1)]
    hospital_code: Annotated[str, Field(min_length=1, max_length=30)]
    business_date: date
    counterpart: Area | None
    insurance_kind: InsuranceKind | None
    visit_kind: VisitKind | None
    settlement_id: SettlementId | None
    sign: Annotated[int, Field(ge=-1, le=1)]
    break_class: Annotated[str, Field(pattern=r"^[a-z_]{1,30}$")]
    area_fen: SumFen | None
    hospital_fen: SumFen | None
    found_at: AwareDatetime
    resolved_at: AwareDatetime | None


class HospitalBreaksReported(Body):
    """Treatment area → hub: differences with its hospitals (3202), found or gone since the last."""

    KIND: ClassVar[str] = "hospital_breaks_reported"
    area: Area
    breaks: tuple[HospitalBreak, ...]
