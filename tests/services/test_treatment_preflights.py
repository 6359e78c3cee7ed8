"""Pre-flights: asked once, answered first and then for good, and never kept for anything else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.codes import DivisionCode, InsuranceKind, VisitKind
from contracts.ids import EnquiryId, PersonId, new_id
from contracts.message import Message
from contracts.messages.enquiry import Check, CheckName, PreflightAnswered, PreflightAsked
from contracts.refusal import RefusalCode
from participants.treatment.domain.asking import Facts, decide
from participants.treatment.domain.preflight import (
    AnsweredBy,
    PreflightSlot,
    PreflightWish,
    Verdict,
    verdict,
)
from participants.treatment.domain.results import Refusal
from participants.treatment.services import institutions, preflights
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import (
    AREA,
    HEFEI,
    HOSPITAL,
    NOW,
    PERSON,
    TERMS,
    TODAY,
    a_bill,
    hospital,
    says,
    treatment_database,
)

WISH = PreflightWish(
    hospital_code=HOSPITAL,
    person_id=PERSON,
    insured_division=HEFEI,
    insurance_kind=InsuranceKind.EMPLOYEE,
    visit_kind=VisitKind.INPATIENT,
    admitted_on=date(2024, 5, 1),
)
YES = tuple(Check(name=name, passed=True) for name in CheckName)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def asked(tx: Connection, wish: PreflightWish = WISH) -> EnquiryId:
    [slot], [outgoing] = preflights.ask(tx, [wish], NOW, TERMS)
    assert isinstance(slot, PreflightSlot)
    body = outgoing.message.body
    assert isinstance(body, PreflightAsked)
    assert (outgoing.topic, outgoing.key) == (topics.HUB_ENQUIRIES, str(slot.enquiry_id))
    assert (body.care.admitted_on, body.care.discharged_on) == (date(2024, 5, 1), TODAY)
    return slot.enquiry_id


def answer(
    id_: EnquiryId, checks: tuple[Check, ...], *, final: bool, sender: str = topics.HUB
) -> Message[PreflightAnswered]:
    body = PreflightAnswered(
        enquiry_id=id_,
        final=final,
        will_settle=all(one.passed for one in checks),
        standing=None,
        checks=checks,
    )
    return says(body, sender)  # type: ignore[return-value]  # its body


def read(tx: Connection, id_: EnquiryId) -> PreflightSlot:
    return preflights.of(tx, [id_])[id_]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_the_final_answer_stays_in_whatever_order_they_come(
    tx: Connection, order: tuple[int, int], *, together: bool
) -> None:
    id_ = asked(tx)
    both = [answer(id_, YES[:1], final=False), answer(id_, YES, final=True)]
    words = [both[n] for n in order]
    for batch in [words] if together else [[word] for word in words]:
        assert preflights.record_answers(tx, batch, NOW) == []
    found = read(tx, id_).answer
    assert found is not None
    assert (found.final, found.checks) == (True, YES)


def test_only_the_hub_answers(tx: Connection) -> None:
    id_ = asked(tx)
    preflights.record_answers(tx, [answer(id_, YES, final=True, sender="insured.340000")], NOW)
    assert read(tx, id_).answer is None


HERE = rows(
    """
    field             value          code
    hospital_code     H99999999999   UNKNOWN_INSTITUTION
    insured_division  310104         NOT_OUT_OF_AREA
    insured_division  990100         UNKNOWN_AREA
    admitted_on       2024-05-07     DATES_IMPOSSIBLE
    visit_kind        pharmacy       INSTITUTION_NOT_CONNECTED
    person_id         short          FIELD_INVALID
    admitted_on       2024-05-06     -
    visit_kind        chronic        -
    """
)


@pytest.mark.parametrize("case", HERE, ids=lambda case: f"{case['field']} {case['value']}")
def test_what_this_area_finds_is_what_it_refuses_a_settlement_for(
    tx: Connection, case: dict[str, str]
) -> None:
    value = {
        "admitted_on": date.fromisoformat,
        "visit_kind": VisitKind,
        "person_id": PersonId,
        "insured_division": DivisionCode,
    }.get(case["field"], str)(case["value"])
    wish = replace(WISH, **{case["field"]: value})  # type: ignore[arg-type]  # the table's field
    [result], _ = preflights.ask(tx, [wish], NOW, TERMS)
    own = result.checks if isinstance(result, Verdict) else getattr(result, "own", ())
    codes = [check.code for check in own if check.code]
    told = result.code if isinstance(result, Refusal) else next(iter(codes), None)
    bill = a_bill(
        "M1",
        hospital_code=wish.hospital_code,
        person_id=wish.person_id,
        insured_division=wish.insured_division,
        visit_kind=wish.visit_kind,
        admitted_on=wish.admitted_on,
    )
    institution = institutions.of(tx, [wish.hospital_code]).get(wish.hospital_code)
    settled = decide(bill, Facts(AREA, TODAY, institution))
    refused = settled.code if isinstance(settled, Refusal) else None
    assert told == refused == (None if case["code"] == "-" else RefusalCode[case["code"]])


def no(name: CheckName, code: RefusalCode) -> Check:
    return Check(name=name, passed=False, code=code)


def test_a_verdict_needs_every_yes_and_the_hubs_own() -> None:
    id_ = EnquiryId(new_id())
    own = (Check(name=CheckName.INSTITUTION, passed=True),)
    closed = (no(CheckName.INSTITUTION, RefusalCode.INSTITUTION_NOT_CONNECTED),)
    yes = answer(id_, YES, final=True).body
    assert verdict(own, yes, is_last=False).will_settle
    assert not verdict(closed, yes, is_last=False).will_settle
    assert not verdict(
        own, yes.model_copy(update={"will_settle": False}), is_last=False
    ).will_settle
    first = verdict(own, yes.model_copy(update={"final": False}), is_last=True)
    assert (first.will_settle, first.is_final, first.answered_by) == (
        False,
        False,
        AnsweredBy.HUB,
    )
    assert [one.name for one in first.checks] == list(CheckName)
    assert first.checks[-1].code is RefusalCode.AREA_UNAVAILABLE
    alone = verdict(own, None, is_last=True)
    assert (alone.answered_by, [one.passed for one in alone.checks]) == (
        AnsweredBy.TREATMENT,
        [True, False],
    )


def test_an_institution_that_closed_is_closed_from_the_next_day(tx: Connection) -> None:
    institutions.load(tx, [replace(hospital(HOSPITAL), until=TODAY - timedelta(days=1))])
    [before, after], _ = preflights.ask(
        tx, [replace(WISH, admitted_on=TODAY - timedelta(days=n)) for n in (1, 0)], NOW, TERMS
    )
    assert isinstance(before, PreflightSlot)
    assert isinstance(after, PreflightSlot)
    assert [before.own[0].passed, after.own[0].passed] == [True, False]
