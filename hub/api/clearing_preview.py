"""The close preview: if we froze now, what blocks, who owes whom, what netting would spare."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.access import Principal
from contracts.codes import Role
from hub.api.deps import Now, Reading, who_may
from hub.api.who_may import concerns
from hub.domain.clearing import Pair
from hub.domain.clearing_terms import Due
from hub.domain.cycle import due_dates
from hub.domain.preview import Obstacle, Preview
from hub.services import preview

router = APIRouter(prefix="/clearing", tags=["清算 clearing"])
Name = Annotated[str | None, Query(max_length=20, description="清算期，如2026-03；空：下一期")]


class ObstacleView(BaseModel):
    """`is_blocking`: the run cannot be issued before; else it only leaves something out."""

    blocker: str
    is_blocking: bool
    zh: str
    count: int
    amount_fen: int


class OwedView(BaseModel):
    """A pair: what its lines say is payable, and what the ledger says is receivable."""

    insured_area: str
    treatment_area: str
    payable_fen: int
    receivable_fen: int


class PositionView(BaseModel):
    """What an area is owed (+) or owes (−) in all, whatever way it is paid."""

    area: str
    balance_fen: int


class SavingView(BaseModel):
    """One way of paying, and what it spares against gross."""

    netting: str
    transfers: int
    moved_fen: int
    spared_transfers: int
    spared_fen: int


class PreviewView(BaseModel):
    """Money in fen. An area sees the pairs it is a party to, and all sums are of these alone."""

    cycle: str
    first_day: date
    last_day: date
    issue_on: date
    can_freeze: bool
    ready: int
    late: int
    payable_fen: int
    receivable_fen: int
    is_balanced: bool
    netting: str
    obstacles: list[ObstacleView]
    owed: list[OwedView]
    positions: list[PositionView]
    savings: list[SavingView]


@router.get("/preview", name="preview_clearing", summary="清算预览")
def show_preview(
    principal: Annotated[Principal, Depends(who_may("preview_clearing"))],
    tx: Reading,
    now: Now,
    cycle: Name = None,
) -> PreviewView:
    """What freezing the cycle now would do. Refused: FIELD_INVALID when there is no such cycle."""
    return _preview(preview.preview(tx, cycle, now, sees=_seen_by(principal)))


def _seen_by(principal: Principal) -> Callable[[Pair], bool]:
    def sees(pair: Pair) -> bool:
        parties = zip((Role.INSURED, Role.TREATMENT), pair, strict=True)
        return any(concerns(principal, role, area) for role, area in parties)

    return sees


def _preview(found: Preview) -> PreviewView:
    cycle = found.cycle
    return PreviewView(
        cycle=cycle.name,
        first_day=cycle.first,
        last_day=cycle.last,
        issue_on=due_dates(cycle)[Due.ISSUE].on,
        can_freeze=found.can_freeze,
        ready=found.ready,
        late=found.late,
        payable_fen=sum(found.payable.values()),
        receivable_fen=sum(found.receivable.values()),
        is_balanced=not found.differences,
        netting=cycle.terms.netting.value,
        obstacles=[_obstacle(one) for one in found.obstacles],
        owed=_owed(found),
        positions=[
            PositionView(area=area, balance_fen=fen) for area, fen in found.positions.items()
        ],
        savings=[
            SavingView(
                netting=one.netting.value,
                transfers=one.transfers,
                moved_fen=one.moved_fen,
                spared_transfers=one.spared_transfers,
                spared_fen=one.spared_fen,
            )
            for one in found.savings
        ],
    )


def _obstacle(one: Obstacle) -> ObstacleView:
    return ObstacleView(
        blocker=one.blocker.value,
        is_blocking=one.is_blocking,
        zh=one.zh,
        count=one.count,
        amount_fen=one.amount_fen,
    )


def _owed(found: Preview) -> list[OwedView]:
    return [
        OwedView(
            insured_area=payer,
            treatment_area=payee,
            payable_fen=found.payable.get((payer, payee), 0),
            receivable_fen=found.receivable.get((payer, payee), 0),
        )
        for payer, payee in sorted(found.payable.keys() | found.receivable.keys())
    ]
