"""Registrations filed by hospitals, as the hub's words about them come in, in any order."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import permutations

import pytest
from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.codes import Channel, DivisionCode, InsuranceKind, RegistrationCategory
from contracts.ids import MessageId, PersonId, RegistrationId, new_id
from contracts.message import Message
from contracts.messages.registration import (
    Change,
    RegistrationChangeRequested,
    RegistrationStanding,
    RegistrationSubmitted,
    RegistrationTold,
    Wanted,
)
from contracts.refusal import RefusalCode
from participants.treatment.domain.filing import (
    AlreadyCancelled,
    CancellationAsked,
    Filed,
    FilingState,
    NewCancellation,
    NewFiling,
)
from participants.treatment.domain.results import Refusal
from participants.treatment.services import attempts, registrations
from tests.support.databases import Databases
from tests.support.treatment import (
    HEFEI,
    HOSPITAL,
    NOW,
    OTHER_HOSPITAL,
    PERSON,
    TERMS,
    an_attempt,
    says,
    treatment_database,
)

S = RegistrationStanding
SECOND = timedelta(seconds=1)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def a_filing(msgid: str, *, by: str = HOSPITAL, division: DivisionCode = HEFEI) -> NewFiling:
    wanted = Wanted(
        registration_id=RegistrationId(new_id()),
        person_id=PERSON,
        insured_division=division,
        insurance_kind=InsuranceKind.EMPLOYEE,
        category=RegistrationCategory.REFERRAL,
        place=DivisionCode("310000"),
        begins_on=date(2024, 5, 1),
        ends_on=None,
        materials=(),
        channel=Channel.HOSPITAL,
    )
    return NewFiling(msgid, by, "2501", wanted, by)


def filed(tx: Connection, msgid: str = "M1") -> RegistrationId:
    attempts.claim(tx, [an_attempt(msgid, infno="2501")], NOW)
    [result], [outgoing] = registrations.file(tx, [a_filing(msgid)], NOW, TERMS)
    assert isinstance(result, Filed)
    assert isinstance(outgoing.message.body, RegistrationSubmitted)
    assert (outgoing.topic, outgoing.key) == (topics.HUB_REGISTRATIONS, PERSON)
    return result.registration_id


def a_wish(
    id_: RegistrationId,
    msgid: str = "C1",
    *,
    hospital_code: str = HOSPITAL,
    filed_by: str = "2501",
    person_id: PersonId = PERSON,
) -> NewCancellation:
    return NewCancellation(msgid, hospital_code, filed_by, id_, person_id, "误报", HOSPITAL)


def asked(tx: Connection, id_: RegistrationId, msgid: str = "C1") -> MessageId:
    attempts.claim(tx, [an_attempt(msgid, infno="2502")], NOW)
    [result], [outgoing] = registrations.cancel(tx, [a_wish(id_, msgid)], NOW, TERMS)
    assert isinstance(result, CancellationAsked)
    body = outgoing.message.body
    assert isinstance(body, RegistrationChangeRequested)
    assert (body.change, body.change_id, outgoing.key) == (
        Change.CANCEL,
        result.cancellation_id,
        PERSON,
    )
    return result.cancellation_id


def told(
    id_: RegistrationId,
    state: S,
    seconds: int = 1,
    *,
    change_id: MessageId | None = None,
    code: RefusalCode | None = None,
    sender: str = topics.HUB,
) -> Message[RegistrationTold]:
    body = RegistrationTold(
        registration_id=id_,
        person_id=PERSON,
        insured_area="340000",
        state=state,
        materials=(),
        change_id=change_id,
        code=code,
        at=NOW + seconds * SECOND,
        by="hub",
    )
    return says(body, sender)  # type: ignore[return-value]  # its body


def hear(tx: Connection, *words: Message[RegistrationTold]) -> None:
    for word in words:
        assert registrations.record_told(tx, [word], NOW) == []


def state_of(tx: Connection, id_: RegistrationId) -> FilingState:
    return registrations.of(tx, [id_])[id_].state


def test_a_filing_is_kept_and_its_message_id_names_it(tx: Connection) -> None:
    id_ = filed(tx)
    found = registrations.of(tx, [id_])[id_]
    assert (found.state, found.hospital_code, found.person_id) == (
        FilingState.SENT,
        HOSPITAL,
        PERSON,
    )
    [claim] = attempts.claim(tx, [an_attempt("M1", infno="2501")], NOW)
    assert claim.subject_id == id_


def test_a_filing_that_makes_no_sense_is_refused_here(tx: Connection) -> None:
    filings = [
        a_filing("M1", by="H99999999999"),
        a_filing("M2", division=DivisionCode("990100")),
        a_filing("M3"),
    ]
    results, outgoing = registrations.file(tx, filings, NOW, TERMS)
    assert results[:2] == [
        Refusal(RefusalCode.UNKNOWN_INSTITUTION),
        Refusal(RefusalCode.UNKNOWN_AREA),
    ]
    assert isinstance(results[2], Filed)
    assert len(outgoing) == 1


STEPS = ((S.SUBMITTED, 1), (S.ACTIVE, 2), (S.SUSPENDED, 3))


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids=str)
def test_the_newest_word_counts_in_whatever_order_they_come(
    tx: Connection, order: tuple[tuple[S, int], ...]
) -> None:
    id_ = filed(tx)
    hear(tx, *(told(id_, state, seconds) for state, seconds in order))
    assert state_of(tx, id_) is FilingState.SUSPENDED


def test_words_of_one_batch_are_heard_as_if_one_by_one(tx: Connection) -> None:
    id_ = filed(tx)
    words = [told(id_, state, seconds) for state, seconds in reversed(STEPS)]
    assert registrations.record_told(tx, words, NOW) == []
    assert state_of(tx, id_) is FilingState.SUSPENDED


def test_only_the_hub_is_believed_and_what_is_not_ours_goes_nowhere(tx: Connection) -> None:
    id_ = filed(tx)
    hear(tx, told(id_, S.ACTIVE, sender="insured.340000"))
    hear(tx, told(RegistrationId(new_id()), S.ACTIVE))
    assert state_of(tx, id_) is FilingState.SENT


def test_a_rejection_keeps_its_code(tx: Connection) -> None:
    id_ = filed(tx)
    hear(tx, told(id_, S.REJECTED, code=RefusalCode.LOCKED_IN))
    assert registrations.of(tx, [id_])[id_].code is RefusalCode.LOCKED_IN


def test_who_may_not_cancel_hears_that_there_is_no_such_registration(tx: Connection) -> None:
    id_ = filed(tx)
    wishes = [
        a_wish(id_, "C1", hospital_code=OTHER_HOSPITAL),
        a_wish(id_, "C2", filed_by="2505"),
        a_wish(id_, "C3", person_id=PersonId("B" * 29)),
        a_wish(RegistrationId(new_id()), "C4"),
    ]
    results, outgoing = registrations.cancel(tx, wishes, NOW, TERMS)
    assert results == [Refusal(RefusalCode.UNKNOWN_REGISTRATION)] * 4
    assert outgoing == []


@pytest.mark.parametrize("state", [S.REJECTED, S.EXPIRED, S.SUPERSEDED])
def test_what_has_ended_is_not_cancelled(tx: Connection, state: S) -> None:
    id_ = filed(tx)
    hear(tx, told(id_, state))
    results, outgoing = registrations.cancel(tx, [a_wish(id_)], NOW, TERMS)
    assert (results, outgoing) == ([Refusal(RefusalCode.OUT_OF_STEP)], [])


def test_a_cancellation_under_way_is_not_asked_twice(tx: Connection) -> None:
    id_ = filed(tx)
    first = asked(tx, id_)
    results, outgoing = registrations.cancel(tx, [a_wish(id_, "C2"), a_wish(id_, "C3")], NOW, TERMS)
    ids = {one.cancellation_id for one in results if isinstance(one, CancellationAsked)}
    assert (ids, outgoing) == ({first}, [])


def test_a_cancellation_comes_true_whoever_brought_it_about(tx: Connection) -> None:
    id_ = filed(tx)
    change_id = asked(tx, id_)
    hear(tx, told(id_, S.CANCELLED, 1, change_id=MessageId(new_id())))
    assert registrations.cancellations(tx, [change_id])[change_id].is_done
    late = told(id_, S.CANCELLED, 2, change_id=change_id, code=RefusalCode.OUT_OF_STEP)
    hear(tx, late)
    found = registrations.cancellations(tx, [change_id])[change_id]
    assert (found.is_done, found.code) == (True, None)
    assert registrations.cancel(tx, [a_wish(id_, "C2")], NOW, TERMS) == ([AlreadyCancelled()], [])


def test_a_refused_cancellation_leaves_the_registration_and_may_be_wished_again(
    tx: Connection,
) -> None:
    id_ = filed(tx)
    hear(tx, told(id_, S.ACTIVE, 1))
    change_id = asked(tx, id_)
    hear(tx, told(id_, S.ACTIVE, 2, change_id=MessageId(new_id()), code=RefusalCode.OUT_OF_STEP))
    assert registrations.cancellations(tx, [change_id])[change_id].is_pending
    hear(tx, told(id_, S.ACTIVE, 3, change_id=change_id, code=RefusalCode.LOCKED_IN))
    found = registrations.cancellations(tx, [change_id])[change_id]
    assert (found.is_pending, found.code) == (False, RefusalCode.LOCKED_IN)
    assert (state_of(tx, id_), registrations.of(tx, [id_])[id_].code) == (FilingState.ACTIVE, None)
    assert asked(tx, id_, "C2") != change_id
