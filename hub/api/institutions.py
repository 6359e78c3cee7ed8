"""The designated institutions of an area: which settle directly, and what."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, TypeAdapter

from contracts.access import Principal
from contracts.codes import AreaCode, VisitKind
from hub.api.deps import Day, Reading, who_may
from hub.api.fields import ADivision, AnArea, Coded, InstitutionKind, NamePart
from hub.api.labels import INSTITUTION_KINDS, area_name, opened, opened_zh
from hub.api.paging import Cursor, Page, Size, after, page
from hub.domain.directory import ListedInstitution
from hub.services import look_ups
from hub.services.look_ups import InstitutionsWanted

router = APIRouter(prefix="/institutions", tags=["查询 look-up"])
_KEY: TypeAdapter[str] = TypeAdapter(Coded)


class InstitutionView(BaseModel):
    """`until`: its last day, None while it stays open; `opened`: what it settles directly."""

    code: str
    name: str
    area: str
    area_name: str
    division: str
    level: int
    kind: str
    kind_zh: str
    opened: list[VisitKind]
    opened_zh: str
    since: date
    until: date | None


@router.get("", name="list_institutions", summary="查询定点医药机构")
def find(
    _: Annotated[Principal, Depends(who_may("list_institutions"))],
    *,
    area: AnArea,
    tx: Reading,
    division: ADivision | None = None,
    kind: InstitutionKind | None = None,
    visit_kind: VisitKind | None = None,
    open_on: Day | None = None,
    name: NamePart | None = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[InstitutionView]:
    """Of one area, by code. A division ending in zeros holds what lies in it."""
    wanted = InstitutionsWanted(
        area=AreaCode(area),
        division=division,
        kind=kind,
        visit_kind=visit_kind,
        day=open_on,
        name=name,
        after=after(cursor, _KEY),
    )
    rows = look_ups.institutions(tx, wanted, size + 1)
    return page(rows, size, _view, _KEY, lambda one: one.code)


def _view(one: ListedInstitution) -> InstitutionView:
    return InstitutionView(
        code=one.code,
        name=one.name,
        area=one.area,
        area_name=area_name(one.area),
        division=one.division,
        level=one.level,
        kind=one.kind,
        kind_zh=INSTITUTION_KINDS[one.kind],
        opened=opened(one.opened),
        opened_zh=opened_zh(one.opened),
        since=one.since,
        until=one.until,
    )
