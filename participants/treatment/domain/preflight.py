"""Pre-flight 结算预检: whether a settlement of this care would go through, and what to do if not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contracts.codes import AreaCode, DivisionCode, InsuranceKind, VisitKind, area_of
from contracts.ids import EnquiryId, PersonId
from contracts.messages.enquiry import Check, CheckName, PreflightAnswered
from contracts.messages.settlement import Care, Standing
from contracts.refusal import RefusalCode
from participants.treatment.domain.asking import is_undeclared_trauma
from participants.treatment.domain.institution import Institution

INSURED_SIDE = frozenset({CheckName.INSURANCE, CheckName.CHRONIC, CheckName.POLICY})
FIXES: dict[RefusalCode, str] = {
    RefusalCode.UNKNOWN_INSTITUTION: "请核对定点医药机构编号，或联系本地医保经办机构登记",
    RefusalCode.INSTITUTION_NOT_CONNECTED: "请到已开通的定点机构就医，或自费结算后回参保地手工报销",
    RefusalCode.UNKNOWN_AREA: "请核对参保地医保区划（可用1101读取人员信息）",
    RefusalCode.NOT_OUT_OF_AREA: "本地参保人员请按本地医保结算",
    RefusalCode.DATES_IMPOSSIBLE: "请核对入院（就诊）、出院日期，入院日期不能晚于今天",
    RefusalCode.TRAUMA_NOT_DECLARED: "请由患者说明是否涉及第三方责任；无第三方责任的签署承诺书后再结算",
    RefusalCode.AREA_UNAVAILABLE: "可先收齐材料、稍后再结算；仍不通的，自费结算后回参保地手工报销",
}
"""What a hospital can do about what is found here."""
_HOPELESS = frozenset(
    {
        RefusalCode.UNKNOWN_INSTITUTION,
        RefusalCode.UNKNOWN_AREA,
        RefusalCode.NOT_OUT_OF_AREA,
        RefusalCode.DATES_IMPOSSIBLE,
    }
)


class AnsweredBy(StrEnum):
    """Whose word a verdict rests on."""

    TREATMENT = "treatment"  # only what this area knows
    HUB = "hub"  # the hub, without the insured area
    INSURED = "insured"  # the hub and the insured area


@dataclass(frozen=True, slots=True)
class PreflightWish:
    """What would be settled. `discharged_on` None: still there, or gone the same day."""

    hospital_code: str
    person_id: PersonId
    insured_division: DivisionCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    admitted_on: date
    discharged_on: date | None = None
    disease_code: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreflightSlot:
    """Where an answer is waited for: the first one, then the final one."""

    enquiry_id: EnquiryId
    own: tuple[Check, ...]
    asked_at: datetime
    answer_by: datetime
    answer: PreflightAnswered | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a hospital is told. `standing`: on what registration, or on what else.

    `hub_says_yes`: the hub's own word for it, which no check of ours can turn from a No to a Yes.
    """

    checks: tuple[Check, ...]
    is_final: bool
    answered_by: AnsweredBy
    standing: Standing | None = None
    hub_says_yes: bool = False

    @property
    def will_settle(self) -> bool:
        return self.hub_says_yes and all(check.passed for check in self.checks)


def own_checks(
    wish: PreflightWish, institution: Institution | None, area: AreaCode, today: date
) -> tuple[Check, ...]:
    """What this area finds by itself; a settlement is refused here for the same."""
    return (
        _check(CheckName.INSTITUTION, _institution_code(wish, institution)),
        _check(CheckName.AREAS, _areas_code(wish, area)),
        *(_check(CheckName.REQUEST, code) for code in _request_codes(wish, today)),
    )


def need_nobody(own: Iterable[Check]) -> bool:
    """Whether the hub could add nothing: without an institution, two areas and days is no care."""
    return any(check.code in _HOPELESS for check in own)


def verdict(own: Sequence[Check], answer: PreflightAnswered | None, *, is_last: bool) -> Verdict:
    """All that is known, in the order of CheckName; a No here outweighs a Yes there.

    `is_last`: time is up. What is not final then lacks the insured area, and says so.
    """
    if need_nobody(own):
        return Verdict(_merged(own, ()), True, AnsweredBy.TREATMENT)
    if answer is not None and answer.final:
        names = {check.name for check in answer.checks}
        by = AnsweredBy.INSURED if names & INSURED_SIDE else AnsweredBy.HUB
        checks = _merged(own, answer.checks)
        return Verdict(checks, True, by, answer.standing, answer.will_settle)
    assert is_last, "not final, and there is still time"
    heard = answer.checks if answer is not None else ()
    known = [check for check in heard if check.name is not CheckName.ROUTE or not check.passed]
    by = AnsweredBy.HUB if answer is not None else AnsweredBy.TREATMENT
    standing = answer.standing if answer is not None else None
    return Verdict(_merged(own, (*known, NO_ROUTE)), False, by, standing)


def unanswered(name: CheckName, code: RefusalCode) -> Verdict:
    """The No that needs no look into any database, or came without one."""
    is_final = name is not CheckName.ROUTE
    return Verdict((_check(name, code),), is_final, AnsweredBy.TREATMENT)


def dates_of(wish: PreflightWish, today: date) -> tuple[date, date]:
    """As a settlement today would have them: who is still there would be settled up to today."""
    if wish.discharged_on is not None:
        return wish.admitted_on, wish.discharged_on
    is_stay = wish.visit_kind is VisitKind.INPATIENT
    return wish.admitted_on, max(today, wish.admitted_on) if is_stay else wish.admitted_on


def care_of(wish: PreflightWish, institution: Institution, today: date) -> Care:
    """The care that the hub judges; pydantic's ValidationError when it cannot be sent."""
    admitted_on, discharged_on = dates_of(wish, today)
    return Care(
        person_id=wish.person_id,
        insured_division=wish.insured_division,
        treatment_division=institution.division,
        insurance_kind=wish.insurance_kind,
        visit_kind=wish.visit_kind,
        hospital_code=wish.hospital_code,
        hospital_level=institution.level,
        admitted_on=admitted_on,
        discharged_on=discharged_on,
        disease_code=wish.disease_code,
        flags=wish.flags,
    )


def _institution_code(wish: PreflightWish, institution: Institution | None) -> RefusalCode | None:
    if institution is None:
        return RefusalCode.UNKNOWN_INSTITUTION
    is_open = institution.is_open(wish.visit_kind, wish.admitted_on)
    return None if is_open else RefusalCode.INSTITUTION_NOT_CONNECTED


def _areas_code(wish: PreflightWish, area: AreaCode) -> RefusalCode | None:
    insured = area_of(wish.insured_division)
    if insured is None:
        return RefusalCode.UNKNOWN_AREA
    return RefusalCode.NOT_OUT_OF_AREA if insured == area else None


def _request_codes(wish: PreflightWish, today: date) -> Sequence[RefusalCode | None]:
    """All that is wrong, or None once; a settlement is refused for the first."""
    admitted_on, discharged_on = dates_of(wish, today)
    are_impossible = discharged_on < admitted_on or admitted_on > today
    wrong = (
        (is_undeclared_trauma(wish.flags), RefusalCode.TRAUMA_NOT_DECLARED),
        (are_impossible, RefusalCode.DATES_IMPOSSIBLE),
    )
    return [code for is_so, code in wrong if is_so] or [None]


def _check(name: CheckName, code: RefusalCode | None) -> Check:
    fix = "" if code is None else FIXES[code]
    return Check(name=name, passed=code is None, code=code, fix=fix)


NO_ROUTE = _check(CheckName.ROUTE, RefusalCode.AREA_UNAVAILABLE)


def _merged(own: Iterable[Check], heard: Iterable[Check]) -> tuple[Check, ...]:
    """Every No once, ours first, as a settlement meets them; a Yes where nobody says No."""
    noes: dict[tuple[CheckName, RefusalCode | None], Check] = {}
    yeses: dict[CheckName, Check] = {}
    for check in (*own, *heard):
        if check.passed:
            yeses.setdefault(check.name, check)
        else:
            noes.setdefault((check.name, check.code), check)
    refused = {name for name, _ in noes}
    found = [*noes.values(), *(one for name, one in yeses.items() if name not in refused)]
    return tuple(check for name in CheckName for check in found if check.name is name)
