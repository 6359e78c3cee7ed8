"""Pre-flight 结算预检: asked of the hub, answered at once and then for good; changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.ids import EnquiryId, MessageId, new_id
from contracts.message import Message, Outgoing, originate
from contracts.messages.enquiry import PreflightAnswered, PreflightAsked
from contracts.messages.settlement import Care
from contracts.refusal import RefusalCode
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.preflight import (
    PreflightSlot,
    PreflightWish,
    Verdict,
    care_of,
    need_nobody,
    own_checks,
    verdict,
)
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.terms import Terms
from participants.treatment.store import institutions
from participants.treatment.store import preflights as store
from participants.treatment.store.listening import wake

Asked = PreflightSlot | Verdict | Refusal


def ask(
    tx: Connection, wishes: Sequence[PreflightWish], now: datetime, terms: Terms
) -> tuple[list[Asked], list[Outgoing]]:
    """A slot for each that the hub is asked about; a Verdict where the hub could add nothing.

    Refusals: FIELD_INVALID, when the care does not fit into a message.
    """
    known = institutions.of(tx, (one.hospital_code for one in wishes))
    results: list[Asked] = []
    outgoing: list[Outgoing] = []
    for one in wishes:
        result, care = _judged(one, known.get(one.hospital_code), now, terms)
        results.append(result)
        if isinstance(result, PreflightSlot) and care is not None:
            outgoing.append(_ask(result, care, terms))
    store.add(tx, [one for one in results if isinstance(one, PreflightSlot)])
    return results, outgoing


def of(tx: Connection, ids: Iterable[EnquiryId]) -> dict[EnquiryId, PreflightSlot]:
    """Those of these pre-flights that exist; `answer` is None while nobody has answered."""
    return store.of(tx, ids)


def record_answers(
    tx: Connection, batch: Sequence[Message[PreflightAnswered]], now: datetime
) -> list[Outgoing]:
    """Keep the hub's answers and wake who waits; answers of anybody else are not kept."""
    answers = [message.body for message in batch if message.head.sender == topics.HUB]
    store.answer(tx, answers, now)
    wake(tx, (one.enquiry_id for one in answers))
    return []


def _judged(
    one: PreflightWish, institution: Institution | None, now: datetime, terms: Terms
) -> tuple[Asked, Care | None]:
    today = shanghai_date_of(now)
    own = own_checks(one, institution, terms.area, today)
    if institution is None or need_nobody(own):
        return verdict(own, None, is_last=False), None
    try:
        care = care_of(one, institution, today)
    except ValidationError as error:
        # Where, never what: the value may be somebody's illness.
        return Refusal(RefusalCode.FIELD_INVALID, str(error.errors()[0]["loc"][0])), None
    slot = PreflightSlot(EnquiryId(new_id()), own, now, now + terms.settle_within, answer=None)
    return slot, care


def _ask(slot: PreflightSlot, care: Care, terms: Terms) -> Outgoing:
    body = PreflightAsked(enquiry_id=slot.enquiry_id, treatment_area=terms.area, care=care)
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_ENQUIRIES,
        key=str(slot.enquiry_id),
        sender=terms.sender,
        at=slot.asked_at,
    )
