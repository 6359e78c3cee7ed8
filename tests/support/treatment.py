"""A treatment area with one hospital, and people of other areas who come to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.codes import AreaCode, DivisionCode, InsuranceKind, VisitKind
from contracts.ids import MessageId, PersonId, SettlementId, VisitId, new_id
from contracts.message import Body, Head, Message
from contracts.messages.settlement import Outcome, SettlementAnswered
from contracts.messages.values import Shares
from participants.treatment.domain.attempt import Attempt
from participants.treatment.domain.institution import (
    OPENED_BY_KIND,
    Institution,
    InstitutionKind,
)
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import Settlement, SettleRequest, Split
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.visit import NewVisit, Opened
from participants.treatment.services import attempts, institutions, settlements, visits
from participants.treatment.store.db import migrate
from tests.support.databases import Databases

AREA = AreaCode("310000")
TERMS = Terms(AREA, timedelta(seconds=8), timedelta(seconds=8))
NOW = datetime(2024, 5, 6, 2, 30, tzinfo=UTC)
TODAY = date(2024, 5, 6)
HOSPITAL = "H31010600001"
OTHER_HOSPITAL = "H31010400002"
PERSON = PersonId("A" * 29)
HEFEI = DivisionCode("340100")


def treatment_database(databases: Databases) -> Engine:
    engine = databases.fresh("treatment", migrate)
    with engine.begin() as tx:
        institutions.load(tx, [hospital(HOSPITAL), hospital(OTHER_HOSPITAL)])
    return engine


def hospital(code: str) -> Institution:
    return Institution(
        code=code,
        name="静安区某医院",
        division=DivisionCode("310106"),
        level=3,
        hosp_lv="04",
        kind=InstitutionKind.HOSPITAL,
        opened=OPENED_BY_KIND[InstitutionKind.HOSPITAL],
    )


def an_attempt(
    msgid: str, *, infno: str = "2207", content: str = "", by: str = HOSPITAL
) -> Attempt:
    return Attempt(msgid, by, infno, sha256(content.encode()).digest())


def a_bill(msgid: str, **changes: object) -> SettleRequest:
    """An out-patient bill of 100.00 yuan, 80.00 of it in scope, without a visit."""
    request = SettleRequest(
        msgid=msgid,
        hospital_code=HOSPITAL,
        visit_id=None,
        person_id=PERSON,
        insured_division=HEFEI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        total_fen=100_00,
        split=Split(10_00, 5_00, 5_00, 80_00),
        visit_kind=VisitKind.OUTPATIENT,
        admitted_on=TODAY,
    )
    return replace(request, **changes)  # type: ignore[arg-type]  # any field of the request


def a_visit(msgid: str, **changes: object) -> NewVisit:
    visit = NewVisit(
        msgid=msgid,
        hospital_code=HOSPITAL,
        person_id=PERSON,
        insured_division=HEFEI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        admitted_on=date(2024, 4, 29),
    )
    return replace(visit, **changes)  # type: ignore[arg-type]  # any field of the visit


def claimed(tx: Connection, *requests: SettleRequest) -> list[SettleRequest]:
    """These requests, with their message ids claimed as the gateway does."""
    by_id = {one.msgid: an_attempt(one.msgid, by=one.hospital_code) for one in requests}
    attempts.claim(tx, list(by_id.values()), NOW)
    return list(requests)


def requested(tx: Connection, request: SettleRequest) -> Requested:
    """One request that must be accepted."""
    [result], outgoing = settlements.request(tx, claimed(tx, request), NOW, TERMS)
    assert isinstance(result, Requested), result
    assert len(outgoing) == 1
    return result


def opened(tx: Connection, visit: NewVisit) -> VisitId:
    """One visit that must be opened."""
    attempts.claim(tx, [an_attempt(visit.msgid, infno="2401")], NOW)
    [result] = visits.open(tx, [visit], NOW, TERMS)
    assert isinstance(result, Opened), result
    return result.visit_id


def says(body: Body, sender: str = topics.HUB) -> Message[Body]:
    head = Head(
        message_id=MessageId(new_id()),
        cause_id=None,
        kind=body.KIND,
        sender=sender,
        sent_at=NOW,
    )
    return Message(head, body)


# The fund pays 60.00 of the 100.00 yuan.
SHARES = Shares(pool_fen=60_00, cash_fen=40_00)


def an_answer(
    settlement_id: SettlementId,
    outcome: Outcome,
    *,
    on: date = TODAY,
    shares: Shares = SHARES,
    sender: str = topics.HUB,
) -> Message[SettlementAnswered]:
    """What the hub says; a day and shares come with settled and reversed only."""
    has_day = outcome in (Outcome.SETTLED, Outcome.REVERSED)
    body = SettlementAnswered(
        settlement_id=settlement_id,
        outcome=outcome,
        concluded_at=NOW,
        business_date=on if has_day else None,
        shares=shares if has_day else None,
        deductible_fen=20_00 if has_day else 0,
    )
    message: Message[SettlementAnswered] = says(body, sender)  # type: ignore[assignment]  # its body
    return message


def answered(tx: Connection, answers: Sequence[Message[SettlementAnswered]]) -> None:
    for answer in answers:
        assert settlements.record_answers(tx, [answer], NOW) == []


def read(tx: Connection, settlement_id: SettlementId) -> Settlement:
    return settlements.of(tx, [settlement_id])[settlement_id]
