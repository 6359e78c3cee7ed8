"""What is said about a monthly clearing 清算. Key: the area."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.codes import InsuranceKind, VisitKind
from contracts.message import Body, Frozen
from contracts.messages.values import Area


class ClearingLine(Frozen):
    """One row of 全国跨省异地就医费用清算表; `parts_fen` follows PARTS, all signed fen.

    payable = the funds of `parts_fen` + audit 审核扣款 + late 往期补报.
    """

    insured_area: Area
    treatment_area: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    count: int
    total_fen: int
    parts_fen: tuple[int, ...]
    audit_fen: int = 0
    late_fen: int = 0
    payable_fen: int


class ClearingIssued(Body):
    """Hub → area: the lines of a period that concern it, once for each of its roles.

    `month` is the 清算期: 'YYYY-MM', or 'YYYY-MM-DD..DD' where a cycle is shorter. After a contest
    the same run is issued again as its next version, which takes the place of the one before.
    """

    KIND: ClassVar[str] = "clearing_issued"
    run_id: UUID
    version: int = 1
    month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])(-[0-9]{2}\.\.[0-9]{2})?$")]
    issued_at: AwareDatetime
    payable_fen: int
    receivable_fen: int
    lines: tuple[ClearingLine, ...]
