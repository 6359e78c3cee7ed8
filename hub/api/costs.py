"""A person's costs of out-of-area care: bill by bill, and by year and fund."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, TypeAdapter

from contracts.access import Principal
from contracts.codes import Fund, InsuranceKind, Role, VisitKind
from contracts.messages.values import Shares
from hub.api.deps import Reading, who_may
from hub.api.fields import APersonToken
from hub.api.labels import COST_STATES, FUNDS, INSURANCE_KINDS, VISIT_KINDS, area_name
from hub.api.paging import Cursor, Page, Size, after, page
from hub.api.who_may import concerns, person_asked_for, sees_all
from hub.domain.settlement import State
from hub.services import look_ups
from hub.services.look_ups import Cost, Eyes, YearTotal

router = APIRouter(prefix="/costs", tags=["查询 look-up"])
_KEY: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[AwareDatetime, UUID])


class CostView(BaseModel):
    """A settled bill in fen. A reversed one stays on the list and says since when it is undone."""

    settlement_id: UUID
    insured_area: str
    insured_area_name: str
    treatment_area: str
    treatment_area_name: str
    insurance_kind: InsuranceKind
    insurance_kind_zh: str
    visit_kind: VisitKind
    visit_kind_zh: str
    hospital_code: str
    hospital_name: str | None
    admitted_on: date
    discharged_on: date
    state: str
    state_zh: str
    is_reversed: bool
    settled_on: date
    reversed_on: date | None
    total_fen: int
    deductible_fen: int
    fund_total_fen: int
    account_fen: int
    cash_fen: int
    shares: Shares


class FundTotal(BaseModel):
    fund: Fund
    fund_zh: str
    paid_fen: int


class YearView(BaseModel):
    """Bills settled in a year less those undone in it, in fen; undone later, it counts then."""

    year: int
    settled_count: int
    reversed_count: int
    total_fen: int
    fund_total_fen: int
    account_fen: int
    cash_fen: int
    hospital_fen: int
    funds: list[FundTotal]


@router.get("", name="list_costs", summary="查询跨省就医费用")
def of_person(
    principal: Annotated[Principal, Depends(who_may("list_costs"))],
    *,
    tx: Reading,
    person_id: APersonToken | None = None,
    year: Annotated[int | None, Query(ge=2000, le=2099)] = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[CostView]:
    """The newest first. A person sees its own; an agency those in which its area is a party."""
    person = person_asked_for(principal, person_id)
    eyes, start = _eyes(principal), after(cursor, _KEY)
    rows = look_ups.costs(tx, person, eyes, year=year, after=start, count=size + 1)
    return page(rows, size, _view, _KEY, lambda one: (one.received_at, one.settlement_id))


@router.get("/totals", name="show_cost_totals", summary="跨省就医费用年度合计")
def totals(
    principal: Annotated[Principal, Depends(who_may("show_cost_totals"))],
    tx: Reading,
    person_id: APersonToken | None = None,
) -> list[YearView]:
    """The newest year first; what the caller sees of the bills is what is added up."""
    person = person_asked_for(principal, person_id)
    return [_year(one) for one in look_ups.cost_totals(tx, person, _eyes(principal))]


def _eyes(principal: Principal) -> Eyes:
    """An own person sees all of its bills, whatever the areas."""
    if sees_all(principal) or principal.area is None:
        return Eyes(everything=True)
    area = principal.area
    as_insured, as_treatment = (
        area if concerns(principal, role, area) else None for role in (Role.INSURED, Role.TREATMENT)
    )
    return Eyes(everything=False, as_insured=as_insured, as_treatment=as_treatment)


def _view(one: Cost) -> CostView:
    return CostView(
        settlement_id=one.settlement_id,
        insured_area=one.insured_area,
        insured_area_name=area_name(one.insured_area),
        treatment_area=one.treatment_area,
        treatment_area_name=area_name(one.treatment_area),
        insurance_kind=one.insurance_kind,
        insurance_kind_zh=INSURANCE_KINDS[one.insurance_kind],
        visit_kind=one.visit_kind,
        visit_kind_zh=VISIT_KINDS[one.visit_kind],
        hospital_code=one.hospital_code,
        hospital_name=one.hospital_name,
        admitted_on=one.admitted_on,
        discharged_on=one.discharged_on,
        state=one.state.value,
        state_zh=COST_STATES[one.state],
        is_reversed=one.state is State.REVERSED,
        settled_on=one.settled_on,
        reversed_on=one.reversed_on,
        total_fen=one.total_fen,
        deductible_fen=one.deductible_fen,
        fund_total_fen=one.shares.fund_total_fen(),
        account_fen=one.shares.account_fen,
        cash_fen=one.shares.cash_fen,
        shares=one.shares,
    )


def _year(one: YearTotal) -> YearView:
    by_fund = {fund: one.parts_fen[f"{fund.value}_fen"] for fund in Fund}
    return YearView(
        year=one.year,
        settled_count=one.settled,
        reversed_count=one.reversed,
        total_fen=one.total_fen,
        fund_total_fen=sum(by_fund.values()) - by_fund[Fund.ACCOUNT],
        account_fen=by_fund[Fund.ACCOUNT],
        cash_fen=one.parts_fen["cash_fen"],
        hospital_fen=one.parts_fen["hospital_fen"],
        funds=[
            FundTotal(fund=fund, fund_zh=FUNDS[fund], paid_fen=paid_fen)
            for fund, paid_fen in by_fund.items()
        ],
    )
