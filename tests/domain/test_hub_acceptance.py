"""Which bills the hub takes on: tables that a clerk could check, and the order of the rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, MaterialKind, RegistrationCategory, VisitKind
from contracts.messages.enquiry import CheckName
from contracts.messages.registration import Material
from contracts.messages.settlement import Basis
from contracts.refusal import RefusalCode
from hub.domain import fitting
from hub.domain.acceptance import RULES, Facts, refusal, refusals, standing
from hub.domain.directory import AreaTerms, ListedInstitution
from hub.domain.participant import Participant
from hub.domain.registration import Gap, Registration, RegistrationState
from tests.support.hub import INSURED, TODAY, TREATMENT, a_bill, a_care, a_registration
from tests.support.tables import rows

# Read from left to right, each column is one thing that differs from a good bill; "-" is as usual.
# A refused bill has every fault of the rules behind the one that refuses it.
CASES = """
    insured  treated  total  parts  admitted    discharged  place    state      kind  |  code
    340100   310115   1000   1000   2026-02-01  2026-03-01  310000   active     310   |  -
    340100   310115   1000   1000   2026-01-01  2026-03-01  310000   active     310   |  -
    340100   310115   1000   1000   2026-02-28  2026-03-01  310000   active     310   |  -
    340100   310115   1000   1000   2026-02-28  2026-03-02  310000   active     310   |  -
    340100   310115   1000   1000   2026-02-28  2026-03-03  310000   active     310   |  3006
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
OPEN = ListedInstitution(
    code="H31011500001",
    area=TREATMENT,
    name="医院",
    division="310115",
    level=3,
    kind="hospital",
    opened=frozenset({VisitKind.INPATIENT}),
    since=date(2026, 2, 1),
    until=date(2026, 2, 27),
)


def facts(*registrations: Registration, **care: object) -> Facts:
    """A good bill of an insured area without terms, at an institution of an area without a list."""
    return Facts(
        care=a_care(**care),
        bill=a_bill(),
        participants=PARTICIPANTS,
        registrations=registrations,
        terms=None,
        institution=None,
        lists_institutions=False,
        today=TODAY,
    )


def _registrations(case: dict[str, str]) -> list[Registration]:
    if case["state"] == "-":
        return []
    state = RegistrationState(case["state"])
    return [a_registration(state=state, place=case["place"], ends_on=date(2026, 2, 28))]


def _facts(case: dict[str, str]) -> Facts:
    good = facts(
        *_registrations(case),
        insured_division=case["insured"],
        treatment_division=case["treated"],
        insurance_kind=InsuranceKind(case["kind"]),
        admitted_on=date.fromisoformat(case["admitted"]),
        discharged_on=date.fromisoformat(case["discharged"]),
    )
    return replace(good, bill=a_bill(int(case["total"]), in_scope_fen=int(case["parts"])))


def _code(code: RefusalCode | None) -> str:
    return code.value if code else "-"


@pytest.mark.parametrize("case", rows(CASES), ids=lambda case: "/".join(case.values()))
def test_the_first_rule_against_a_bill_refuses_it(case: dict[str, str]) -> None:
    assert _code(refusal(_facts(case))) == case["code"]


def test_the_order_of_the_rules_is_the_precedence() -> None:
    assert [rule.code.name for rule in RULES] == [
        "UNKNOWN_AREA",
        "NOT_OUT_OF_AREA",
        "AREA_NOT_CONNECTED",
        "INSTITUTION_NOT_CONNECTED",
        "AMOUNT_IS_ZERO",
        "PARTS_DO_NOT_ADD_UP",
        "DATES_IMPOSSIBLE",
        "THIRD_PARTY_LIABLE",
        "TRAUMA_NOT_DECLARED",
        "REGISTRATION_NOT_FOUND",
        "REGISTRATION_NOT_ACTIVE",
        "OUTSIDE_VALIDITY",
        "REGISTERED_AFTER_DISCHARGE",
        "INSURED_ELSEWHERE",
        "INSURANCE_KIND_DIFFERS",
        "OUTSIDE_REGISTERED_PLACE",
    ]
    of_registrations = [r.code for r in RULES if r.check is CheckName.REGISTRATION]
    assert of_registrations[1:] == [code for code, _ in fitting.RULES]


# When a stay counts. Filed and ended are days in China; "-" is: not ended. Valid from 2026-01-10
# to 2026-02-20 unless it ended before; a gap is [from, until).
STAYS = """
    filed       ended       gap                    admitted    discharged  |  code
    2026-01-05  -           -                      2026-01-10  2026-01-12  |  -
    2026-01-05  -           -                      2026-02-20  2026-03-01  |  -
    2026-01-05  -           -                      2026-01-09  2026-01-12  |  4003
    2026-01-05  -           -                      2026-02-21  2026-03-01  |  4003
    2026-01-05  2026-02-10  -                      2026-02-10  2026-02-28  |  -
    2026-01-05  2026-02-10  -                      2026-02-11  2026-02-28  |  4003
    2026-01-05  2026-01-09  -                      2026-01-10  2026-01-12  |  4003
    2026-01-05  -           2026-01-20/2026-01-25  2026-01-19  2026-01-30  |  -
    2026-01-05  -           2026-01-20/2026-01-25  2026-01-20  2026-01-30  |  4002
    2026-01-05  -           2026-01-20/2026-01-25  2026-01-24  2026-01-30  |  4002
    2026-01-05  -           2026-01-20/2026-01-25  2026-01-25  2026-01-30  |  -
    2026-01-05  -           2026-01-20/            2026-02-15  2026-02-18  |  4002
    2026-01-15  -           -                      2026-01-05  2026-01-15  |  -
    2026-01-15  -           -                      2026-01-05  2026-01-14  |  4025
    2026-01-15  -           -                      2026-01-12  2026-01-14  |  4025
    2026-01-08  -           -                      2026-01-05  2026-01-10  |  -
    2026-01-08  -           -                      2026-01-05  2026-01-09  |  4003
    2026-01-05  -           -                      2026-01-05  2026-01-10  |  -
    2026-01-04  -           -                      2026-01-05  2026-01-10  |  4003
    2026-02-25  -           -                      2026-02-21  2026-02-28  |  4003
"""


def _stay(case: dict[str, str]) -> Registration:
    begin, _, until = case["gap"].partition("/")
    gaps = () if case["gap"] == "-" else (_gap(begin, until),)
    ended = None if case["ended"] == "-" else date.fromisoformat(case["ended"])
    filed = date.fromisoformat(case["filed"])
    return a_registration(
        state=RegistrationState.CANCELLED if ended else RegistrationState.ACTIVE,
        begins_on=date(2026, 1, 10),
        ends_on=date(2026, 2, 20),
        ended_on=ended,
        gaps=gaps,
        submitted_at=datetime(filed.year, filed.month, filed.day, 4, tzinfo=UTC),
    )


def _gap(begin: str, until: str) -> Gap:
    return Gap(date.fromisoformat(begin), date.fromisoformat(until) if until else None)


@pytest.mark.parametrize("case", rows(STAYS), ids=lambda case: "/".join(case.values()))
def test_admission_decides_and_filing_in_the_stay_is_in_time(case: dict[str, str]) -> None:
    admitted, discharged = (date.fromisoformat(case[day]) for day in ("admitted", "discharged"))
    registration = _stay(case)
    stay = facts(registration, admitted_on=admitted, discharged_on=discharged)
    assert _code(refusal(stay)) == case["code"]
    assert registration.covers(admitted, discharged) == (case["code"] == "-")


# What flags and the insured area's choice make of it. A registration: "good" holds, "other" is for
# another place, "late" was filed after the discharge, "moved" is of another insured area.
STANDS = """
    visit       flags                    needs       registration  |  code  basis       category
    inpatient   -                        -           good          |  -     registered  referral
    inpatient   -                        -           -             |  4001  -           -
    inpatient   emergency                -           good          |  -     registered  referral
    inpatient   emergency                -           -             |  -     deemed      emergency
    inpatient   emergency                -           submitted     |  -     deemed      emergency
    inpatient   emergency                -           other         |  -     deemed      emergency
    inpatient   emergency                -           late          |  -     deemed      emergency
    inpatient   emergency                -           expired       |  -     deemed      emergency
    inpatient   emergency                -           moved         |  4005  -           -
    inpatient   emergency                -           resident      |  4006  -           -
    inpatient   -                        -           late          |  4025  -           -
    inpatient   -                        none        -             |  4001  -           -
    inpatient   trauma                   -           good          |  4024  -           -
    inpatient   trauma,no_third_party    -           good          |  -     registered  referral
    inpatient   trauma,third_party       -           good          |  4023  -           -
    inpatient   third_party              -           good          |  4023  -           -
    inpatient   emergency,trauma         -           -             |  4024  -           -
    inpatient   emergency,third_party    -           -             |  4023  -           -
    inpatient   trauma,no_third_party    -           -             |  4001  -           -
    outpatient  -                        -           -             |  4001  -           -
    outpatient  -                        none        -             |  -     not_needed  -
    outpatient  -                        none        good          |  -     not_needed  referral
    outpatient  -                        none        other         |  -     not_needed  -
    outpatient  -                        chronic     -             |  -     not_needed  -
    outpatient  -                        outpatient  -             |  4001  -           -
    outpatient  emergency                outpatient  -             |  -     deemed      emergency
    outpatient  emergency                none        -             |  -     not_needed  -
    outpatient  trauma                   none        -             |  4024  -           -
    chronic     -                        chronic     -             |  4001  -           -
    chronic     -                        chronic     good          |  -     registered  referral
    chronic     -                        chronic     disease       |  4001  -           -
    chronic     -                        outpatient  -             |  -     not_needed  -
    pharmacy    -                        outpatient  -             |  -     not_needed  -
    pharmacy    -                        pharmacy    -             |  4001  -           -
"""
REGISTRATIONS = {
    "-": [],
    "good": [a_registration()],
    "submitted": [a_registration(state=RegistrationState.SUBMITTED)],
    "other": [a_registration(place="320500")],
    "late": [a_registration(submitted_at=datetime(2026, 3, 2, 2, tzinfo=UTC))],
    "expired": [
        a_registration(
            state=RegistrationState.EXPIRED, ends_on=date(2026, 1, 2), ended_on=date(2026, 1, 2)
        )
    ],
    "moved": [a_registration(insured_area=AreaCode("350000"))],
    "resident": [a_registration(insurance_kind=InsuranceKind.RESIDENT)],
    "disease": [
        a_registration(
            category=RegistrationCategory.CHRONIC_DISEASE, place=None, disease_code="M03900"
        )
    ],
}


@pytest.mark.parametrize("case", rows(STANDS), ids=lambda case: "/".join(case.values()))
def test_emergency_trauma_and_the_areas_choice(case: dict[str, str]) -> None:
    needs = frozenset(VisitKind(kind) for kind in [case["needs"]] if kind not in {"-", "none"})
    terms = None if case["needs"] == "-" else AreaTerms(INSURED, date(2026, 1, 1), needs, 0)
    asked = facts(
        *REGISTRATIONS[case["registration"]],
        visit_kind=VisitKind(case["visit"]),
        flags=() if case["flags"] == "-" else tuple(case["flags"].split(",")),
    )
    asked = replace(asked, terms=terms)
    assert _code(refusal(asked)) == case["code"]
    if case["code"] == "-":
        found = standing(asked)
        assert found is not None
        assert (found.basis, found.category or "-") == (case["basis"], case["category"])
        assert (found.registration_id is not None) == (found.category == "referral")


# 3007. An institution that its area lists, on the day of admission; opened for 住院 from 2026-02-01
# to 2026-02-27.
INSTITUTIONS = """
    lists  listed  visit       admitted    |  code
    no     no      inpatient   2026-02-01  |  -
    yes    no      inpatient   2026-02-01  |  3007
    yes    yes     inpatient   2026-02-01  |  -
    yes    yes     inpatient   2026-02-27  |  -
    yes    yes     inpatient   2026-01-31  |  3007
    yes    yes     inpatient   2026-02-28  |  3007
    yes    yes     outpatient  2026-02-01  |  3007
    yes    other   inpatient   2026-02-01  |  3007
"""


@pytest.mark.parametrize("case", rows(INSTITUTIONS), ids=lambda case: "/".join(case.values()))
def test_a_listed_institution_must_be_open(case: dict[str, str]) -> None:
    elsewhere = replace(OPEN, area=AreaCode("320000"))
    listed = {"no": None, "yes": OPEN, "other": elsewhere}[case["listed"]]
    asked = facts(
        a_registration(),
        visit_kind=VisitKind(case["visit"]),
        admitted_on=date.fromisoformat(case["admitted"]),
    )
    asked = replace(asked, institution=listed, lists_institutions=case["lists"] == "yes")
    assert _code(refusal(asked)) == case["code"]


def test_every_rule_has_a_case_that_it_refuses() -> None:
    tables = (CASES, STAYS, STANDS, INSTITUTIONS)
    refused = {case["code"] for table in tables for case in rows(table)} - {"-"}
    assert refused == {rule.code.value for rule in RULES}


def test_preflight_hears_every_refusal_and_needs_no_bill() -> None:
    asked = replace(facts(flags=("third_party",)), bill=None, lists_institutions=True)
    found = [(rule.check, rule.code) for rule in refusals(asked)]
    assert found == [
        (CheckName.INSTITUTION, RefusalCode.INSTITUTION_NOT_CONNECTED),
        (CheckName.REQUEST, RefusalCode.THIRD_PARTY_LIABLE),
        (CheckName.REGISTRATION, RefusalCode.REGISTRATION_NOT_FOUND),
    ]
    assert standing(asked) is None


def test_a_stay_that_is_planned_to_end_after_today_has_no_bill_yet_but_passes_pre_flight() -> None:
    planned = facts(a_registration(), discharged_on=TODAY + timedelta(days=1))
    assert refusal(planned) is RefusalCode.DATES_IMPOSSIBLE
    assert refusal(replace(planned, bill=None)) is None


divisions = st.sampled_from(["340100", "310115", "320500", "990100", "360100", "000000"])
flags = st.lists(
    st.sampled_from(["emergency", "trauma", "third_party", "no_third_party", "x"]), max_size=3
)


@given(
    insured=divisions,
    treated=divisions,
    flags=flags,
    kind=st.sampled_from(VisitKind),
    known=st.sampled_from(sorted(REGISTRATIONS)),
    with_terms=st.booleans(),
)
def test_all_refusals_begin_with_the_first_and_at_most_one_is_of_the_registration(
    insured: str, treated: str, flags: list[str], kind: VisitKind, known: str, with_terms: bool
) -> None:
    asked = facts(
        *REGISTRATIONS[known],
        insured_division=insured,
        treatment_division=treated,
        flags=tuple(flags),
        visit_kind=kind,
    )
    terms = AreaTerms(INSURED, date(2026, 1, 1), frozenset({VisitKind.CHRONIC}), 0)
    asked = replace(asked, terms=terms if with_terms else None)
    found = refusals(asked)
    assert (found[0].code if found else None) is refusal(asked)
    of_registration = [rule for rule in found if rule.check is CheckName.REGISTRATION]
    assert len(of_registration) == (standing(asked) is None)


days = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@given(begins=days, ends=days, admitted=days, discharged=days, ended=days)
def test_how_it_ended_harms_no_earlier_admission_and_helps_no_later_one(
    begins: date, ends: date, admitted: date, discharged: date, ended: date
) -> None:
    begins, ends = min(begins, ends), max(begins, ends)
    admitted, discharged = min(admitted, discharged), max(admitted, discharged)
    standing_one = a_registration(begins_on=begins, ends_on=ends)
    last = min(ended, ends)
    over = replace(standing_one, state=RegistrationState.CANCELLED, ended_on=last)
    held = standing_one.covers(admitted, discharged)
    assert over.covers(admitted, discharged) == (held and admitted <= last)
    expired = replace(standing_one, state=RegistrationState.EXPIRED, ended_on=ends)
    assert expired.covers(admitted, discharged) == held


def test_of_several_registrations_the_one_that_fits_is_taken() -> None:
    january = a_registration(ends_on=date(2026, 1, 31))
    february = a_registration(begins_on=date(2026, 2, 1), ends_on=date(2026, 2, 28))
    waiting = a_registration(state=RegistrationState.SUBMITTED)
    for day, expected in ((date(2026, 1, 15), january), (date(2026, 2, 15), february)):
        found = facts(january, february, waiting, admitted_on=day).found
        assert (found.registration, found.lacks) == (expected, None)
    found = facts(waiting).found
    assert (found.registration, found.lacks) == (waiting, RefusalCode.REGISTRATION_NOT_ACTIVE)


def test_a_mere_commitment_is_told_until_the_proof_is_in() -> None:
    credential = Material(kind=MaterialKind.CREDENTIAL)
    promised = Material(kind=MaterialKind.COMMITMENT)
    proof = Material(kind=MaterialKind.RESIDENCE_PROOF)
    for papers, expected in (
        ((credential, promised), True),
        ((credential, promised, proof), False),
        ((credential, proof), False),
    ):
        category = RegistrationCategory.LONG_TERM_RESIDENT
        found = standing(facts(a_registration(category=category, materials=papers)))
        assert found is not None
        assert (found.basis, found.by_commitment) == (Basis.REGISTERED, expected)


def test_who_is_admitted_today_in_china_is_not_of_the_future() -> None:
    today = facts(a_registration(), admitted_on=TODAY, discharged_on=TODAY)
    assert refusal(today) is None
