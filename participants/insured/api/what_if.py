"""What a person would be granted for care that a clerk describes, in one variation or two."""

from datetime import date
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from contracts.clock import shanghai_date_of
from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import PersonId
from contracts.messages.settlement import FLAGS_MAX, Flag, Level
from contracts.messages.values import DiseaseCode, Shares
from contracts.money import Fen
from contracts.refusal import RefusalCode
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.people import PersonToken
from participants.insured.api.views import Asked, YearView
from participants.insured.domain.calculation import Benefit, NoBenefit
from participants.insured.services import what_if
from participants.insured.services.what_if import Tried, Variation
from participants.policy.benefits import Elsewhere
from participants.policy.explain import Difference, differences, explain
from participants.policy.model import YearToDate

router = APIRouter(prefix="/people", tags=["待遇"])


class CareBody(Asked):
    """Care as a clerk describes it; `elsewhere` as what it counts, null at home.

    `discharged_on` left out is today, `admitted_on` the day of discharge, `in_scope_fen` the whole
    bill, `policy_id` the policy that holds for the person on the day of discharge.
    """

    insurance_kind: InsuranceKind = InsuranceKind.EMPLOYEE
    visit_kind: VisitKind = VisitKind.INPATIENT
    hospital_level: Level = 1
    elsewhere: Elsewhere | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    total_fen: Fen
    in_scope_fen: Fen | None = None
    disease_code: DiseaseCode | None = None
    flags: Annotated[tuple[Flag, ...], Field(max_length=FLAGS_MAX)] = ()
    use_account: bool = False
    policy_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _in_scope_lies_within_the_bill(self) -> Self:
        if self.in_scope_fen is not None and self.in_scope_fen > self.total_fen:
            raise ValueError("more in scope than the whole bill")
        return self

    def variation(self, today: date) -> Variation:
        last_day = self.discharged_on or today
        said = {name: getattr(self, name) for name in CareBody.model_fields}
        return Variation(
            **said
            | {
                "admitted_on": self.admitted_on or last_day,
                "discharged_on": last_day,
                "in_scope_fen": self.total_fen if self.in_scope_fen is None else self.in_scope_fen,
            }
        )


class WhatIfBody(CareBody):
    """`instead`: the keys that a second variation has otherwise, with their values."""

    instead: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _instead_is_care_too(self) -> Self:
        self.cares()
        return self

    def cares(self) -> list[CareBody]:
        """The first variation, and the second where there is one."""
        if self.instead is None:
            return [self]
        said = {name: getattr(self, name) for name in self.model_fields_set - {"instead"}}
        return [self, CareBody.model_validate(said | self.instead)]


class OutcomeView(BaseModel):
    """What would be granted, or the code and why not; amounts in fen.

    `paid_by`: the table of the policy that pays, null as at home. `used`: the years that the bill
    is calculated after, `adds`: what it would add to them; the year of the last day first.
    `working`: one line a step, that a pencil can follow.
    """

    granted: bool
    code: RefusalCode | None = None
    detail: str = ""
    policy_id: str | None = None
    paid_by: Elsewhere | None
    shares: Shares | None = None
    deductible_fen: int = 0
    fund_total_fen: int = 0
    patient_fen: int = 0
    beyond_bill_fen: int = 0
    used: list[YearView]
    adds: list[YearView] = []
    working: list[str] = []

    @classmethod
    def of(cls, one: Tried) -> Self:
        used = _years(one.year, one.used.year, one.used.year_before)
        if isinstance(one.outcome, NoBenefit):
            code, detail = one.outcome.code, one.outcome.detail or one.outcome.code.zh
            return cls(granted=False, code=code, detail=detail, paid_by=one.column, used=used[:1])
        result, before = one.outcome.result, one.outcome.delta_before
        return cls(
            granted=True,
            policy_id=result.policy_id,
            paid_by=one.column,
            shares=one.outcome.shares,
            deductible_fen=result.deductible_fen,
            fund_total_fen=result.fund_total_fen,
            patient_fen=result.patient_fen,
            beyond_bill_fen=result.beyond_bill_fen,
            used=used[:1] if before is None else used,
            adds=_years(one.year, one.outcome.delta, before),
            working=explain(result),
        )


class DifferenceView(BaseModel):
    """One thing that the two variations do not share, in words; `more_fen` of the second."""

    what: str
    first: str | None
    second: str | None
    more_fen: int
    is_step: bool

    @classmethod
    def of(cls, one: Difference) -> Self:
        return cls(
            what=one.what,
            first=one.left,
            second=one.right,
            more_fen=one.more_fen,
            is_step=one.is_step,
        )


class WhatIfView(BaseModel):
    """`differences` are told when both variations are granted."""

    person_id: str
    result: OutcomeView
    instead: OutcomeView | None = None
    differences: list[DifferenceView] = []


@router.post("/{person_id}/what-if")
def ask(
    at: DeskDep, opened: WritingDep, _clerk: ClerkDep, person_id: PersonToken, body: WhatIfBody
) -> WhatIfView:
    """Grants nothing and moves nothing. Refused: PERSON_UNKNOWN, FIELD_INVALID."""
    today = shanghai_date_of(opened.now)
    variations = [care.variation(today) for care in body.cares()]
    found = what_if.tried(at.area, opened.tx, PersonId(person_id), variations)
    views = [OutcomeView.of(one) for one in found]
    granted = [one.outcome.result for one in found if isinstance(one.outcome, Benefit)]
    return WhatIfView(
        person_id=person_id,
        result=views[0],
        instead=views[1] if len(views) > 1 else None,
        differences=[DifferenceView.of(one) for one in differences(*granted)]
        if len(granted) > 1
        else [],
    )


def _years(year: int, used: YearToDate, before: YearToDate | None) -> list[YearView]:
    views = [YearView.of(year, used)]
    return views if before is None else [*views, YearView.of(year - 1, before)]
