"""Pre-flight at the hub: what it tells in each situation, and that a settlement agrees with it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from contracts.codes import InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import EnquiryId, RegistrationId, SettlementId, new_id
from contracts.message import Outgoing
from contracts.messages.enquiry import (
    Check,
    CheckName,
    PreflightAnswered,
    PreflightAsked,
    PreflightForwarded,
    PreflightJudged,
)
from contracts.messages.settlement import Basis, CalculationRequested, Care, SettlementRequested
from contracts.messages.values import PARTS
from contracts.refusal import RefusalCode
from hub.domain.directory import AreaTerms, ListedInstitution
from hub.domain.registration import Gap, Registration, RegistrationState
from hub.services import participants, preflight
from hub.services.settlements import accept
from hub.store import directory, registrations, tables
from hub.store.db import migrate
from hub.store.directory import Published
from tests.support.databases import Databases
from tests.support.hub import (
    ANSWER_WITHIN,
    FROM_INSURED,
    FROM_TREATMENT,
    INSURED,
    NOW,
    THIRD,
    TODAY,
    TREATMENT,
    Hub,
    a_bill,
    a_care,
    a_registration,
    person,
    said,
)
from tests.support.statements import heard
from tests.support.tables import rows

TO_INSURED, TO_TREATMENT = f"insured.{INSURED}.work", f"treatment.{TREATMENT}.answers"
FILED_AT = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
HOSPITAL = "H31011500001"


@pytest.fixture
def hub(databases: Databases) -> Hub:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        participants.connect(tx, [INSURED, TREATMENT, THIRD])
    return Hub(engine)


def registered(hub: Hub, **changes: Any) -> Registration:
    one = a_registration(**{"submitted_at": FILED_AT, "decided_at": FILED_AT} | changes)
    with hub.engine.begin() as tx:
        registrations.add(tx, [one])
    return one


def lists(hub: Hub, **changes: Any) -> None:
    usual: dict[str, Any] = {
        "code": HOSPITAL,
        "area": TREATMENT,
        "name": "浦江示例医院",
        "division": "310115",
        "level": 3,
        "kind": "hospital",
        "opened": frozenset({VisitKind.INPATIENT}),
        "since": date(2026, 1, 1),
        "until": None,
    }
    with hub.engine.begin() as tx:
        one = Published(ListedInstitution(**usual | changes), NOW)
        directory.put_institutions(tx, [one])


def terms(hub: Hub, *need: VisitKind) -> None:
    with hub.engine.begin() as tx:
        one = AreaTerms(INSURED, date(2026, 1, 1), frozenset(need), 0)
        directory.put_terms(tx, [Published(one, NOW)])


def asked(care: Care | None = None) -> PreflightAsked:
    care = care or a_care()
    return PreflightAsked(enquiry_id=EnquiryId(new_id()), treatment_area=TREATMENT, care=care)


def ask(hub: Hub, question: PreflightAsked) -> PreflightAnswered:
    first = hub.hear(preflight.ask, said(question, FROM_TREATMENT))[0]
    assert isinstance(first.message.body, PreflightAnswered)
    return first.message.body


def judged(forwarded: PreflightForwarded, *checks: Check) -> PreflightJudged:
    return PreflightJudged(**dict(forwarded), checks=checks)


def forwarded_in(outgoing: Sequence[Outgoing]) -> PreflightForwarded:
    (one,) = [one.message.body for one in outgoing if one.topic == TO_INSURED]
    assert isinstance(one, PreflightForwarded)
    return one


def failed(answer: PreflightAnswered) -> str:
    """'registration:4001,request:4024', or '-'."""
    return ",".join(f"{one.name}:{one.code}" for one in answer.checks if not one.passed) or "-"


# One registered inpatient in Shanghai, and what is different about the case. Ended: the state.
SITUATIONS = """
    situation                    fails
    nothing_special              -
    another_division_of_nowhere  areas:3001,registration:4005
    an_area_that_is_not_there    areas:3003,registration:4005
    hospital_not_listed          institution:3007
    hospital_closed              institution:3007
    hospital_of_the_third_area   institution:3007
    discharged_first             request:3006
    trauma_not_declared          request:4024
    third_party                  request:4023
    nobody_registered            registration:4001
    registration_not_decided     registration:4002
    registration_suspended       registration:4002
    admitted_before              registration:4003
    filed_after_discharge        registration:4025
    another_insurance            registration:4006
    another_place                registration:4004
    three_at_once                institution:3007,request:4024,registration:4001
"""
CASES: dict[str, tuple[dict[str, Any] | None, dict[str, Any], dict[str, Any] | None]] = {
    # situation: (changes of the registration or none, of the care, of the listed hospital or none)
    "nothing_special": ({}, {}, {}),
    "another_division_of_nowhere": ({}, {"insured_division": "990100"}, {}),
    "an_area_that_is_not_there": ({}, {"insured_division": "110100"}, {}),
    "hospital_not_listed": ({}, {}, {"code": "H31011500002"}),
    "hospital_closed": ({}, {}, {"until": date(2026, 1, 31)}),
    "hospital_of_the_third_area": (
        {},
        {"hospital_code": "OTHER"},
        {"code": "H31011500002"},
    ),
    "discharged_first": ({}, {"discharged_on": date(2026, 1, 31)}, {}),
    "trauma_not_declared": ({}, {"flags": ("trauma",)}, {}),
    "third_party": ({}, {"flags": ("trauma", "third_party", "emergency")}, {}),
    "nobody_registered": (None, {}, {}),
    "registration_not_decided": (
        {"state": RegistrationState.SUBMITTED, "decided_at": None},
        {},
        {},
    ),
    "registration_suspended": (
        {"state": RegistrationState.SUSPENDED, "gaps": (Gap(date(2026, 1, 20)),)},
        {},
        {},
    ),
    "admitted_before": ({"begins_on": date(2026, 2, 2)}, {}, {}),
    "filed_after_discharge": ({"submitted_at": NOW}, {}, {}),
    "another_insurance": ({}, {"insurance_kind": InsuranceKind.RESIDENT}, {}),
    "another_place": ({"place": "330100"}, {}, {}),
    "three_at_once": (None, {"flags": ("trauma",)}, {"code": "H31011500002"}),
}


@pytest.mark.parametrize("case", rows(SITUATIONS), ids=lambda c: c["situation"])
def test_each_situation_has_its_checks(hub: Hub, case: dict[str, str]) -> None:
    registration, care, hospital = CASES[case["situation"]]
    if registration is not None:
        registered(hub, **registration)
    if hospital is not None:
        lists(hub, **hospital)
    answer = ask(hub, asked(a_care(**care)))
    assert failed(answer) == case["fails"]
    settles = case["fails"] == "-"
    assert (answer.will_settle, answer.final) == (settles, not settles)
    assert (answer.standing is not None) == settles
    assert all(one.fix for one in answer.checks if not one.passed)
    assert [one.topic for one in hub.outgoing] == (
        [TO_TREATMENT, TO_INSURED] if settles else [TO_TREATMENT]
    )
    order = [list(CheckName).index(one.name) for one in answer.checks]
    assert order == sorted(order)


def test_the_hub_answers_at_once_and_again_when_the_insured_area_has(hub: Hub) -> None:
    one = registered(hub)
    question = asked()
    first, second = hub.hear(preflight.ask, said(question, FROM_TREATMENT))
    assert (first.topic, first.key) == (TO_TREATMENT, str(question.enquiry_id))
    assert (second.topic, second.key) == (TO_INSURED, question.care.person_id)
    told = forwarded_in([first, second])
    assert (told.care, told.standing.registration_id) == (question.care, one.registration_id)
    check = Check(name=CheckName.INSURANCE, passed=True)
    (last,) = hub.hear(preflight.answer, said(judged(told, check), FROM_INSURED))
    body = last.message.body
    assert isinstance(body, PreflightAnswered)
    assert (body.final, body.will_settle, body.standing) == (True, True, told.standing)
    assert CheckName.INSURANCE in [one.name for one in body.checks]
    assert (last.topic, last.key) == (TO_TREATMENT, str(question.enquiry_id))


def test_a_no_of_the_insured_area_is_the_answer(hub: Hub) -> None:
    registered(hub)
    told = forwarded_in(hub.hear(preflight.ask, said(asked(), FROM_TREATMENT)))
    arrears = Check(
        name=CheckName.INSURANCE, passed=False, code=RefusalCode.IN_ARREARS, fix="请先补缴。"
    )
    (last,) = hub.hear(preflight.answer, said(judged(told, arrears), FROM_INSURED))
    assert isinstance(last.message.body, PreflightAnswered)
    assert failed(last.message.body) == "insurance:4019"
    assert not last.message.body.will_settle


def test_an_area_cannot_say_yes_for_the_hub(hub: Hub) -> None:
    one = registered(hub)
    told = forwarded_in(hub.hear(preflight.ask, said(asked(), FROM_TREATMENT)))
    hub.rows(
        "UPDATE registrations SET state = 'rejected', refusal_code = '4020'"
        " WHERE registration_id = %s RETURNING 1",
        one.registration_id,
    )
    yes = Check(name=CheckName.REGISTRATION, passed=True)
    (last,) = hub.hear(preflight.answer, said(judged(told, yes), FROM_INSURED))
    assert isinstance(last.message.body, PreflightAnswered)
    assert failed(last.message.body) == "registration:4002"
    assert last.message.body.standing is None


def test_a_registration_that_changed_meanwhile_asks_to_ask_again(hub: Hub) -> None:
    registered(hub)
    told = forwarded_in(hub.hear(preflight.ask, said(asked(), FROM_TREATMENT)))
    other = told.standing.model_copy(update={"category": RegistrationCategory.POSTED_WORKER})
    stale = told.model_copy(update={"standing": other})
    (last,) = hub.hear(preflight.answer, said(judged(stale), FROM_INSURED))
    assert isinstance(last.message.body, PreflightAnswered)
    assert failed(last.message.body) == "registration:5001"
    assert (last.message.body.final, last.message.body.will_settle) == (True, False)


def test_an_emergency_is_told_as_deemed_registered(hub: Hub) -> None:
    answer = ask(hub, asked(a_care(flags=("emergency",))))
    assert answer.standing is not None
    assert (answer.standing.basis, answer.will_settle) == (Basis.DEEMED, True)
    (check,) = [one for one in answer.checks if one.name is CheckName.REGISTRATION]
    assert "视同" in check.fix


STRANGERS = [
    (preflight.ask, asked(), f"treatment.{THIRD}"),
    (preflight.ask, asked(a_care(treatment_division="320100")), FROM_TREATMENT),
    (preflight.ask, asked(), FROM_INSURED),
]


@pytest.mark.parametrize(("handler", "body", "sender"), STRANGERS)
def test_nobody_asks_in_another_name(hub: Hub, handler: Any, body: Any, sender: str) -> None:
    registered(hub)
    assert hub.hear(handler, said(body, sender)) == []


def test_only_the_insured_area_itself_judges(hub: Hub) -> None:
    registered(hub)
    told = forwarded_in(hub.hear(preflight.ask, said(asked(), FROM_TREATMENT)))
    for sender in (f"insured.{THIRD}", FROM_TREATMENT):
        assert hub.hear(preflight.answer, said(judged(told), sender)) == []


def test_a_preflight_writes_nothing(hub: Hub) -> None:
    registered(hub)
    counts = "SELECT (SELECT count(*) FROM settlements), (SELECT count(*) FROM anomalies)"
    told = forwarded_in(hub.hear(preflight.ask, said(asked(), FROM_TREATMENT)))
    hub.hear(preflight.answer, said(judged(told), FROM_INSURED))
    hub.hear(preflight.ask, said(asked(), FROM_INSURED))
    assert hub.rows(counts) == [(0, 0)]


def add_bill(hub: Hub, state: str, seconds_ago: int, late_answers: int = 0) -> None:
    """A bill of the insured area as it ended, or as it waits."""
    received_at = NOW - timedelta(seconds=seconds_ago)
    waits = state == "routed"
    took = ANSWER_WITHIN if state == "expired" else timedelta(milliseconds=100)
    with hub.engine.begin() as tx:
        tx.execute(
            insert(tables.settlements).values(
                settlement_id=new_id(),
                person_id=person(1),
                insured_area=INSURED,
                insured_division="340100",
                treatment_area=TREATMENT,
                treatment_division="310115",
                insurance_kind="310",
                visit_kind="inpatient",
                hospital_code=HOSPITAL,
                hospital_level=3,
                admitted_on=date(2026, 2, 1),
                discharged_on=date(2026, 3, 1),
                use_account=False,
                **dict.fromkeys(("total_fen", "in_scope_fen"), 100),
                **dict.fromkeys(("fully_own_fen", "over_ceiling_fen", "first_self_pay_fen"), 0),
                **dict.fromkeys(PARTS, 0),
                state=state,
                step_count=1,
                received_at=received_at,
                answer_by=received_at + ANSWER_WITHIN,
                concluded_at=None if waits else received_at + took,
                registration_id=new_id(),
                registration_basis="registered",
                late_answers=late_answers,
            )
        )


# Bills of the area: state and seconds ago; the route check before the area answered, and after.
TRAFFIC = """
    bills                                         before        after
    -                                             passed        passed
    rejected/10                                   passed        passed
    rejected/10,expired/20                        warned        warned
    expired/10,expired/20                         warned        warned
    expired/10,expired/20,expired/30              failed:2003   warned
    rejected/5,expired/10,expired/20,expired/30   warned        warned
    expired/301,expired/302,expired/303           passed        passed
    withdrawn/5,expired/10,expired/20,expired/30  failed:2003   warned
    late/10,expired/20,expired/30,expired/40      warned        warned
    routed/2                                      passed        passed
    routed/3                                      warned        warned
"""


@pytest.mark.parametrize("case", rows(TRAFFIC), ids=lambda c: c["bills"])
def test_the_route_is_told_as_its_bills_went(hub: Hub, case: dict[str, str]) -> None:
    registered(hub)
    for state, seconds_ago in (b.split("/") for b in case["bills"].split(",") if "/" in b):
        late = state == "late"
        add_bill(hub, "expired" if late else state, int(seconds_ago), int(late))
    first = ask(hub, asked())
    told = forwarded_in(hub.outgoing)  # It is asked all the same: who answers is up.
    (last,) = hub.hear(preflight.answer, said(judged(told), FROM_INSURED))
    assert isinstance(last.message.body, PreflightAnswered)
    assert [_route(first), _route(last.message.body)] == [case["before"], case["after"]]
    assert first.will_settle == first.checks[-1].passed
    assert last.message.body.will_settle


def _route(answer: PreflightAnswered) -> str:
    (one,) = [one for one in answer.checks if one.name is CheckName.ROUTE]
    assert one == answer.checks[-1]
    if not one.passed:
        return f"failed:{one.code}"
    return "warned" if one.fix else "passed"


def test_an_outbox_that_stands_still_is_a_warning(hub: Hub) -> None:
    registered(hub)
    hub.rows(
        "INSERT INTO outbox_unsent (message_id, queued_at) VALUES (%s, %s) RETURNING position",
        new_id(),
        NOW - timedelta(seconds=11),
    )
    assert _route(ask(hub, asked())) == "warned"


def test_a_batch_costs_as_many_statements_as_one(hub: Hub) -> None:
    registered(hub)
    told = forwarded_in(hub.hear(preflight.ask, said(asked(), FROM_TREATMENT)))
    for count in (1, 50):
        cares = [a_care(person_id=person(n)) for n in range(count)]
        with hub.engine.begin() as tx, heard(tx) as seen:
            preflight.ask(tx, [said(asked(care), FROM_TREATMENT) for care in cares], NOW)
        assert len(seen) == 4
        with hub.engine.begin() as tx, heard(tx) as seen:
            preflight.answer(tx, [said(judged(told), FROM_INSURED)] * count, NOW)
        assert len(seen) == 4


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 3))
PLACES = st.sampled_from([TREATMENT, TREATMENT, "310115", "330100"])
STATES: dict[RegistrationState, dict[str, Any]] = {
    RegistrationState.SUBMITTED: {"decided_at": None},
    RegistrationState.ACTIVE: {},
    RegistrationState.REJECTED: {},
    RegistrationState.SUSPENDED: {"gaps": (Gap(date(2026, 2, 10)),)},
    RegistrationState.EXPIRED: {"ended_on": date(2026, 2, 15), "ends_on": date(2026, 2, 15)},
    RegistrationState.CANCELLED: {"ended_on": date(2026, 2, 20)},
}
NEVER_IN_FORCE = (RegistrationState.SUBMITTED, RegistrationState.REJECTED)
FLAGS = ("emergency", "trauma", "third_party", "no_third_party")


@st.composite
def some_registrations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """At most one that was ever in force, so that none overlaps another."""
    found = []
    for states in (tuple(STATES), NEVER_IN_FORCE):
        if draw(st.integers(0, 4)) == 0:
            continue
        state = draw(st.sampled_from(states))
        filed_at = datetime.combine(draw(DAYS), datetime.min.time(), tzinfo=UTC)
        found.append(
            STATES[state]
            | {
                "state": state,
                "registration_id": RegistrationId(new_id()),
                "begins_on": draw(st.dates(date(2026, 1, 1), date(2026, 2, 14))),
                "place": draw(PLACES),
                "insurance_kind": draw(st.sampled_from([*InsuranceKind, InsuranceKind.EMPLOYEE])),
                "submitted_at": filed_at,
            }
        )
    return found


CARES = st.fixed_dictionaries(
    {
        "visit_kind": st.sampled_from(VisitKind),
        "admitted_on": DAYS,
        "days": st.integers(-1, 30),
        "insured_division": st.sampled_from(["340100"] * 12 + ["990100", "310100", "110100"]),
        "hospital_code": st.sampled_from([HOSPITAL] * 5 + ["UNLISTED"]),
        "flags": st.sampled_from([(), (), (), ("emergency",), ("trauma",), FLAGS[:2], FLAGS[1::2]]),
    }
)
TERMS = st.none() | st.sets(st.sampled_from(VisitKind))
OPENED = st.none() | st.sets(st.sampled_from(VisitKind), min_size=3)


@given(
    theirs=some_registrations(),
    care=CARES,
    need=TERMS,
    opened=OPENED,
)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_preflight_says_yes_exactly_when_a_settlement_is_routed(
    hub: Hub,
    theirs: list[dict[str, Any]],
    care: dict[str, Any],
    need: set[VisitKind] | None,
    opened: set[VisitKind] | None,
) -> None:
    who = person(new_id().int % 10**28)
    with hub.engine.begin() as tx:
        tx.exec_driver_sql("DELETE FROM area_terms; DELETE FROM institutions")
    if need is not None:
        terms(hub, *need)
    if opened is not None:
        lists(hub, opened=frozenset(opened))
    for one in theirs:
        registered(hub, **one | {"person_id": who})
    # Of care that has ended: what is planned may pass, and no settlement of it is taken on yet.
    days = care.pop("days")
    discharged_on = min(care["admitted_on"] + timedelta(days=days), max(TODAY, care["admitted_on"]))
    treated = a_care(**care | {"person_id": who, "discharged_on": discharged_on})
    first = ask(hub, asked(treated))
    final = first
    if first.standing is not None:
        told = forwarded_in(hub.outgoing)
        (last,) = hub.hear(preflight.answer, said(judged(told), FROM_INSURED))
        assert isinstance(last.message.body, PreflightAnswered)
        final = last.message.body
    bill = SettlementRequested(settlement_id=SettlementId(new_id()), care=treated, bill=a_bill())
    taking = partial(accept, answer_within=ANSWER_WITHIN)
    (sent,) = hub.hear(taking, said(bill, FROM_TREATMENT))
    routed = sent.message.body if isinstance(sent.message.body, CalculationRequested) else None
    event("routed" if routed else "refused")
    assert first.will_settle == final.will_settle == (routed is not None)
    assert final.standing == (routed.standing if routed else None)
    if routed is None:
        codes = [one.code for one in first.checks if not one.passed]
        assert getattr(sent.message.body, "code", None) in codes
