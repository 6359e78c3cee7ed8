"""A period's clearing in one go, and its table for everybody as far as it concerns them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.access import Principal
from contracts.codes import Role
from contracts.messages.clearing import ClearingLine
from hub.api.deps import Reading, Transaction, who_may
from hub.api.who_may import concerns
from hub.domain.clearing import COLUMNS, TITLE_ZH, ClearingRun, area_in, printed
from hub.services import clearing

router = APIRouter(prefix="/clearing", tags=["清算 clearing"])


class DifferenceView(BaseModel):
    insured_area: str
    treatment_area: str
    payable_fen: int
    receivable_fen: int


class RunView(BaseModel):
    """A period's run; all None while it has none. Fen of the whole country."""

    month: str
    run_id: UUID | None = None
    version: int | None = None
    state: str | None = None
    frozen_at: datetime | None = None
    issued_at: datetime | None = None
    payable_fen: int | None = None
    receivable_fen: int | None = None
    differences: list[DifferenceView] = []


class ClearingView(RunView):
    """The lines that concern the caller; `table` prints them, its first row is the headings."""

    lines: list[ClearingLine] = []
    title_zh: str = TITLE_ZH
    table: list[list[str]] = []


@router.post("/{month}", name="run_clearing", summary="月度清算")
def run(
    principal: Annotated[Principal, Depends(who_may("run_clearing"))],
    month: str,
    writing: Transaction,
) -> RunView:
    """Freeze a period and issue it. Where its two computations differ it is broken, and issues
    nothing.
    """
    found, outgoing = clearing.run(writing.tx, month, writing.now, by=principal.subject)
    writing.say(outgoing)
    return RunView(**_run(found))


@router.get("/{month}", name="show_clearing", summary="清算结果")
def show(
    principal: Annotated[Principal, Depends(who_may("show_clearing"))],
    month: str,
    tx: Reading,
) -> ClearingView:
    """The hub's people see all; an area its own lines once they are issued, and their totals."""
    found = clearing.find(tx, month)
    if found is None:
        return ClearingView(month=month)
    shown, lines = found
    is_hidden = principal.area is not None and shown.issued_at is None
    mine = [] if is_hidden else [line for line in lines if _is_party(principal, line)]
    values = _run(shown) if principal.area is None else _own(shown, mine, principal)
    table = [[column.zh for column in COLUMNS], *(printed(month, line) for line in mine)]
    return ClearingView(**values, lines=mine, table=table)


def _run(one: ClearingRun) -> dict[str, object]:
    return {
        "month": one.cycle,
        "run_id": one.run_id,
        "version": one.version,
        "state": one.state.value,
        "frozen_at": one.frozen_at,
        "issued_at": one.issued_at,
        "payable_fen": one.payable_fen,
        "receivable_fen": one.receivable_fen,
        "differences": [
            DifferenceView(
                insured_area=d.insured_area,
                treatment_area=d.treatment_area,
                payable_fen=d.payable_fen,
                receivable_fen=d.receivable_fen,
            )
            for d in one.differences
        ],
    }


def _own(one: ClearingRun, mine: list[ClearingLine], principal: Principal) -> dict[str, object]:
    payable, receivable = (
        sum(line.payable_fen for line in mine if area_in(line, role) == principal.area)
        for role in (Role.INSURED, Role.TREATMENT)
    )
    return _run(one) | {"payable_fen": payable, "receivable_fen": receivable, "differences": []}


def _is_party(principal: Principal, line: ClearingLine) -> bool:
    return any(concerns(principal, role, area_in(line, role)) for role in Role)
