"""The insured area's pure rules: tables that a clerk could check, and states that fit."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clock import SHANGHAI
from contracts.codes import (
    AreaCode,
    Channel,
    InsuranceKind,
    PersonType,
    RegistrationCategory,
    VisitKind,
)
from contracts.ids import PersonId, SettlementId, new_id
from contracts.refusal import RefusalCode
from participants.insured import area_file
from participants.insured.area_file import AreaFileWrong
from participants.insured.domain.choices import Assignment, Handling
from participants.insured.domain.entitlement import RULES, today_of
from participants.insured.domain.grant import (
    GRANT,
    Ending,
    Grant,
    GrantEvent,
    GrantState,
    tombstone,
)
from participants.insured.domain.insurance import Insurance, months_after
from tests.support.tables import rows

Row = dict[str, str]
AREA = AreaCode("320000")
NOW = datetime(2026, 3, 10, tzinfo=UTC)
ENDING = [one.name for one in fields(Ending)]
INSURANCE = Insurance(
    person_id=PersonId("A" * 29),
    born_on=date(1980, 2, 29),
    insurance_kind=InsuranceKind.EMPLOYEE,
    person_type=PersonType.ACTIVE,
    division="321081",
    in_force_from=date(2020, 5, 1),
    in_force_until=date(2026, 4, 30),
    civil_servant=False,
    account_balance_fen=0,
    policy_id=None,
)

IN_FORCE = """
    day        | in_force
    2020-04-30 | no
    2020-05-01 | yes
    2026-04-30 | yes
    2026-05-01 | no
"""
AGES = """
    day        | age
    1980-02-29 | 0
    1981-02-28 | 0
    1981-03-01 | 1
    2026-02-28 | 45
    2026-03-01 | 46
"""
MONTHS = """
    day        | months | after
    2025-09-01 | 6      | 2026-03-01
    2025-08-31 | 6      | 2026-02-28
    2023-08-31 | 6      | 2024-02-29
    2025-12-31 | 0      | 2025-12-31
    2025-12-31 | 13     | 2027-01-31
"""
POLICIES = """
    kind | division | day        | own       | policy
    310  | 321081   | 2026-03-10 | -         | yizheng-employee-2010
    310  | 321000   | 2026-03-10 | -         | yizheng-employee-2010
    310  | 321081   | 2010-09-27 | -         | yizheng-employee-2010
    310  | 321081   | 2010-09-26 | -         | none
    390  | 321081   | 2026-03-10 | -         | none
    310  | 321081   | 2026-03-10 | elsewhere | none
"""


@pytest.mark.parametrize("row", rows(IN_FORCE), ids=str)
def test_an_insurance_is_in_force_from_its_first_to_its_last_day(row: Row) -> None:
    assert INSURANCE.in_force_on(date.fromisoformat(row["day"])) is (row["in_force"] == "yes")


@pytest.mark.parametrize("row", rows(AGES), ids=str)
def test_a_year_of_age_is_complete_on_the_birthday(row: Row) -> None:
    assert INSURANCE.age_years_on(date.fromisoformat(row["day"])) == int(row["age"])


@pytest.mark.parametrize("row", rows(MONTHS), ids=str)
def test_a_waiting_period_ends_on_the_same_day_of_a_later_month(row: Row) -> None:
    after = months_after(date.fromisoformat(row["day"]), int(row["months"]))
    assert after == date.fromisoformat(row["after"])


@pytest.mark.parametrize("row", rows(POLICIES), ids=str)
def test_the_policy_of_a_case_is_data(row: Row) -> None:
    own = None if row["own"] == "-" else row["own"]
    kind = InsuranceKind(row["kind"])
    one = replace(INSURANCE, insurance_kind=kind, division=row["division"], policy_id=own)
    found = area_file.load(AREA).policy_for(one, date.fromisoformat(row["day"]))
    assert (found.id if found else "none") == row["policy"]


def test_an_assignment_may_hold_for_some_divisions_and_for_a_time() -> None:
    known = area_file.load(AREA)
    only = Assignment(
        insurance_kind=InsuranceKind.EMPLOYEE,
        policy_id="yizheng-employee-2010",
        valid_from=date(2020, 1, 1),
        valid_to=date(2026, 3, 10),
        divisions=frozenset({"321081"}),
    )
    area = replace(known, assignments=(only,))
    assert area.policy_for(INSURANCE, date(2026, 3, 10)) is not None
    assert area.policy_for(INSURANCE, date(2026, 3, 11)) is None
    assert area.policy_for(replace(INSURANCE, division="321000"), date(2026, 3, 10)) is None


def test_the_order_of_refusals_is_pinned() -> None:
    assert [code.name for _, code, _, _ in RULES] == [
        "UNKNOWN_AREA",
        "PARTS_DO_NOT_ADD_UP",
        "DATES_IMPOSSIBLE",
        "DATES_IMPOSSIBLE",
        "DATES_IMPOSSIBLE",
        "PERSON_UNKNOWN",
        "INSURANCE_KIND_DIFFERS",
        "INSURED_ELSEWHERE",
        "INSURANCE_NOT_IN_FORCE",
        "IN_ARREARS",
        "CHRONIC_DISEASE_NOT_OPEN",
        "CHRONIC_NOT_ELIGIBLE",
        "NO_POLICY",
        "INSURANCE_NOT_IN_FORCE",
    ]


def test_nothing_leaves_a_release_and_every_state_answers_one() -> None:
    assert GRANT.terminal() == {GrantState.RELEASED, GrantState.REFUSED, GrantState.TOMBSTONE}
    assert all(GRANT.allows(state, GrantEvent.RELEASE) for state in GrantState)


events = st.lists(st.tuples(st.sampled_from(GrantEvent), st.integers(10, 11)), max_size=8)


@given(start=st.sampled_from([GrantState.GRANTED, GrantState.REFUSED]), story=events)
def test_once_given_back_nothing_is_held_again(
    start: GrantState, story: list[tuple[GrantEvent, int]]
) -> None:
    grant = Grant(settlement_id=SettlementId(new_id()), person_id=INSURANCE.person_id, state=start)
    code = RefusalCode.NO_POLICY if start is GrantState.REFUSED else None
    grant = replace(grant, code=code, calculated_at=NOW)
    held = [grant.is_held]
    for event, day in story:
        grant = _after(grant, event, date(2026, 3, day))
        held.append(grant.is_held)
        assert grant.was_granted is (start is GrantState.GRANTED)
    assert held == sorted(held, reverse=True)


def test_a_tombstone_stays_one() -> None:
    grant = tombstone(SettlementId(new_id()), INSURANCE.person_id, NOW)
    assert grant.released(NOW) == grant
    assert _after(grant, GrantEvent.SETTLE, date(2026, 3, 10)) == grant


SHIPPED = area_file.load(AREA)


def test_every_category_is_handled_and_long_term_residents_are_paid_as_at_home() -> None:
    assert set(SHIPPED.handling) == set(RegistrationCategory)
    assert SHIPPED.handling[RegistrationCategory.REFERRAL] is Handling.DESK
    assert sorted(SHIPPED.as_at_home) == [
        "long_term_resident",
        "posted_worker",
        "retired_resettled",
    ]


GOOD = """
as_at_home = []
commitment_counts_as = "other_temporary"
not_needed_counts_as = "unregistered"
policies = [{ insurance = "310", policy = "yizheng-employee-2010", valid_from = 2010-09-27 }]
agencies = [{ division = "{area}", name = "{name}医保中心", phone = "12393", address = "一号" }]
pooling_areas = [
    { division = "321000", name = "扬州市", opened = ["inpatient"], since = 2023-01-01 },
]
parameters = [
    { name = "average_wage", value = "60000.00", valid_from = 2025-07-01, source = "公报" },
    { name = "average_wage", value = "54321.50", valid_from = 2024-07-01, source = "公报" },
]
[registrations]
retired_resettled = "auto"
long_term_resident = "auto"
posted_worker = "auto"
emergency = "auto"
other_temporary = "auto"
referral = "desk"
chronic_disease = "desk"
[[terms]]
holds_from = 2026-07-01
need_registration = { outpatient = false, chronic = true, pharmacy = false }
lock_in_months = 6
source = "通知"
[[terms]]
holds_from = 2023-01-01
need_registration = { outpatient = true, chronic = true, pharmacy = true }
lock_in_months = 0
source = "规程"
[[desk_deadlines]]
holds_from = 2023-01-01
channels = ["window", "phone", "app", "mini_programme", "web", "hospital"]
working_days = 0
source = "规程"
"""
WRONG = [
    (GOOD.replace('"desk"', '"maybe"', 1), r"registrations\.referral"),
    (GOOD.replace('referral = "desk"', ""), r"registrations\.referral: no word"),
    (GOOD.replace("yizheng-employee-2010", "atlantis"), r"policies\.0\.policy: atlantis"),
    (GOOD.replace('"310"', '"390"'), "another insurance"),
    (GOOD.replace("as_at_home = []", 'as_at_home = ["tourist"]'), "as_at_home"),
    (GOOD + 'more = "x"', "more"),
    ("as_at_home = [", "area.toml"),
    (GOOD.replace('"unregistered"', '"at home"'), "not_needed_counts_as"),
    (GOOD.replace('as = "other_temporary"', 'as = "posted_worker"', 1), "commitment_counts_as"),
    (GOOD.replace("outpatient = false, ", ""), r"need_registration\.outpatient"),
    (GOOD.replace("lock_in_months = 6", "lock_in_months = 61"), r"terms\.0\.lock_in_months"),
    (GOOD.replace("2026-07-01", "2023-01-01"), "terms: two rows hold from 2023-01-01"),
    (GOOD.replace('"phone", ', ""), "desk_deadlines: no deadline for phone"),
    (GOOD.replace("working_days = 0", "working_days = -1"), "working_days"),
    (GOOD.replace('"321000"', '"340100"'), r"pooling_areas\.0\.division: 340100"),
    (GOOD.replace('"{area}"', '"310000"'), r"agencies\.0\.division: 310000"),
    (GOOD.replace("60000.00", "60000.005"), r"parameters\.0\.value"),
    (GOOD.replace("2025-07-01", "2024-07-01"), "two values of average_wage"),
    (GOOD.replace("2010-09-27 }", "2010-09-27, valid_to = 2010-01-01 }"), "valid_to"),
    (GOOD.replace("yizheng-employee-2010", "chengdu-employee-2022"), "average_wage from 2022-"),
    (
        GOOD.replace("yizheng-employee-2010", "henan-employee-2001").replace("average_", "mean_"),
        r"policies\.0\.policy: henan-employee-2001 needs the parameter average_wage",
    ),
]


@pytest.mark.parametrize(("content", "named"), WRONG, ids=[named for _, named in WRONG])
def test_a_wrong_rules_file_is_never_rules(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "area.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AreaFileWrong, match=named):
        area_file.load(AREA, path)


def test_an_area_may_bring_its_own_rules(tmp_path: Path) -> None:
    path = tmp_path / "area.toml"
    path.write_text(GOOD, encoding="utf-8")
    found = area_file.load(AREA, path)
    assert (found.as_at_home, found.not_needed_counts_as) == (frozenset(), None)
    assert found.commitment_counts_as is RegistrationCategory.OTHER_TEMPORARY
    assert [row.holds_from.year for row in found.terms] == [2023, 2026]
    assert found.terms[1].need_registration == (VisitKind.CHRONIC,)
    assert (found.agencies[0].division, found.agencies[0].name) == (AREA, "江苏省医保中心")
    with pytest.raises(AreaFileWrong):
        area_file.load(AreaCode("990000"))


PARAMETERS = """
    day        | average_wage_fen
    2024-06-30 | none
    2024-07-01 | 5432150
    2025-06-30 | 5432150
    2025-07-01 | 6000000
"""


@pytest.mark.parametrize("row", rows(PARAMETERS), ids=str)
def test_a_parameter_holds_from_its_day_until_the_next(tmp_path: Path, row: Row) -> None:
    path = tmp_path / "area.toml"
    path.write_text(GOOD, encoding="utf-8")
    found = area_file.load(AREA, path).parameters_on(date.fromisoformat(row["day"]))
    assert str(found.get("average_wage_fen", "none")) == row["average_wage_fen"]


# 2026-02-14 and 02-28 are Saturdays made working days, 02-15 to 02-23 is the Spring Festival.
DEADLINES = """
    filed      | channel  | due
    2026-03-10 | window   | 2026-03-10
    2026-03-14 | window   | 2026-03-16
    2026-02-14 | window   | 2026-02-14
    2026-02-16 | window   | 2026-02-24
    2026-03-10 | app      | 2026-03-11
    2026-03-13 | hospital | 2026-03-16
    2026-03-14 | web      | 2026-03-16
    2026-02-14 | app      | 2026-02-24
    2026-02-27 | app      | 2026-02-28
"""


@pytest.mark.parametrize("row", rows(DEADLINES), ids=str)
def test_the_desk_has_its_working_days(row: Row) -> None:
    filed_on = date.fromisoformat(row["filed"])
    due_on = SHIPPED.due_on(Channel(row["channel"]), filed_on)
    assert due_on == date.fromisoformat(row["due"])


def _after(grant: Grant, event: GrantEvent, day: date) -> Grant:
    if event is GrantEvent.RELEASE:
        return grant.released(NOW)
    ending = Ending(**{name: getattr(grant, name) for name in ENDING})
    after = ending.concluded(event, day, NOW) or ending
    return replace(grant, **{name: getattr(after, name) for name in ENDING})


@pytest.mark.parametrize(
    ("seconds_to_midnight", "day"), [(61, 9), (60, 10), (1, 10), (0, 10), (-86_339, 10)]
)
def test_at_midnight_the_clock_of_the_treatment_area_may_be_ahead(
    seconds_to_midnight: int, day: int
) -> None:
    midnight = datetime(2026, 3, 10, tzinfo=SHANGHAI)
    assert today_of(midnight - timedelta(seconds=seconds_to_midnight)) == date(2026, 3, day)
