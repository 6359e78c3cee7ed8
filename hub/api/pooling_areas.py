"""The pooling areas 统筹区 that are open, and what they settle directly."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, TypeAdapter

from contracts.access import Principal
from contracts.codes import AreaCode, Role, VisitKind
from hub.api.deps import Day, Reading, who_may
from hub.api.fields import ADivision, AnArea
from hub.api.labels import ROLES, area_name, opened, opened_zh
from hub.api.paging import Cursor, Page, Size, after, page
from hub.domain.directory import Pooled
from hub.services import look_ups
from hub.services.look_ups import PooledWanted

router = APIRouter(prefix="/pooling-areas", tags=["查询 look-up"])
_KEY: TypeAdapter[tuple[str, str, str]] = TypeAdapter(tuple[AnArea, Role, ADivision])


class PoolingAreaView(BaseModel):
    """`since`: the day from which it settles what it opened."""

    area: str
    area_name: str
    role: Role
    role_zh: str
    division: str
    name: str
    opened: list[VisitKind]
    opened_zh: str
    since: date


@router.get("", name="list_pooling_areas", summary="查询已开通统筹区")
def find(
    _: Annotated[Principal, Depends(who_may("list_pooling_areas"))],
    *,
    tx: Reading,
    area: AnArea | None = None,
    role: Role | None = None,
    visit_kind: VisitKind | None = None,
    open_on: Day | None = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[PoolingAreaView]:
    """By area, role and division; those that do not settle anything yet are told with their day."""
    wanted = PooledWanted(
        area=AreaCode(area) if area else None,
        role=role,
        visit_kind=visit_kind,
        day=open_on,
        after=after(cursor, _KEY),
    )
    rows = look_ups.pooled(tx, wanted, size + 1)
    return page(rows, size, _view, _KEY, lambda one: (one.area, one.role, one.division))


def _view(one: Pooled) -> PoolingAreaView:
    return PoolingAreaView(
        area=one.area,
        area_name=area_name(one.area),
        role=one.role,
        role_zh=ROLES[one.role],
        division=one.division,
        name=one.name,
        opened=opened(one.opened),
        opened_zh=opened_zh(one.opened),
        since=one.since,
    )
