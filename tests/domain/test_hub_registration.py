"""Which registrations the hub passes on to the insured area, and which one a visit is judged by."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import RegistrationCategory
from hub.domain.registration import (
    RULES,
    Registration,
    RegistrationState,
    Submission,
    applicable,
    refusal,
    whole_place_of,
)
from hub.domain.rules import first_day_after_months, months_min_on, temporary_validities
from tests.domain.test_hub_acceptance import PARTICIPANTS
from tests.support.hub import NOW, a_registration
from tests.support.tables import rows

# A temporary registration lasts at least six months (from 2023 on); its last day counts.
CASES = """
    insured  place   category            begins      ends        |  code
    340100   310000  referral            2026-01-01  -           |  -
    340100   320500  referral            2026-01-01  2026-06-30  |  -
    340100   320500  emergency           2026-08-31  2027-02-28  |  -
    340100   320500  other_temporary     2026-01-01  2026-06-29  |  4015
    340100   320500  emergency           2026-08-31  2027-02-27  |  4015
    340100   320500  other_temporary     2022-01-01  2022-01-02  |  -
    340100   320500  retired_resettled   2026-01-01  2026-01-01  |  -
    340100   320500  posted_worker       2026-01-01  2025-12-31  |  3006
    340100   320500  referral            2026-01-01  2025-12-31  |  3006
    340100   320500  referral            2025-06-01  2025-12-31  |  -
    340100   320500  referral            2025-05-01  2026-05-01  |  4013
    340100   320500  posted_worker       2025-05-01  -           |  -
    360100   320500  referral            2026-01-01  2025-12-31  |  3003
    340100   340800  referral            2026-01-01  2025-12-31  |  3002
    990100   320500  referral            2026-01-01  2025-12-31  |  3001
    340100   990500  referral            2026-01-01  2025-12-31  |  3001
"""
OVERLAPPED = "4013"


def _registration(case: dict[str, str]) -> Registration:
    return a_registration(
        state=RegistrationState.SUBMITTED,
        insured_division=case["insured"],
        insured_area=case["insured"][:2] + "0000",
        place=case["place"],
        category=RegistrationCategory(case["category"]),
        begins_on=date.fromisoformat(case["begins"]),
        ends_on=None if case["ends"] == "-" else date.fromisoformat(case["ends"]),
    )


@pytest.mark.parametrize("case", rows(CASES), ids=lambda case: "/".join(case.values()))
def test_the_first_rule_against_a_submission_refuses_it(case: dict[str, str]) -> None:
    march = a_registration(begins_on=date(2026, 3, 1), ends_on=date(2026, 3, 31))
    active = [march] if case["code"] == OVERLAPPED else []
    code = refusal(Submission(_registration(case), PARTICIPANTS, active))
    assert (code.value if code else "-") == case["code"]


def test_every_rule_has_a_case_that_it_refuses() -> None:
    refused = {case["code"] for case in rows(CASES)} - {"-"}
    assert refused == {code.value for code, _ in RULES}


def test_a_whole_unit_is_registered_as_a_whole() -> None:
    assert whole_place_of("310115") == "310000"
    assert whole_place_of("460200") == "460000"
    assert whole_place_of("320500") == "320500"
    assert whole_place_of("990100") == "990100"


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(a=days, b=days, c=days, d=days)
def test_two_registrations_overlap_when_one_day_lies_in_both(
    a: date, b: date, c: date, d: date
) -> None:
    one = a_registration(begins_on=min(a, b), ends_on=max(a, b))
    other = a_registration(begins_on=min(c, d), ends_on=max(c, d))
    every_day = [date(2026, 1, 1) + timedelta(n) for n in range(365)]
    together = any(one.holds_on(day) and other.holds_on(day) for day in every_day)
    assert one.overlaps(other) == other.overlaps(one) == together


@given(begins_on=st.dates(), months=st.integers(0, 24))
def test_months_are_counted_without_leaving_the_calendar(begins_on: date, months: int) -> None:
    after = first_day_after_months(begins_on, months)
    assert begins_on <= after <= date.max


def test_a_visit_is_judged_by_the_registration_that_holds_its_day() -> None:
    january = a_registration(ends_on=date(2026, 1, 31))
    february = a_registration(begins_on=date(2026, 2, 1), ends_on=date(2026, 2, 28))
    newest = a_registration(state=RegistrationState.SUBMITTED, submitted_at=NOW + timedelta(days=1))
    all_of_them = [january, february, newest]
    assert applicable(all_of_them, date(2026, 1, 15)) == january
    assert applicable(all_of_them, date(2026, 2, 15)) == february
    assert applicable([newest], date(2026, 2, 15)) == newest
    assert applicable([], date(2026, 2, 15)) is None


def test_every_parameter_names_its_source() -> None:
    assert all(row.source for row in temporary_validities())
    assert (months_min_on(date(2022, 12, 31)), months_min_on(date(2023, 1, 1))) == (0, 6)
