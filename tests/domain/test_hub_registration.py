"""The states of a registration, what each step changes, and the days on which it counts."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import MaterialKind, RegistrationCategory
from contracts.ids import MessageId, new_id
from contracts.messages.registration import Change, Material
from contracts.state_machine import IllegalStep
from hub.domain import stepping
from hub.domain.changing import MADE, RULES, Asked, Wish, refusal
from hub.domain.registration import (
    IN_FORCE,
    REGISTRATION,
    Registration,
    RegistrationEvent,
    RegistrationState,
)
from tests.support.hub import FROM_INSURED, FROM_TREATMENT, TODAY, a_registration
from tests.support.tables import rows

PROOF = Material(kind=MaterialKind.RESIDENCE_PROOF)

# Today is 2026-03-02. Where each step leads from each state; "no" is not permitted.
STATES = """
    state       accept  reject    cancel     supplement  suspend    resume  expire   supersede
    submitted   active  rejected  cancelled  submitted   no         no      no       no
    active      no      no        cancelled  active      suspended  no      expired  superseded
    suspended   no      no        cancelled  suspended   no         active  expired  no
    rejected    no      no        no         no          no         no      no       no
    cancelled   no      no        no         no          no         no      no       no
    expired     no      no        no         no          no         no      no       no
    superseded  no      no        no         no          no         no      no       no
"""


@pytest.mark.parametrize("case", rows(STATES), ids=lambda case: case["state"])
def test_the_state_table_row_by_row(case: dict[str, str]) -> None:
    state = RegistrationState(case["state"])
    for event in RegistrationEvent:
        if case[event] == "no":
            with pytest.raises(IllegalStep):
                REGISTRATION.after(state, event)
        else:
            assert REGISTRATION.after(state, event) == case[event]


def test_the_table_names_every_state_and_what_ends_is_over() -> None:
    assert {case["state"] for case in rows(STATES)} == set(RegistrationState)
    over = {state for state in RegistrationState if state not in IN_FORCE} - {"submitted"}
    assert REGISTRATION.terminal() == over


def a_standing_one(**changes: Any) -> Registration:
    """Accepted, for the first half of 2026."""
    return a_registration(ends_on=date(2026, 6, 30), **changes)


# What it counts after each step taken on a day: the last day before, on and after it that holds.
STEPS = """
    step       on          |  before  then  after  ended_on
    suspend    2026-03-02  |  yes     no   no     -
    cancel     2026-03-02  |  yes     no   no     2026-03-01
    cancel     2026-01-01  |  no      no   no     2025-12-31
    cancel     2026-07-20  |  no      no   no     2026-06-30
    supersede  2026-03-02  |  yes     no   no     2026-03-01
    supersede  2025-12-01  |  no      no   no     2025-11-30
    supersede  2026-09-01  |  no      no   no     2026-06-30
"""


@pytest.mark.parametrize("case", rows(STEPS), ids=lambda case: "/".join(case.values()))
def test_what_counts_after_a_step(case: dict[str, str]) -> None:
    day, one = date.fromisoformat(case["on"]), a_standing_one()
    after = {
        "suspend": lambda: stepping.suspended(one, (), day),
        "cancel": lambda: stepping.cancelled(one, (), day),
        "supersede": lambda: stepping.superseded(one, a_registration(begins_on=day)),
    }[case["step"]]()
    around = (day - timedelta(days=1), day, day + timedelta(days=1))
    held = ["yes" if after.holds_on(each) else "no" for each in around]
    assert held == [case["before"], case["then"], case["after"]]
    assert str(after.ended_on or "-") == case["ended_on"]
    assert after.step_count == one.step_count + 1


def test_what_was_taken_back_before_it_was_decided_never_counted() -> None:
    waiting = a_standing_one(state=RegistrationState.SUBMITTED)
    after = stepping.cancelled(waiting, (), TODAY)
    assert (after.state, after.ended_on, after.ever_counted()) == ("cancelled", None, False)


def test_an_expired_one_still_counts_for_its_days() -> None:
    over = stepping.expired(a_standing_one())
    assert over.holds_on(date(2026, 6, 30))
    assert not over.holds_on(date(2026, 7, 1))


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(periods=st.lists(st.tuples(days, days), max_size=4), day=days)
def test_a_day_is_suspended_when_a_suspension_was_not_lifted_by_then(
    periods: list[tuple[date, date]], day: date
) -> None:
    one, suspended = a_registration(), False
    moments = sorted(moment for period in periods for moment in period)
    for begin, end in zip(moments[::2], moments[1::2], strict=True):
        one = stepping.resumed(stepping.suspended(one, (), begin), (), end)
        suspended = suspended or begin <= day < end
    assert one.holds_on(day) == (not suspended)
    assert one.state is RegistrationState.ACTIVE


@given(a=days, b=days, c=days, d=days)
def test_two_registrations_overlap_when_one_day_lies_in_both(
    a: date, b: date, c: date, d: date
) -> None:
    one = a_registration(begins_on=min(a, b), ends_on=max(a, b))
    other = a_registration(begins_on=min(c, d), ends_on=max(c, d))
    every_day = [date(2026, 1, 1) + timedelta(n) for n in range(365)]
    together = any(one.holds_on(day) and other.holds_on(day) for day in every_day)
    assert one.overlaps(other) == other.overlaps(one) == together


@given(begins=days, ends=days, next_begins=days)
def test_no_day_belongs_to_two_versions(begins: date, ends: date, next_begins: date) -> None:
    old = a_registration(begins_on=min(begins, ends), ends_on=max(begins, ends))
    new = a_registration(begins_on=next_begins, replaces=old.registration_id)
    gone = stepping.superseded(old, new)
    assert not gone.overlaps(new)
    for day in (begins, ends, next_begins, next_begins - timedelta(days=1)):
        assert not (gone.holds_on(day) and new.holds_on(day))
        assert gone.holds_on(day) == (old.holds_on(day) and day < next_begins)


# Who may ask for what; filed by the treatment area's hospital on 2025-12-30, three months ago.
# "papers" many: 20 of other kinds are in already.
WISHES = """
    change      party      state      category            lock_in  papers  |  code
    cancel      filer      active     long_term_resident  0        -       |  -
    cancel      filer      submitted  referral            0        -       |  -
    cancel      insured    suspended  long_term_resident  0        -       |  -
    cancel      person     active     referral            0        -       |  -
    cancel      stranger   active     referral            0        -       |  1013
    cancel      filer      active     long_term_resident  2        -       |  -
    cancel      filer      active     long_term_resident  3        -       |  4014
    cancel      person     active     long_term_resident  3        -       |  4014
    cancel      insured    active     long_term_resident  3        -       |  -
    cancel      filer      active     referral            3        -       |  -
    cancel      filer      submitted  long_term_resident  3        -       |  -
    cancel      filer      cancelled  long_term_resident  3        -       |  5001
    suspend     insured    active     referral            0        -       |  -
    suspend     filer      active     referral            0        -       |  1013
    suspend     person     active     referral            0        -       |  1013
    suspend     insured    suspended  referral            0        -       |  5001
    suspend     insured    submitted  referral            0        -       |  5001
    resume      insured    suspended  referral            0        -       |  -
    resume      filer      suspended  referral            0        -       |  1013
    resume      insured    active     referral            0        -       |  5001
    supplement  filer      active     long_term_resident  9        one     |  -
    supplement  person     submitted  long_term_resident  0        one     |  -
    supplement  insured    suspended  long_term_resident  0        one     |  -
    supplement  filer      active     long_term_resident  0        -       |  1004
    supplement  filer      active     long_term_resident  0        many    |  1005
    supplement  filer      rejected   long_term_resident  0        -       |  5001
    supplement  stranger   rejected   long_term_resident  0        -       |  1013
"""
PARTIES = {
    "filer": FROM_TREATMENT,
    "insured": FROM_INSURED,
    "person": "person",
    "stranger": "treatment.320000",
}


def _asked(case: dict[str, str]) -> Asked:
    one = a_registration(
        state=RegistrationState(case["state"]),
        category=RegistrationCategory(case["category"]),
        materials=tuple(
            Material(kind=MaterialKind.OTHER, reference=str(number))
            for number in range(20 if case["papers"] == "many" else 1)
        ),
    )
    wish = Wish(
        change_id=MessageId(new_id()),
        registration_id=one.registration_id,
        person_id=one.person_id,
        change=Change(case["change"]),
        materials=() if case["papers"] == "-" else (PROOF,),
        reason="回参保地",
        by="经办员007",
        party=PARTIES[case["party"]],
    )
    return Asked(wish, one, int(case["lock_in"]), TODAY)


@pytest.mark.parametrize("case", rows(WISHES), ids=lambda case: "/".join(case.values()))
def test_who_may_change_what_and_when(case: dict[str, str]) -> None:
    code = refusal(_asked(case))
    assert (code.value if code else "-") == case["code"]


def test_every_rule_of_a_change_refuses_something_and_their_order_is_the_precedence() -> None:
    assert [code.value for code, _ in RULES] == ["1013", "5001", "1004", "1005", "4014"]
    assert {case["code"] for case in rows(WISHES)} - {"-"} == {code.value for code, _ in RULES}


def test_every_change_is_a_step_of_the_table() -> None:
    assert set(MADE) == set(Change)
    assert [event.value for event, _ in MADE.values()] == [change.value for change in MADE]


def test_a_supplement_adds_papers_once_and_a_replay_still_says_the_same() -> None:
    first = Material(kind=MaterialKind.CREDENTIAL)
    one = a_standing_one(materials=(first,), materials_filed=1)
    after = stepping.supplemented(one, (PROOF, first), TODAY)
    assert after.materials == (first, PROOF)
    assert stepping.supplemented(after, (PROOF,), TODAY).materials == after.materials
    assert after.says_the_same_as(one)
    assert not after.says_the_same_as(a_standing_one(materials=(PROOF,), materials_filed=1))
    assert not after.says_the_same_as(a_standing_one())
