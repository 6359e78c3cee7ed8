"""Which bills the hub takes on: a table that a clerk could check, and the order of the rules."""

from dataclasses import replace
from datetime import date

import pytest

from contracts.codes import AreaCode, InsuranceKind
from contracts.refusal import RefusalCode
from hub.domain.acceptance import RULES, Facts, refusal
from hub.domain.participant import Participant, area_code_of
from hub.domain.registration import Registration, RegistrationState
from tests.support.hub import INSURED, TODAY, TREATMENT, a_bill, a_care, a_registration
from tests.support.tables import rows

# Read from left to right, each column is one thing that differs from a good bill; "-" is as usual.
# A refused bill has every fault of the rules behind the one that refuses it.
CASES = """
    insured  treated  total  parts  admitted    discharged  place    state      kind  |  code
    340100   310115   1000   1000   2026-02-01  2026-03-01  310000   active     310   |  -
    340100   310115   1000   1000   2026-01-01  2026-03-01  310000   active     310   |  -
    340100   310115   1000   1000   2026-02-28  2026-03-01  310000   active     310   |  -
    340100   310115   1000   1000   2026-02-01  2026-03-01  310101   active     310   |  -
    340100   320500   1000   1000   2026-02-01  2026-03-01  320500   active     310   |  -
    340100   320500   1000   1000   2026-02-01  2026-03-01  320000   active     310   |  -
    340100   320500   1000   1000   2026-02-01  2026-03-01  320600   active     310   |  4004
    340100   320500   1000   1000   2026-02-01  2026-03-01  310000   active     310   |  4004
    340100   310115   1000   1000   2026-02-01  2026-03-01  320500   active     390   |  4006
    350100   310115   1000   1000   2026-02-01  2026-03-01  320500   active     390   |  4005
    350100   310115   1000   1000   2025-12-31  2026-03-01  320500   active     390   |  4003
    350100   310115   1000   1000   2026-03-01  2026-03-02  320500   active     390   |  4003
    350100   310115   1000   1000   2025-12-31  2026-03-01  320500   submitted  390   |  4002
    350100   310115   1000   1000   2025-12-31  2026-03-01  320500   rejected   390   |  4002
    350100   310115   1000   1000   2025-12-31  2026-03-01  -        -          390   |  4001
    350100   310115   1000   1000   2026-02-02  2026-02-01  -        -          390   |  3006
    350100   310115   1000   1000   2026-03-03  2026-03-03  -        -          390   |  3006
    350100   310115   1000   999    2026-03-03  2026-03-03  -        -          390   |  3004
    350100   310115   1000   1001   2026-03-03  2026-03-03  -        -          390   |  3004
    350100   310115   0      1      2026-03-03  2026-03-03  -        -          390   |  3005
    360100   310115   0      1      2026-03-03  2026-03-03  -        -          390   |  3003
    350100   370100   0      1      2026-03-03  2026-03-03  -        -          390   |  3003
    430100   310115   0      1      2026-03-03  2026-03-03  -        -          390   |  3003
    360100   360900   0      1      2026-03-03  2026-03-03  -        -          390   |  3002
    990100   310115   0      1      2026-03-03  2026-03-03  -        -          390   |  3001
    340100   000000   0      1      2026-03-03  2026-03-03  -        -          390   |  3001
"""

PARTICIPANTS = {
    AreaCode(code): Participant(AreaCode(code), code, insured, treatment)
    for code, insured, treatment in (
        ("310000", True, True),
        ("320000", True, True),
        ("340000", True, True),
        ("350000", True, True),
        ("360000", False, True),  # treats others, insures nobody here
        ("370000", True, False),  # insures, treats nobody here
    )
}


def _registration(case: dict[str, str]) -> Registration | None:
    if case["state"] == "-":
        return None
    return a_registration(
        state=RegistrationState(case["state"]), place=case["place"], ends_on=date(2026, 2, 28)
    )


def _facts(case: dict[str, str]) -> Facts:
    care = a_care(
        insured_division=case["insured"],
        treatment_division=case["treated"],
        insurance_kind=InsuranceKind(case["kind"]),
        admitted_on=date.fromisoformat(case["admitted"]),
        discharged_on=date.fromisoformat(case["discharged"]),
    )
    bill = a_bill(int(case["total"]), in_scope_fen=int(case["parts"]))
    insured, treated = area_code_of(care.insured_division), area_code_of(care.treatment_division)
    return Facts(care, bill, insured, treated, PARTICIPANTS, _registration(case), TODAY)


@pytest.mark.parametrize("case", rows(CASES), ids=lambda case: "/".join(case.values()))
def test_the_first_rule_against_a_bill_refuses_it(case: dict[str, str]) -> None:
    code = refusal(_facts(case))
    assert (code.value if code else "-") == case["code"]


def test_the_order_of_the_rules_is_the_precedence() -> None:
    assert [code.name for code, _ in RULES] == [
        "UNKNOWN_AREA",
        "NOT_OUT_OF_AREA",
        "AREA_NOT_CONNECTED",
        "AMOUNT_IS_ZERO",
        "PARTS_DO_NOT_ADD_UP",
        "DATES_IMPOSSIBLE",
        "REGISTRATION_NOT_FOUND",
        "REGISTRATION_NOT_ACTIVE",
        "OUTSIDE_VALIDITY",
        "INSURED_ELSEWHERE",
        "INSURANCE_KIND_DIFFERS",
        "OUTSIDE_REGISTERED_PLACE",
    ]


def test_every_rule_has_a_case_that_it_refuses() -> None:
    refused = {case["code"] for case in rows(CASES)} - {"-"}
    assert refused == {code.value for code, _ in RULES}


def test_admission_decides_and_discharge_may_lie_after_the_validity() -> None:
    good = _facts(rows(CASES)[0])
    registration = a_registration(ends_on=date(2026, 2, 1))
    care = a_care(admitted_on=date(2026, 2, 1), discharged_on=date(2026, 3, 2))
    assert refusal(replace(good, registration=registration, care=care)) is None


def test_who_is_admitted_today_in_china_is_not_of_the_future() -> None:
    good = _facts(rows(CASES)[0])
    today = a_care(admitted_on=TODAY, discharged_on=TODAY)
    assert refusal(replace(good, registration=a_registration(), care=today)) is None


def test_who_is_treated_at_home_is_not_out_of_area() -> None:
    good = _facts(rows(CASES)[0])
    same = replace(good, treatment_area=INSURED)
    assert good.treatment_area == TREATMENT
    assert refusal(same) is RefusalCode.NOT_OUT_OF_AREA
