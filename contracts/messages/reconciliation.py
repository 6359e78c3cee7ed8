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


class RowsRequested(Body):
    """Hub → area: this bucket differs; send its rows."""

    KIND: ClassVar[str] = "rows_requested"
    business_date: date
    attempt: int
    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind


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
