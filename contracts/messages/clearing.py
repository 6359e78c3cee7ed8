"""What is said about a monthly clearing 清算. Key: the area."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.codes import InsuranceKind, VisitKind
from contracts.message import Body, Frozen
from contracts.messages.values import Area


class ClearingLine(Frozen):
    """One row of 全国跨省异地就医费用清算表; `parts_fen` follows PARTS, all signed fen."""

    insured_area: Area
    treatment_area: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    count: int
    total_fen: int
    parts_fen: tuple[int, ...]
    payable_fen: int


class ClearingIssued(Body):
    """Hub → area: the lines of a month that concern it, once for each of its roles."""

    KIND: ClassVar[str] = "clearing_issued"
    run_id: UUID
    month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    issued_at: AwareDatetime
    payable_fen: int
    receivable_fen: int
    lines: tuple[ClearingLine, ...]
