"""结算预检: all that is in the way, with what to do; and it agrees with the settlement after it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts import topics
from contracts.codes import InsuranceKind, PersonType, RegistrationCategory, VisitKind
from contracts.ids import EnquiryId, MessageId, new_id
from contracts.message import Head, Message
from contracts.messages.enquiry import Check, CheckName, PreflightForwarded, PreflightJudged
from contracts.messages.settlement import (
    Basis,
    CalculationRefused,
    Care,
    SettlementCalculated,
    Standing,
)
from participants.insured import area_file
from participants.insured.domain.person_file import PersonRow
from participants.insured.services import preflight
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import (
    AREA,
    NOON,
    TODAY,
    InsuredArea,
    care,
    request,
    row,
    standing,
)
from tests.support.statements import heard
from tests.support.tables import rows

Row = dict[str, str]
REGISTERED = standing(RegistrationCategory.OTHER_TEMPORARY)
CHRONIC: dict[str, Any] = {"visit_kind": VisitKind.CHRONIC, "disease_code": "M03900"}


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    return InsuredArea(databases.fresh("insured", migrate))


def ask(area: InsuredArea, about: Care, on: Standing = REGISTERED) -> tuple[Check, ...]:
    (said,) = area.hear(forwarded(about, on))
    assert isinstance(said, PreflightJudged)
    assert (said.enquiry_id, said.care, said.standing) == (EnquiryId(UUID(int=5)), about, on)
    return said.checks


def forwarded(about: Care, on: Standing = REGISTERED) -> PreflightForwarded:
    return PreflightForwarded(
        enquiry_id=EnquiryId(UUID(int=5)), treatment_area="310000", care=about, standing=on
    )


# Each check: its name, and the code where it does not pass.
FOUND = """
    what                      | insurance | chronic | policy
    all-is-well               | ok        | ok      | ok
    nobody-knows-the-person   | 4010      | -       | -
    insured-in-another-kind   | 4006      | -       | -
    insured-in-another-city   | 4005      | ok      | ok
    insurance-ended-before    | 4011      | ok      | ok
    in-arrears-by-then        | 4019      | ok      | ok
    in-arrears-the-day-after  | ok        | ok      | ok
    still-waiting             | ok        | ok      | 4011
    no-policy                 | ok        | ok      | 4012
    disease-not-open          | ok        | 4022    | ok
    no-disease                | ok        | 4022    | ok
    not-recognised            | ok        | 4021    | ok
    recognised                | ok        | ok      | ok
    everything-at-once        | 4005,4019 | 4021    | 4012
"""
RESIDENT: dict[str, Any] = {
    "insurance_kind": InsuranceKind.RESIDENT,
    "person_type": PersonType.RESIDENT_ADULT,
}
CASES: dict[str, tuple[PersonRow, Care]] = {
    "all-is-well": (row(), care()),
    "nobody-knows-the-person": (row(), care(2)),
    "insured-in-another-kind": (row(**RESIDENT), care()),
    "insured-in-another-city": (row(), care(insured_division="320500")),
    "insurance-ended-before": (row(in_force_until=date(2026, 2, 28)), care()),
    "in-arrears-by-then": (row(arrears_since=date(2026, 3, 1)), care()),
    "in-arrears-the-day-after": (row(arrears_since=date(2026, 3, 2)), care()),
    "still-waiting": (row(in_force_from=date(2025, 9, 2)), care()),
    "no-policy": (row(**RESIDENT), care(insurance_kind=InsuranceKind.RESIDENT)),
    "disease-not-open": (row(), care(visit_kind=VisitKind.CHRONIC, disease_code="M99900")),
    "no-disease": (row(), care(visit_kind=VisitKind.CHRONIC)),
    "not-recognised": (row(), care(visit_kind=VisitKind.CHRONIC, disease_code="M01600")),
    "recognised": (row(), care(**CHRONIC)),
    "everything-at-once": (
        row(**RESIDENT, arrears_since=date(2026, 1, 1)),
        care(
            insurance_kind=InsuranceKind.RESIDENT,
            insured_division="320500",
            visit_kind=VisitKind.CHRONIC,
            disease_code="M01600",
        ),
    ),
}


@pytest.mark.parametrize("case", rows(FOUND), ids=lambda case: case["what"])
def test_all_that_is_in_the_way_is_told_with_its_remedy(area: InsuredArea, case: Row) -> None:
    known, about = CASES[case["what"]]
    area.insure(known)
    area.recognise("M03900", insurance_kind=known.insurance_kind)
    before = area.counts()
    checks = ask(area, about)
    for name in ("insurance", "chronic", "policy"):
        assert _told(checks, CheckName(name)) == case[name], name
    assert all(bool(check.fix) is not check.passed for check in checks)
    assert area.counts() == before, "nothing is written"


def _told(checks: Sequence[Check], name: CheckName) -> str:
    found = [check for check in checks if check.name is name]
    if not found:
        return "-"
    return ",".join("ok" if check.passed else str(check.code) for check in found)


def test_the_remedy_says_what_is_wrong_and_what_to_do(area: InsuredArea) -> None:
    area.insure(row(arrears_since=date(2026, 1, 1)))
    (check,) = [one for one in ask(area, care()) if not one.passed]
    assert check.fix == "入院（就诊）日期在欠费期内：请通过税务缴费渠道补缴欠费，到账后重新预检"


def test_a_stay_may_be_planned_to_end_after_today(area: InsuredArea) -> None:
    area.insure()
    planned = care(discharged_on=TODAY + timedelta(days=30))
    assert all(check.passed for check in ask(area, planned))


days = st.integers(-400, 0).map(lambda offset: TODAY + timedelta(days=offset))
insured = st.builds(
    row,
    born_on=st.sampled_from([date(1980, 1, 1), date(2026, 2, 20)]),
    division=st.sampled_from(["321081", "320500"]),
    person_type=st.sampled_from([PersonType.ACTIVE, PersonType.RETIRED]),
    in_force_from=st.sampled_from([date(2010, 1, 1), date(2025, 8, 1), date(2026, 2, 1)]),
    in_force_until=st.sampled_from([None, date(2026, 2, 28)]),
    arrears_since=st.sampled_from([None, date(2026, 1, 1), date(2026, 3, 5)]),
)
cares = st.builds(
    # What has ended by today: a later end is planned, and no settlement is asked for it yet.
    lambda discharged, length, **fields: care(
        admitted_on=discharged - timedelta(days=length), discharged_on=discharged, **fields
    ),
    discharged=days,
    length=st.integers(-1, 20),
    treatment_division=st.sampled_from(["310101", "321081", "990000"]),
    insurance_kind=st.sampled_from(InsuranceKind),
    visit_kind=st.sampled_from(VisitKind),
    disease_code=st.sampled_from([None, "M03900", "M03901", "M01600", "M99900"]),
    flags=st.sampled_from([(), ("emergency",)]),
    hospital_level=st.integers(0, 4),
)
grounds = st.sampled_from(
    [
        REGISTERED,
        standing(RegistrationCategory.RETIRED_RESETTLED),
        standing(RegistrationCategory.EMERGENCY, Basis.DEEMED),
        standing(None, Basis.NOT_NEEDED),
    ]
)
EMPTY = "TRUNCATE people, insurances, person_years, grants, workings, chronic_eligibilities CASCADE"


def test_a_preflight_passes_exactly_when_a_settlement_is_granted(databases: Databases) -> None:
    area = InsuredArea(databases.fresh("insured", migrate))

    @given(known=insured, about=cares, on=grounds, recognised=st.booleans())
    # Shrinking would replay hundreds of cases on the database; one case can be read.
    @settings(max_examples=150, deadline=None, phases=(Phase.reuse, Phase.generate))
    def agrees(known: PersonRow, about: Care, on: Standing, recognised: bool) -> None:
        with area.engine.begin() as tx:
            tx.exec_driver_sql(EMPTY)
        area.insure(known)
        if recognised:
            area.recognise("M03900", valid_from=date(2026, 1, 1))
        checks, (answer,) = ask(area, about, on), area.hear(request(1, about, on=on))
        if isinstance(answer, CalculationRefused):
            assert answer.code in {check.code for check in checks if not check.passed}
        else:
            assert isinstance(answer, SettlementCalculated)
            assert all(check.passed for check in checks)

    agrees()


# The driver's own way to see every statement: no code of ours is replaced.
@pytest.mark.parametrize("people", [1, 300])
def test_a_batch_needs_one_query_a_table(area: InsuredArea, people: int) -> None:
    area.insure(*(row(number) for number in range(people)))
    batch = [_from_the_hub(forwarded(care(number, **CHRONIC))) for number in range(people)]
    with area.engine.begin() as tx, heard(tx) as statements:
        assert len(preflight.judge(area_file.load(AREA), tx, batch, NOON)) == people
        assert len(statements) == 2, statements


def test_only_the_hub_is_answered(area: InsuredArea) -> None:
    assert area.hear(forwarded(care()), sender="treatment.310000") == []
    assert area.rows("SELECT fault FROM dead_letters") == [("wrong_sender",)]


def _from_the_hub(body: PreflightForwarded) -> Message[PreflightForwarded]:
    head = Head(
        message_id=MessageId(new_id()),
        cause_id=None,
        kind=body.KIND,
        sender=topics.HUB,
        sent_at=NOON,
    )
    return Message(head, body)
