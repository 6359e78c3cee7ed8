"""Which registrations the hub passes on to the insured area: tables that a clerk could check."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import InsuranceKind, MaterialKind, RegistrationCategory
from contracts.ids import RegistrationId, new_id
from contracts.messages.registration import Material
from hub.domain.materials import suffice
from hub.domain.registration import Registration, RegistrationState, whole_place_of
from hub.domain.rules import (
    first_day_after_months,
    materials_wanted,
    months_min_on,
    shortest_end,
    temporary_validities,
)
from hub.domain.submission import RULES, Submission, refusal, refusal_again
from tests.domain.test_hub_acceptance import PARTICIPANTS
from tests.support.hub import TODAY, a_registration
from tests.support.tables import rows

# A temporary registration lasts at least six months (from 2023 on); its last day counts. A place
# that begins with M is a disease instead. Every case has the papers that
# its category wants; beside some, one is in force in March 2026.
CASES = """
    insured  place   category            begins      ends         beside  |  code
    340100   310000  long_term_resident  2026-01-01  -            -       |  -
    340100   320500  referral            2026-01-01  2026-06-30   -       |  -
    340100   320500  emergency           2026-08-31  2027-02-28   -       |  -
    340100   320500  other_temporary     2026-01-01  2026-06-29   -       |  4015
    340100   320500  emergency           2026-08-31  2027-02-27   -       |  4015
    340100   320500  other_temporary     2022-01-01  2022-01-02   -       |  -
    340100   320500  retired_resettled   2026-01-01  2026-01-01   -       |  4026
    340100   320500  posted_worker       2026-01-01  2025-12-31   -       |  3006
    340100   320500  referral            2026-01-01  2025-12-31   -       |  3006
    340100   320500  referral            1999-12-31  -            -       |  3006
    340100   320500  long_term_resident  2100-01-01  -            -       |  3006
    340100   320500  referral            2025-06-01  2025-12-31   -       |  -
    340100   320500  referral            2025-05-01  2026-05-01   march   |  4013
    340100   310000  posted_worker       2026-03-01  -            march   |  4013
    340100   320500  posted_worker       2026-03-01  -            march   |  -
    340100   320500  posted_worker       2026-04-01  -            march   |  -
    340100   M03900  chronic_disease     2026-01-01  -            -       |  -
    340100   M03901  chronic_disease     2026-01-01  2026-01-02   -       |  -
    340100   M05300  chronic_disease     2024-12-01  -            -       |  -
    340100   M05300  chronic_disease     2024-11-30  -            -       |  4022
    340100   M99900  chronic_disease     2026-01-01  -            -       |  4022
    340100   320500  chronic_disease     2026-01-01  -            -       |  4027
    340100   -       chronic_disease     2026-01-01  -            -       |  4027
    340100   -       referral            2026-01-01  -            -       |  4027
    340100   M03900  referral            2026-01-01  -            -       |  4027
    360100   320500  referral            2026-01-01  2025-12-31   -       |  3003
    340100   370100  referral            2026-01-01  2025-12-31   -       |  3003
    340100   430100  referral            2026-01-01  2025-12-31   -       |  3003
    360100   M99900  chronic_disease     2026-01-01  -            -       |  3003
    340100   340800  referral            2026-01-01  2025-12-31   -       |  3002
    990100   320500  referral            2026-01-01  2025-12-31   -       |  3001
    340100   990500  referral            2026-01-01  2025-12-31   -       |  3001
"""
MARCH = a_registration(begins_on=date(2026, 3, 1), ends_on=date(2026, 3, 31))
PAPERS = {
    RegistrationCategory.RETIRED_RESETTLED: MaterialKind.RESETTLEMENT_PROOF,
    RegistrationCategory.LONG_TERM_RESIDENT: MaterialKind.RESIDENCE_PROOF,
    RegistrationCategory.POSTED_WORKER: MaterialKind.POSTING_PROOF,
    RegistrationCategory.REFERRAL: MaterialKind.REFERRAL_LETTER,
    RegistrationCategory.EMERGENCY: MaterialKind.EMERGENCY_PROOF,
    RegistrationCategory.OTHER_TEMPORARY: MaterialKind.FORM,
    RegistrationCategory.CHRONIC_DISEASE: MaterialKind.DIAGNOSIS_PROOF,
}


def papers(*kinds: MaterialKind) -> tuple[Material, ...]:
    return tuple(Material(kind=kind) for kind in kinds)


def wanted(**changes: Any) -> Registration:
    category = changes.get("category", RegistrationCategory.REFERRAL)
    usual: dict[str, Any] = {
        "state": RegistrationState.SUBMITTED,
        "place": "320500",
        "materials": papers(MaterialKind.CREDENTIAL, PAPERS[category]),
    }
    return a_registration(**usual | changes)


def submitted(
    one: Registration, *others: Registration, lock_in_months: int = 0, today: date = TODAY
) -> Submission:
    return Submission(one, PARTICIPANTS, others, lock_in_months, today)


def _registration(case: dict[str, str]) -> Registration:
    named = None if case["place"] == "-" else case["place"]
    is_disease = named is not None and named.startswith("M")
    return wanted(
        insured_division=case["insured"],
        insured_area=case["insured"][:2] + "0000",
        place=None if is_disease else named,
        disease_code=named if is_disease else None,
        category=RegistrationCategory(case["category"]),
        begins_on=date.fromisoformat(case["begins"]),
        ends_on=None if case["ends"] == "-" else date.fromisoformat(case["ends"]),
    )


@pytest.mark.parametrize("case", rows(CASES), ids=lambda case: "/".join(case.values()))
def test_the_first_rule_against_a_submission_refuses_it(case: dict[str, str]) -> None:
    others = [MARCH] if case["beside"] == "march" else []
    code = refusal(submitted(_registration(case), *others))
    assert (code.value if code else "-") == case["code"]


# What does for each category besides the credential; everything else is missing.
PAPERS_THAT_DO = """
    category            papers               |  does
    retired_resettled   resettlement_proof   |  yes
    retired_resettled   commitment           |  yes
    retired_resettled   residence_proof      |  no
    long_term_resident  residence_proof      |  yes
    long_term_resident  commitment           |  yes
    long_term_resident  form                 |  no
    posted_worker       posting_proof        |  yes
    posted_worker       commitment           |  yes
    referral            referral_letter      |  yes
    referral            commitment           |  no
    referral            form                 |  no
    emergency           emergency_proof      |  yes
    emergency           commitment           |  yes
    other_temporary     commitment           |  yes
    other_temporary     form                 |  yes
    other_temporary     other                |  yes
    other_temporary     credential           |  no
    chronic_disease     diagnosis_proof      |  yes
    chronic_disease     commitment           |  no
"""


@pytest.mark.parametrize("case", rows(PAPERS_THAT_DO), ids=lambda case: "/".join(case.values()))
def test_what_a_category_must_be_supported_by(case: dict[str, str]) -> None:
    category, paper = RegistrationCategory(case["category"]), MaterialKind(case["papers"])
    day = date(2026, 1, 1)
    given_papers = papers(MaterialKind.CREDENTIAL, paper)
    assert suffice(category, day, given_papers) == (case["does"] == "yes")
    without_credential = papers(*[paper for paper in [paper] if paper != "credential"])
    assert not suffice(category, day, without_credential)


def test_missing_papers_are_refused() -> None:
    code = refusal(submitted(wanted(materials=papers(MaterialKind.CREDENTIAL))))
    assert code == "4016"


# The next version of what stands. "stands" is the old one's state; it was filed on 2025-12-30.
VERSIONS = """
    old                 stands      insured  kind  subject  lock_in  new                 begins      |  code
    long_term_resident  active      340000   310   travel   0        long_term_resident  2026-03-02  |  -
    long_term_resident  suspended   340000   310   travel   0        posted_worker       2026-03-02  |  5001
    long_term_resident  active      340000   310   travel   2        long_term_resident  2026-03-02  |  -
    long_term_resident  active      340000   310   travel   3        long_term_resident  2026-03-02  |  4014
    long_term_resident  active      340000   310   travel   3        referral            2026-03-02  |  4014
    other_temporary     active      340000   310   travel   3        other_temporary     2026-03-02  |  -
    long_term_resident  active      340000   310   travel   0        long_term_resident  2025-12-01  |  -
    long_term_resident  submitted   340000   310   travel   0        long_term_resident  2026-03-02  |  5001
    long_term_resident  rejected    340000   310   travel   0        long_term_resident  2026-03-02  |  5001
    long_term_resident  cancelled   340000   310   travel   0        long_term_resident  2026-03-02  |  5001
    long_term_resident  superseded  340000   310   travel   0        long_term_resident  2026-03-02  |  5001
    long_term_resident  expired     340000   310   travel   0        long_term_resident  2026-03-02  |  5001
    long_term_resident  cancelled   340000   390   travel   0        long_term_resident  2026-03-02  |  4006
    long_term_resident  cancelled   350000   390   travel   0        long_term_resident  2026-03-02  |  4005
    chronic_disease     cancelled   350000   390   M03900   0        long_term_resident  2026-03-02  |  4018
    unknown             -           340000   310   travel   0        long_term_resident  2026-03-02  |  4018
"""
ENDED = {"cancelled", "superseded", "expired"}


@pytest.mark.parametrize("case", rows(VERSIONS), ids=lambda case: "/".join(case.values()))
def test_what_a_next_version_may_follow(case: dict[str, str]) -> None:
    id_ = RegistrationId(new_id())
    others = []
    if case["stands"] != "-":
        travel = case["subject"] == "travel"
        old = a_registration(
            registration_id=id_,
            category=RegistrationCategory(case["old"]),
            state=RegistrationState(case["stands"]),
            insured_area=case["insured"],
            insurance_kind=InsuranceKind(case["kind"]),
            place="320500" if travel else None,
            disease_code=None if travel else case["subject"],
            ended_on=date(2026, 2, 1) if case["stands"] in ENDED else None,
        )
        others = [old]
    begins = date.fromisoformat(case["begins"])
    new = wanted(category=RegistrationCategory(case["new"]), begins_on=begins, replaces=id_)
    code = refusal(submitted(new, *others, lock_in_months=int(case["lock_in"])))
    assert (code.value if code else "-") == case["code"]


def test_a_next_version_still_overlaps_a_third_one() -> None:
    old, third = a_registration(ends_on=date(2026, 2, 28)), MARCH
    new = wanted(replaces=old.registration_id, begins_on=date(2026, 2, 1))
    assert refusal(submitted(new, old)) is None
    assert (
        refusal(submitted(new, old, third)) == refusal_again(submitted(new, old, third)) == "4013"
    )


def test_a_disease_and_a_journey_and_two_diseases_do_not_overlap() -> None:
    chronic = RegistrationCategory.CHRONIC_DISEASE
    pressure = wanted(category=chronic, place=None, disease_code="M03900")
    sub_item = wanted(
        category=chronic, place=None, disease_code="M03901", state=RegistrationState.ACTIVE
    )
    sugar = wanted(
        category=chronic, place=None, disease_code="M01600", state=RegistrationState.ACTIVE
    )
    assert refusal(submitted(pressure, sugar, a_registration())) is None
    assert refusal(submitted(pressure, sub_item)) == "4013"


def test_what_was_cancelled_keeps_its_days_and_no_others() -> None:
    over = a_registration(state=RegistrationState.CANCELLED, ended_on=date(2026, 1, 31))
    never = a_registration(state=RegistrationState.CANCELLED)
    assert refusal(submitted(wanted(begins_on=date(2026, 2, 1)), over, never)) is None
    assert refusal(submitted(wanted(begins_on=date(2026, 1, 31)), over, never)) == "4013"


def test_the_order_of_the_rules_is_the_precedence() -> None:
    assert [rule.code.value for rule in RULES] == [
        *("3001", "3002", "3003", "4027", "4022", "3006", "4026", "4015", "4016"),
        *("4018", "4005", "4006", "5001", "4014", "4013"),
    ]


def test_every_rule_has_a_case_that_it_refuses() -> None:
    refused = {case["code"] for table in (CASES, VERSIONS) for case in rows(table)} - {"-"}
    assert refused | {"4016"} == {rule.code.value for rule in RULES}


def test_a_whole_unit_is_registered_as_a_whole() -> None:
    assert whole_place_of("310115") == "310000"
    assert whole_place_of("460200") == "460000"
    assert whole_place_of("320500") == "320500"
    assert whole_place_of("990100") == "990100"


def test_the_shortest_temporary_term_is_filled_in() -> None:
    assert shortest_end(date(2026, 3, 1)) == date(2026, 8, 31)
    assert shortest_end(date(2026, 8, 31)) == date(2027, 2, 28)
    assert shortest_end(date(2022, 3, 1)) is None


@given(begins_on=st.dates(date(2023, 1, 1), date(2090, 1, 1)))
def test_the_term_that_is_filled_in_is_long_enough_and_a_day_less_is_not(begins_on: date) -> None:
    end = shortest_end(begins_on)
    assert end is not None
    for days_less, expected in ((0, None), (1, "4015")):
        one = wanted(begins_on=begins_on, ends_on=end - timedelta(days=days_less))
        assert refusal(submitted(one)) == expected


@given(begins_on=st.dates(), months=st.integers(0, 24))
def test_months_are_counted_without_leaving_the_calendar(begins_on: date, months: int) -> None:
    after = first_day_after_months(begins_on, months)
    assert begins_on <= after <= date.max


@given(
    begins_on=st.dates(),
    ends_on=st.none() | st.dates(),
    place=st.sampled_from(["310115", "990000", "340100", None, "320500"]),
    disease=st.sampled_from([None, "", "M03900", "x" * 30]),
    category=st.sampled_from(RegistrationCategory),
    filed=st.datetimes(),
)
def test_no_submission_whatever_breaks_a_rule_instead_of_being_judged(
    begins_on: date,
    ends_on: date | None,
    place: str | None,
    disease: str | None,
    category: RegistrationCategory,
    filed: datetime,
) -> None:
    one = wanted(
        begins_on=begins_on,
        ends_on=ends_on,
        place=place,
        disease_code=disease,
        category=category,
        submitted_at=filed.replace(tzinfo=UTC, year=min(filed.year, 9000)),
    )
    for rule in RULES:
        assert rule.refuses(submitted(one, MARCH)) in {True, False}


def test_every_parameter_names_its_source() -> None:
    assert all(row.source for row in temporary_validities())
    assert all(row.source for row in materials_wanted())
    assert {row.category for row in materials_wanted()} == set(RegistrationCategory)
    assert (months_min_on(date(2022, 12, 31)), months_min_on(date(2023, 1, 1))) == (0, 6)
