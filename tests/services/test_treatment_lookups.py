"""Trials and enquiries: asked, answered, and nothing else changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from contracts import topics
from contracts.codes import AreaCode, DivisionCode, InsuranceKind, PersonType
from contracts.ids import EnquiryId, SettlementId, new_id
from contracts.message import Message
from contracts.messages.enquiry import Insurance, PersonAnswered, PersonCard, PersonEnquired
from contracts.messages.settlement import TrialAnswered, TrialRequested
from contracts.refusal import RefusalCode
from participants.treatment.domain.enquiry import Enquired, Enquiry
from participants.treatment.domain.results import Refusal, Requested
from participants.treatment.services import attempts, enquiries, trials
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import (
    HEFEI,
    HOSPITAL,
    NOW,
    PERSON,
    SHARES,
    TERMS,
    a_bill,
    a_visit,
    an_attempt,
    claimed,
    opened,
    requested,
    says,
    treatment_database,
)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def _trial_answer(id_: SettlementId, *, sender: str = topics.HUB) -> Message[TrialAnswered]:
    body = TrialAnswered(settlement_id=id_, shares=SHARES, deductible_fen=20_00)
    return says(body, sender)  # type: ignore[return-value]  # its body


def test_a_trial_asks_and_is_answered_and_leaves_no_settlement_and_no_visit(
    tx: Connection,
) -> None:
    [result], [outgoing] = trials.try_out(tx, claimed(tx, a_bill("T1")), NOW, TERMS)
    assert isinstance(result, Requested)
    assert isinstance(outgoing.message.body, TrialRequested)
    assert (outgoing.topic, outgoing.key) == (topics.HUB_SETTLEMENTS, str(result.settlement_id))
    assert trials.of(tx, [result.settlement_id])[result.settlement_id].answer is None
    trials.record_trial_answers(tx, [_trial_answer(result.settlement_id)], NOW)
    found = trials.of(tx, [result.settlement_id])[result.settlement_id]
    assert found.answer is not None
    assert (found.shares, found.bill.in_scope_fen) == (SHARES, 80_00)
    for table in ("settlements", "visits"):
        assert tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0  # noqa: S608


def test_a_trial_is_refused_by_the_rules_of_a_settlement(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    requested(tx, a_bill("M1", visit_id=visit_id))
    bills = claimed(tx, a_bill("T1", visit_id=visit_id), a_bill("T2", total_fen=1), a_bill("T3"))
    results, outgoing = trials.try_out(tx, bills, NOW, TERMS)
    assert results[:2] == [
        Refusal(RefusalCode.ALREADY_SETTLED),
        Refusal(RefusalCode.PARTS_DO_NOT_ADD_UP),
    ]
    assert len(outgoing) == 1


def test_a_visit_can_be_tried_out_again_and_again(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    bills = claimed(tx, a_bill("T1", visit_id=visit_id), a_bill("T2", visit_id=visit_id))
    _, outgoing = trials.try_out(tx, bills, NOW, TERMS)
    assert len(outgoing) == 2


def test_only_the_hub_answers_a_trial_and_its_first_answer_stays(tx: Connection) -> None:
    [result], _ = trials.try_out(tx, claimed(tx, a_bill("T1")), NOW, TERMS)
    assert isinstance(result, Requested)
    id_ = result.settlement_id
    trials.record_trial_answers(tx, [_trial_answer(id_, sender="insured.340000")], NOW)
    assert trials.of(tx, [id_])[id_].answer is None
    trials.record_trial_answers(tx, [_trial_answer(id_)], NOW)
    another = says(TrialAnswered(settlement_id=id_, shares=None, code=RefusalCode.NO_POLICY))
    trials.record_trial_answers(tx, [another], NOW)  # type: ignore[list-item]  # its body
    assert trials.of(tx, [id_])[id_].shares == SHARES


ENQUIRY = Enquiry("E1", HOSPITAL, HEFEI, PERSON)
NOT_ASKED = """
    what_is_wrong            field             value         code
    nothing                  person_id         -             -
    hospital_not_registered  hospital_code     H99999999999  1010
    no_such_area             insured_division  990100        3001
    insured_here             insured_division  310104        3002
"""


@pytest.mark.parametrize("case", rows(NOT_ASKED), ids=lambda case: case["what_is_wrong"])
def test_an_enquiry_goes_to_the_hub_unless_something_is_wrong(
    tx: Connection, case: dict[str, str]
) -> None:
    changed = {} if case["value"] == "-" else {case["field"]: case["value"]}
    enquiry = replace(ENQUIRY, **changed)  # type: ignore[arg-type]  # the table names the fields
    [result], outgoing = enquiries.enquire(tx, [enquiry], NOW, TERMS)
    assert (result.code.value if isinstance(result, Refusal) else "-") == case["code"]
    assert [type(one.message.body) for one in outgoing] == [PersonEnquired] * (case["code"] == "-")


def _card(division: str) -> PersonCard:
    insurance = Insurance(
        insurance_kind=InsuranceKind.EMPLOYEE,
        person_type=PersonType.RETIRED,
        in_force=True,
        division=division,
        civil_servant=False,
        account_balance_fen=1_00,
    )
    return PersonCard(
        person_id=PERSON,
        sealed_identity="k1:sealed",
        gender="1",
        born_on=date(1950, 1, 1),
        insurances=(insurance,),
    )


def _found(tx: Connection, msgid: str, card: PersonCard | None, seconds: int) -> EnquiryId:
    attempts.claim(tx, [an_attempt(msgid, infno="1101")], NOW)
    [result], _ = enquiries.enquire(tx, [replace(ENQUIRY, msgid=msgid)], NOW, TERMS)
    assert isinstance(result, Enquired)
    body = PersonAnswered(
        enquiry_id=result.enquiry_id,
        treatment_area=AreaCode("310000"),
        card=card,
        code=None if card else RefusalCode.PERSON_UNKNOWN,
    )
    at = NOW + timedelta(seconds=seconds)
    enquiries.record_person_answers(tx, [says(body)], at)  # type: ignore[list-item]  # its body
    return result.enquiry_id


def test_an_enquiry_shows_its_answer_and_the_latest_card_of_the_person(tx: Connection) -> None:
    _found(tx, "E1", _card(DivisionCode("340200")), 1)
    id_ = _found(tx, "E2", _card(HEFEI), 2)
    _found(tx, "E3", None, 3)
    answer = enquiries.of(tx, [id_])[id_].answer
    assert answer is not None
    assert answer.card == _card(HEFEI)
    assert enquiries.cards(tx, [PERSON]) == {PERSON: _card(HEFEI)}


def test_a_replay_of_an_enquiry_names_it(tx: Connection) -> None:
    id_ = _found(tx, "E1", None, 1)
    [claim] = attempts.claim(tx, [an_attempt("E1", infno="1101")], NOW)
    assert claim.subject_id == id_


def test_an_answer_to_an_enquiry_that_is_not_ours_goes_nowhere(tx: Connection) -> None:
    body = PersonAnswered(
        enquiry_id=EnquiryId(new_id()), treatment_area=AreaCode("310000"), card=None
    )
    assert enquiries.record_person_answers(tx, [says(body)], NOW) == []  # type: ignore[list-item]  # its body
