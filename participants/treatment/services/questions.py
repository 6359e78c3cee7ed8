"""Questions about a person 5206, 5301, 5302, 5304, 90100: asked of the hub, answered, forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import Connection

from contracts import topics
from contracts.ids import EnquiryId, MessageId, RegistrationId, new_id
from contracts.message import Message, Outgoing, originate
from contracts.messages.enquiry import PersonAsked, PersonTold
from contracts.refusal import RefusalCode
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.question import NewQuestion, StoredQuestion, question_refusal
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.terms import Terms
from participants.treatment.store import filing_papers, institutions
from participants.treatment.store import questions as store
from participants.treatment.store.filing_papers import Papers
from participants.treatment.store.listening import wake

KEPT_FOR = timedelta(hours=1)
"""An answer is read once. What a person has used is no longer kept here than that takes."""


def ask(
    tx: Connection, questions: Sequence[NewQuestion], now: datetime, terms: Terms
) -> tuple[list[StoredQuestion | Refusal], list[Outgoing]]:
    """Ask the hub, which answers itself or asks the insured area.

    Refusals: UNKNOWN_INSTITUTION, UNKNOWN_AREA, NOT_OUT_OF_AREA, FIELD_INVALID.
    """
    known = institutions.of(tx, (one.hospital_code for one in questions))
    results: list[StoredQuestion | Refusal] = []
    outgoing: list[Outgoing] = []
    for one in questions:
        result, body = _asked(one, known, now, terms)
        results.append(result)
        if isinstance(result, StoredQuestion) and body is not None:
            outgoing.append(_message(result, body, terms))
    store.add(tx, [one for one in results if isinstance(one, StoredQuestion)])
    store.forget(tx, now - KEPT_FOR)
    return results, outgoing


def of(tx: Connection, ids: Iterable[EnquiryId]) -> dict[EnquiryId, StoredQuestion]:
    """Those of these questions that exist; `answer` is None while nobody has answered."""
    return store.of(tx, ids)


def papers(
    tx: Connection, told: Mapping[EnquiryId, StoredQuestion]
) -> dict[RegistrationId, Papers]:
    """What hospitals of this area said when they filed the registrations in these answers."""
    answers = [one.answer for one in told.values() if one.answer is not None]
    return filing_papers.of(tx, (row.registration_id for one in answers for row in one.on_record))


def record_told(
    tx: Connection, batch: Sequence[Message[PersonTold]], now: datetime
) -> list[Outgoing]:
    """Keep what the hub says and wake who waits; answers of anybody else are not kept."""
    answers = [message.body for message in batch if message.head.sender == topics.HUB]
    store.answer(tx, answers, now)
    wake(tx, (one.enquiry_id for one in answers))
    return []


def _asked(
    one: NewQuestion, known: dict[str, Institution], now: datetime, terms: Terms
) -> tuple[StoredQuestion | Refusal, PersonAsked | None]:
    no = question_refusal(one, terms.area, is_registered=one.hospital_code in known)
    if no is not None:
        return no, None
    enquiry_id = EnquiryId(new_id())
    try:
        body = PersonAsked(
            enquiry_id=enquiry_id,
            treatment_area=terms.area,
            question=one.question,
            person_id=one.person_id,
            insured_division=one.insured_division,
            begins_on=one.begins_on,
            ends_on=one.ends_on,
        )
    except ValidationError as error:
        return Refusal(RefusalCode.FIELD_INVALID, str(error.errors()[0]["loc"][0])), None
    answer_by = now + terms.status_within
    return StoredQuestion(enquiry_id, one.person_id, one.question, now, answer_by, None), body


def _message(stored: StoredQuestion, body: PersonAsked, terms: Terms) -> Outgoing:
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_ENQUIRIES,
        key=str(stored.enquiry_id),
        sender=terms.sender,
        at=stored.asked_at,
    )
