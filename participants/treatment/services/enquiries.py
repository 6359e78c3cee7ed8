"""Look-ups of persons at their insured area 1101, and the cards that came back."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import area_of
from contracts.ids import EnquiryId, MessageId, PersonId, new_id
from contracts.message import Message, Outgoing, originate
from contracts.messages.enquiry import PersonAnswered, PersonCard, PersonEnquired
from contracts.refusal import RefusalCode
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.enquiry import Enquired, Enquiry, StoredEnquiry
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.terms import Terms
from participants.treatment.store import attempts, institutions
from participants.treatment.store import enquiries as store
from participants.treatment.store.listening import wake


def enquire(
    tx: Connection, enquiries: Sequence[Enquiry], now: datetime, terms: Terms
) -> tuple[list[Enquired | Refusal], list[Outgoing]]:
    """Ask the hub who each person is.

    Refusals: UNKNOWN_INSTITUTION, UNKNOWN_AREA, NOT_OUT_OF_AREA.
    """
    known = institutions.of(tx, (one.hospital_code for one in enquiries))
    results: list[Enquired | Refusal] = []
    asked: list[StoredEnquiry] = []
    pairs: list[tuple[MessageKey, EnquiryId]] = []
    for one in enquiries:
        no = _refusal(one, known, terms)
        if no is not None:
            results.append(no)
            continue
        asked.append(_asked(one, now, terms))
        pairs.append((one.key, asked[-1].enquiry_id))
        results.append(Enquired(asked[-1].enquiry_id, asked[-1].answer_by))
    store.add(tx, asked)
    attempts.bind(tx, pairs)
    return results, [_ask(one, terms) for one in asked]


def of(tx: Connection, ids: Iterable[EnquiryId]) -> dict[EnquiryId, StoredEnquiry]:
    """Those of these enquiries that exist; `answer` is None while it is under way."""
    return store.of(tx, ids)


def cards(tx: Connection, person_ids: Iterable[PersonId]) -> dict[PersonId, PersonCard]:
    """The latest card of each person who was ever found."""
    found = store.latest_with_card(tx, person_ids)
    answers = {person_id: one.answer for person_id, one in found.items()}
    return {id_: answer.card for id_, answer in answers.items() if answer and answer.card}


def read_by(tx: Connection, pairs: Iterable[tuple[str, PersonId]]) -> set[tuple[str, PersonId]]:
    """Those of these (hospital, person) where the hospital itself has been told the card."""
    return store.read_by(tx, pairs)


def record_person_answers(
    tx: Connection, batch: Sequence[Message[PersonAnswered]], now: datetime
) -> list[Outgoing]:
    """Keep what the hub passes on and wake who waits; answers of anybody else are not kept."""
    answers = [message.body for message in batch if message.head.sender == topics.HUB]
    store.answer(tx, answers, now)
    wake(tx, (one.enquiry_id for one in answers))
    return []


def _refusal(one: Enquiry, known: dict[str, Institution], terms: Terms) -> Refusal | None:
    insured = area_of(one.insured_division)
    checks = (
        (one.hospital_code not in known, RefusalCode.UNKNOWN_INSTITUTION),
        (insured is None, RefusalCode.UNKNOWN_AREA),
        (insured == terms.area, RefusalCode.NOT_OUT_OF_AREA),
    )
    return next((Refusal(code) for refuses, code in checks if refuses), None)


def _asked(one: Enquiry, now: datetime, terms: Terms) -> StoredEnquiry:
    return StoredEnquiry(
        enquiry_id=EnquiryId(new_id()),
        hospital_code=one.hospital_code,
        person_id=one.person_id,
        insured_division=one.insured_division,
        asked_at=now,
        answer_by=now + terms.settle_within,
        answer=None,
    )


def _ask(one: StoredEnquiry, terms: Terms) -> Outgoing:
    body = PersonEnquired(
        enquiry_id=one.enquiry_id,
        treatment_area=terms.area,
        insured_division=one.insured_division,
        person_id=one.person_id,
    )
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_ENQUIRIES,
        key=str(one.enquiry_id),
        sender=terms.sender,
        at=one.asked_at,
    )
