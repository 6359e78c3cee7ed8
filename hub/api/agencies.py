"""The agencies 经办机构 of the areas, and how to reach them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter

from contracts.access import Principal
from contracts.codes import AreaCode, Role
from hub.api.deps import Reading, who_may
from hub.api.fields import ADivision, AnArea
from hub.api.labels import ROLES, area_name
from hub.api.paging import Cursor, Page, Size, after, page
from hub.domain.directory import Office
from hub.services import look_ups
from hub.services.look_ups import OfficesWanted

router = APIRouter(prefix="/agencies", tags=["查询 look-up"])
_KEY: TypeAdapter[tuple[str, str, int]] = TypeAdapter(
    tuple[AnArea, Role, Annotated[int, Field(ge=0, le=32_767)]]
)


class AgencyView(BaseModel):
    area: str
    area_name: str
    role: Role
    role_zh: str
    division: str
    name: str
    phone: str
    address: str
    hours: str


@router.get("", name="list_agencies", summary="查询经办机构")
def find(
    _: Annotated[Principal, Depends(who_may("list_agencies"))],
    *,
    tx: Reading,
    area: AnArea | None = None,
    role: Role | None = None,
    division: ADivision | None = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[AgencyView]:
    """By area and role, in the order in which the area lists them."""
    wanted = OfficesWanted(
        area=AreaCode(area) if area else None,
        role=role,
        division=division,
        after=after(cursor, _KEY),
    )
    rows = look_ups.offices(tx, wanted, size + 1)
    return page(rows, size, _view, _KEY, lambda one: (one.area, one.role, one.position))


def _view(one: Office) -> AgencyView:
    return AgencyView(
        area=one.area,
        area_name=area_name(one.area),
        role=one.role,
        role_zh=ROLES[one.role],
        division=one.division,
        name=one.name,
        phone=one.phone,
        address=one.address,
        hours=one.hours,
    )
