"""As what care counts, how long somebody is entitled, and what a refusal asks people to do."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import PersonId, RegistrationId, new_id
from contracts.messages.registration import RegistrationStanding
from contracts.messages.settlement import Basis, Care, Standing
from participants.insured import area_file
from participants.insured.domain.benefit_category import (
    Treated,
    category_for_benefit,
    counted,
)
from participants.insured.domain.calculation import CODE_OF_FIELD
from participants.insured.domain.eligibility import Eligibility, Source, after_step, is_eligible
from participants.insured.domain.entitlement import RULES
from participants.insured.domain.fixes import FIX_CHARS_MAX, fix_of, fixes
from participants.insured.domain.review import REVIEW, ReviewEvent, ReviewState
from participants.policy.benefits import Elsewhere
from tests.support.tables import rows

Row = dict[str, str]
HOME, AWAY = "321081", "310101"
SHIPPED = area_file.load(AreaCode("320000"))
DAY = date(2026, 3, 10)
CARE = Care(
    person_id="A" * 29,
    insured_division=HOME,
    treatment_division=AWAY,
    insurance_kind=InsuranceKind.EMPLOYEE,
    visit_kind=VisitKind.OUTPATIENT,
    hospital_code="H31010100001",
    hospital_level=2,
    admitted_on=DAY,
    discharged_on=DAY,
)

# commitment: what a long-term registration by mere 承诺书 counts as; free: care that needs none.
COUNTED = """
    basis      | category           | promised | emergency | place | commitment      | free            | paid_as
    registered | retired_resettled  | no       | no        | away  | own             | unregistered    | long_term
    registered | long_term_resident | no       | yes       | away  | own             | unregistered    | long_term
    registered | posted_worker      | yes      | no        | away  | own             | unregistered    | long_term
    registered | posted_worker      | yes      | no        | away  | other_temporary | unregistered    | other
    registered | posted_worker      | no       | no        | away  | other_temporary | unregistered    | long_term
    registered | posted_worker      | yes      | yes       | away  | other_temporary | unregistered    | emergency
    registered | referral           | no       | no        | away  | other_temporary | unregistered    | referral
    registered | referral           | yes      | no        | away  | other_temporary | unregistered    | referral
    registered | referral           | no       | yes       | away  | own             | unregistered    | emergency
    registered | other_temporary    | no       | no        | away  | own             | unregistered    | other
    registered | other_temporary    | no       | yes       | away  | own             | unregistered    | emergency
    registered | emergency          | no       | no        | away  | own             | unregistered    | emergency
    deemed     | emergency          | no       | yes       | away  | own             | unregistered    | emergency
    not_needed | -                  | no       | no        | away  | own             | unregistered    | unregistered
    not_needed | -                  | no       | no        | away  | own             | other_temporary | other
    not_needed | -                  | no       | no        | away  | own             | posted_worker   | long_term
    not_needed | -                  | no       | yes       | away  | own             | unregistered    | emergency
    not_needed | -                  | no       | yes       | away  | own             | other_temporary | emergency
    not_needed | long_term_resident | no       | no        | away  | own             | unregistered    | long_term
    registered | chronic_disease    | no       | no        | away  | own             | other_temporary | unregistered
    registered | other_temporary    | no       | no        | home  | own             | unregistered    | -
    registered | posted_worker      | no       | no        | home  | own             | unregistered    | back_home
"""


def category(text: str) -> RegistrationCategory | None:
    return None if text in {"-", "own", "unregistered"} else RegistrationCategory(text)


@pytest.mark.parametrize("row", rows(COUNTED), ids=str)
def test_care_is_paid_as_the_area_decided(row: Row) -> None:
    area = replace(
        SHIPPED,
        commitment_counts_as=category(row["commitment"]),
        not_needed_counts_as=category(row["free"]),
    )
    care = CARE.model_copy(
        update={
            "flags": ("emergency",) if row["emergency"] == "yes" else (),
            "treatment_division": HOME if row["place"] == "home" else AWAY,
        }
    )
    standing = Standing(
        basis=Basis(row["basis"]),
        category=category(row["category"]),
        by_commitment=row["promised"] == "yes",
    )
    found = category_for_benefit(Treated(area, care, standing, HOME))
    assert found == (None if row["paid_as"] == "-" else Elsewhere(row["paid_as"]))


standings = st.builds(
    Standing,
    basis=st.sampled_from(Basis),
    category=st.sampled_from([None, *RegistrationCategory]),
    by_commitment=st.booleans(),
)


@given(standing=standings)
def test_an_emergency_never_counts_as_less_than_an_emergency(standing: Standing) -> None:
    emergency = CARE.model_copy(update={"flags": ("emergency",)})
    with_it = category_for_benefit(Treated(SHIPPED, emergency, standing, HOME))
    assert with_it in {Elsewhere.EMERGENCY, Elsewhere.LONG_TERM}
    if with_it is Elsewhere.LONG_TERM:
        assert counted(Treated(SHIPPED, CARE, standing, HOME)) == standing.category


def eligibility(code: str = "M03900", ends: date | None = None) -> Eligibility:
    return Eligibility(
        person_id=PersonId("A" * 29),
        insurance_kind=InsuranceKind.EMPLOYEE,
        disease_code=code,
        valid_from=DAY,
        valid_to=ends,
        source=Source.REGISTRATION,
        registration_id=RegistrationId(new_id()),
    )


ELIGIBLE = """
    recognised | asked  | day        | eligible
    M03900     | M03900 | 2026-03-10 | yes
    M03900     | M03900 | 2026-03-09 | no
    M03900     | M03900 | 2026-03-20 | yes
    M03900     | M03900 | 2026-03-21 | no
    M03900     | M03901 | 2026-03-10 | yes
    M03901     | M03900 | 2026-03-10 | yes
    M03900     | M01600 | 2026-03-10 | no
    M99900     | M99900 | 2026-03-10 | no
"""


@pytest.mark.parametrize("row", rows(ELIGIBLE), ids=str)
def test_a_recognition_holds_for_its_disease_and_its_days(row: Row) -> None:
    known = [eligibility(row["recognised"], date(2026, 3, 20))]
    found = is_eligible(known, row["asked"], date.fromisoformat(row["day"]))
    assert found is (row["eligible"] == "yes")


_R = RegistrationStanding
steps = st.lists(
    st.tuples(st.sampled_from([_R.ACTIVE, _R.SUSPENDED]), st.integers(-5, 40)), max_size=8
)


@given(
    story=steps, ends=st.sampled_from([None, DAY + timedelta(days=30)]), last=st.integers(-5, 40)
)
def test_what_a_registration_entitles_to_has_the_gaps_that_it_has(
    story: list[tuple[RegistrationStanding, int]], ends: date | None, last: int
) -> None:
    """Goal: the rows say the same as a day-by-day account of the steps, in the order of days."""
    whole, standing = eligibility(ends=ends), None
    known: list[Eligibility] = []
    days = sorted(offset for _, offset in story)
    walked = [(_R.ACTIVE, -10), *zip((state for state, _ in story), days, strict=True)]
    for state, offset in walked:
        known = after_step(
            known,
            whole,
            stood=standing,
            state=state,
            day=DAY + timedelta(days=offset),
            ended_on=None,
        )
        standing = state
    over = DAY + timedelta(days=max([last, *days]))
    known = after_step(
        known,
        whole,
        stood=standing,
        state=_R.CANCELLED,
        day=over,
        ended_on=over,
    )
    for offset in range(-15, 45):
        day = DAY + timedelta(days=offset)
        before = [state for state, at in walked if at <= offset]
        counts = bool(before) and before[-1] is _R.ACTIVE
        inside = whole.valid_from <= day <= min(over, whole.valid_to or over)
        assert any(one.holds_on(day) for one in known) is (counts and inside), day


def test_what_begins_again_after_its_end_entitles_to_nothing_more() -> None:
    whole = eligibility(ends=DAY + timedelta(days=5))
    cut = after_step([whole], whole, stood=_R.ACTIVE, state=_R.SUSPENDED, day=DAY, ended_on=None)
    assert cut == []
    late = DAY + timedelta(days=6)
    again = after_step([], whole, stood=_R.SUSPENDED, state=_R.ACTIVE, day=late, ended_on=None)
    assert again == []


def test_every_refusal_of_the_area_has_its_remedy() -> None:
    codes = {code for _, code, _, _ in RULES} | set(CODE_OF_FIELD.values())
    assert codes == set(fixes())
    assert all(len(fix_of(code, "字" * 300)) == FIX_CHARS_MAX for code in codes)


def test_a_review_is_decided_once_and_nothing_leaves_a_decision() -> None:
    assert REVIEW.terminal() == set(ReviewState) - {ReviewState.WAITING}
    assert all(REVIEW.allows(ReviewState.WAITING, event) for event in ReviewEvent)
