"""How care becomes a case of the engine: its kind, its column, its months, its years."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import PersonId
from contracts.messages.settlement import Basis, Standing
from contracts.refusal import RefusalCode
from participants import policy as policy_package
from participants.insured import area_file
from participants.insured.domain.area import Area
from participants.insured.domain.benefit_category import column_of_asked
from participants.insured.domain.calculation import (
    CODE_OF_FIELD,
    Benefit,
    NoBenefit,
    case_of,
    decide,
    kind_of,
)
from participants.insured.domain.eligibility import Eligibility, Source, approved_on
from participants.insured.domain.entitlement import Facts, Known, facts_of
from participants.insured.domain.insurance import Insurance, months_after
from participants.insured.domain.insurance_year import Used, days_around_new_year
from participants.policy.benefits import Elsewhere
from participants.policy.loader import library
from participants.policy.rules.case_check import FIELD_OF
from tests.domain.test_insured_rules import INSURANCE
from tests.support.insured import bill, care
from tests.support.insured_books import area_with, whole_policy
from tests.support.tables import rows

Row = dict[str, str]
SHIPPED = area_file.load(AreaCode("320000"))
LONG_INSURED = replace(INSURANCE, in_force_from=date(2015, 1, 1), in_force_until=None)
DAY = date(2026, 3, 10)


def facts(
    area: Area,
    insurance: Insurance = LONG_INSURED,
    category: RegistrationCategory | None = RegistrationCategory.OTHER_TEMPORARY,
    known: tuple[Eligibility, ...] = (),
    **about: Any,
) -> Facts:
    standing = Standing(basis=Basis.REGISTERED, category=category)
    books = Known({insurance.insurance_kind: insurance}, known)
    return facts_of(area, care(**about), bill(), standing, books)


# whole: a lump sum only elsewhere; henan: everywhere; xuzhou: none.
KINDS = """
    policy                | kind       | flags           | registered         | counts
    henan-maternity-2015  | inpatient  | maternity       | other_temporary    | maternity
    henan-maternity-2015  | inpatient  | normal_birth    | other_temporary    | maternity
    henan-maternity-2015  | inpatient  | caesarean       | long_term_resident | maternity
    henan-maternity-2015  | outpatient | prenatal        | other_temporary    | maternity
    henan-maternity-2015  | pharmacy   | maternity       | other_temporary    | pharmacy
    henan-maternity-2015  | inpatient  | dialysis        | other_temporary    | inpatient
    xuzhou-employee-2004  | inpatient  | maternity       | other_temporary    | inpatient
    whole                 | inpatient  | maternity       | other_temporary    | maternity
    whole                 | inpatient  | maternity       | posted_worker      | inpatient
    whole                 | outpatient | prenatal        | posted_worker      | outpatient
"""


@pytest.mark.parametrize("row", rows(KINDS), ids=str)
def test_childbirth_is_what_the_visit_says_and_the_policy_has(row: Row) -> None:
    policy = {**library(), "whole": whole_policy()}[row["policy"]]
    asked = facts(
        area_with(policy),
        category=RegistrationCategory(row["registered"]),
        visit_kind=VisitKind(row["kind"]),
        flags=(row["flags"],),
    )
    assert kind_of(asked, policy) == row["counts"]


COLUMNS = """
    registered         | emergency | as_at_home                       | column
    other_temporary    | no        | long_term_resident               | other
    referral           | no        | long_term_resident               | referral
    long_term_resident | no        | long_term_resident               | -
    long_term_resident | yes       | long_term_resident               | -
    long_term_resident | no        | posted_worker                    | long_term
    posted_worker      | no        | long_term_resident,posted_worker | -
    other_temporary    | yes       | other_temporary                  | emergency
"""


@pytest.mark.parametrize("row", rows(COLUMNS), ids=str)
def test_whom_the_area_pays_as_at_home_is_at_home_for_the_policy(row: Row) -> None:
    at_home = frozenset(map(RegistrationCategory, row["as_at_home"].split(",")))
    flags = ("emergency",) if row["emergency"] == "yes" else ()
    area = replace(SHIPPED, as_at_home=at_home)
    asked = facts(area, category=RegistrationCategory(row["registered"]), flags=flags)
    assert asked.column == (None if row["column"] == "-" else Elsewhere(row["column"]))


def test_a_clerk_who_names_a_category_gets_what_its_people_get() -> None:
    assert column_of_asked(SHIPPED, Elsewhere.LONG_TERM) is None
    assert column_of_asked(SHIPPED, Elsewhere.REFERRAL) is Elsewhere.REFERRAL
    assert column_of_asked(SHIPPED, Elsewhere.BACK_HOME) is Elsewhere.BACK_HOME
    some = replace(SHIPPED, as_at_home=frozenset({RegistrationCategory.POSTED_WORKER}))
    assert column_of_asked(some, Elsewhere.LONG_TERM) is Elsewhere.LONG_TERM
    assert column_of_asked(SHIPPED, None) is None


MONTHS = """
    begun      | day        | months
    2025-09-01 | 2026-02-28 | 5
    2025-09-01 | 2026-03-01 | 6
    2025-08-31 | 2026-02-27 | 5
    2025-08-31 | 2026-02-28 | 6
    2026-03-10 | 2026-03-10 | 0
    2010-01-01 | 2026-03-01 | 194
"""


@pytest.mark.parametrize("row", rows(MONTHS), ids=str)
def test_only_whole_months_count_as_insured(row: Row) -> None:
    one = replace(INSURANCE, in_force_from=date.fromisoformat(row["begun"]))
    assert one.months_insured_on(date.fromisoformat(row["day"])) == int(row["months"])


days = st.dates(date(1995, 1, 1), date(2060, 12, 31))


@given(begun=days, day=days, months=st.integers(0, 400))
def test_the_waiting_period_and_the_months_insured_say_the_same(
    begun: date, day: date, months: int
) -> None:
    """The entitlement refuses before the engine could: one place decides, and both agree."""
    one = replace(INSURANCE, in_force_from=begun)
    assert (one.months_insured_on(day) >= months) is (day >= months_after(begun, months))


@given(waited=st.integers(0, 400))
def test_who_still_waits_is_refused_and_never_sent_to_the_engine(waited: int) -> None:
    begun = date(2026, 3, 1) - timedelta(days=waited)
    answer = decide(facts(SHIPPED, replace(INSURANCE, in_force_from=begun)), Used())
    if isinstance(answer, NoBenefit):
        assert (answer.code, answer.detail) == ("4011", "尚在待遇等待期内")
        assert begun > date(2025, 9, 1)
    else:
        assert begun <= date(2025, 9, 1)
        assert "not_entitled" not in {step.rule for step in answer.result.steps}


AROUND = """
    admitted   | discharged | before | after
    2025-12-31 | 2026-01-01 | 1      | 1
    2025-12-20 | 2026-01-05 | 12     | 5
    2025-12-01 | 2026-01-31 | 31     | 31
    2024-12-31 | 2026-01-01 | 366    | 1
"""


@pytest.mark.parametrize("row", rows(AROUND), ids=str)
def test_every_day_of_a_stay_lies_in_one_year(row: Row) -> None:
    stay = care(
        admitted_on=date.fromisoformat(row["admitted"]),
        discharged_on=date.fromisoformat(row["discharged"]),
    )
    assert days_around_new_year(stay) == (int(row["before"]), int(row["after"]))
    assert sum(days_around_new_year(stay)) == (stay.discharged_on - stay.admitted_on).days + 1


def recognised(code: str, ends: date | None = None, begins: date = date(2020, 1, 1)) -> Eligibility:
    return Eligibility(
        person_id=PersonId("A" * 29),
        insurance_kind=InsuranceKind.EMPLOYEE,
        disease_code=code,
        valid_from=begins,
        valid_to=ends,
        source=Source.FILE,
    )


def test_a_disease_and_its_sub_items_are_approved_once() -> None:
    known = [recognised("M01600"), recognised("M01601"), recognised("M03900")]
    over, later = (
        recognised("M00500", date(2026, 3, 9)),
        recognised("M07800", begins=date(2027, 1, 1)),
    )
    assert approved_on(known, DAY) == 2
    assert approved_on([*known, over, later], DAY) == 2
    assert approved_on([*known, over], date(2026, 3, 9)) == 3
    assert approved_on([], DAY) == 0


def test_a_case_has_what_the_books_say() -> None:
    insurance = replace(LONG_INSURED, civil_servant=True, account_balance_fen=5_00)
    about = facts(
        area_with(whole_policy()),
        insurance,
        known=(recognised("M01600"),),
        visit_kind=VisitKind.CHRONIC,
        disease_code="M01600",
        flags=("dialysis", "in_arrears"),
        use_account=True,
        admitted_on=date(2026, 2, 28),
    )
    case = case_of(about, whole_policy())
    assert (case.kind, case.disease, case.elsewhere) == ("chronic", "M01600", Elsewhere.OTHER)
    assert case.flags == {"dialysis", "civil_servant"}, "what is ours is not the hospital's to say"
    assert (case.months_insured, case.age_years) == (133, 45)
    assert (case.month, case.diseases_approved) == ("2026-03", 1)
    assert (case.account_use, case.account_balance_fen, case.family_balance_fen) == (True, 5_00, 0)
    assert case.parameters == {"average_wage_fen": 12_000_00}


def test_a_hospitals_word_makes_nobody_a_civil_servant() -> None:
    case = case_of(facts(SHIPPED, flags=("civil_servant",)), library()["yizheng-employee-2010"])
    assert case.flags == frozenset()


def test_a_policy_that_does_not_ask_for_a_parameter_gets_none() -> None:
    case = case_of(facts(SHIPPED), library()["yizheng-employee-2010"])
    assert case.parameters == {}


def test_what_a_policy_assumes_is_no_ground_for_a_settlement() -> None:
    own = replace(LONG_INSURED, policy_id="chengdu-employee-2022")
    without = replace(SHIPPED, parameters=())
    answer = decide(facts(without, own), Used())
    assert isinstance(answer, NoBenefit)
    assert answer.code is RefusalCode.NO_POLICY
    assert "average_wage_fen" in answer.detail
    assert isinstance(decide(facts(SHIPPED, own), Used()), Benefit)


def test_a_policy_may_pay_in_arrears() -> None:
    owing = replace(LONG_INSURED, arrears_since=date(2026, 1, 1))
    refused, paid = (
        decide(facts(area, owing), Used()) for area in (SHIPPED, area_with(whole_policy()))
    )
    assert isinstance(refused, NoBenefit)
    assert refused.code is RefusalCode.IN_ARREARS
    assert isinstance(paid, Benefit)
    assert paid.result.pool_fen > 0


REFUSED = """
    what              | code
    level-unknown     | 4012
    too-young         | 4012
    born-later        | 3006
    kind-not-covered  | 4012
"""
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "level-unknown": ("shaoguan-resident", {"hospital_level": 3}, {}),
    "too-young": ("whole", {}, {"born_on": date(2015, 1, 1)}),
    "born-later": ("yizheng-employee-2010", {}, {"born_on": date(2026, 3, 2)}),
    "kind-not-covered": ("rizhao-outpatient-2012", {"visit_kind": VisitKind.PHARMACY}, {}),
}


@pytest.mark.parametrize("row", rows(REFUSED), ids=lambda row: row["what"])
def test_a_case_outside_the_policys_world_has_its_code(row: Row) -> None:
    name, about, person = CASES[row["what"]]
    policy = {**library(), "whole": whole_policy()}[name]
    insurance = replace(LONG_INSURED, **person)
    insurance = replace(
        insurance, person_type=min(policy.person_types), insurance_kind=policy.insurance
    )
    asked = facts(area_with(policy), insurance, insurance_kind=policy.insurance, **about)
    answer = decide(asked, Used())
    assert isinstance(answer, NoBenefit)
    assert answer.code == row["code"]


def test_everything_that_the_engine_may_refuse_has_a_code() -> None:
    """Goal: no refusal of the engine is told by accident. Method: read what its rules refuse."""
    folder = Path(next(iter(policy_package.__path__))) / "rules"
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'CaseRefused\(\s*"(\w+)"', text)) | set(FIELD_OF.values())
    assert len(named) > 10
    assert named | {"account_balance_fen", "family_balance_fen"} == set(CODE_OF_FIELD)
