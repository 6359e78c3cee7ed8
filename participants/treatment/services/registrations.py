"""Registrations that hospitals of this area file and cancel, and what the hub tells of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import area_of
from contracts.ids import MessageId, RegistrationId, new_id
from contracts.message import Body, Message, Outgoing, originate
from contracts.messages.registration import (
    Change,
    RegistrationChangeRequested,
    RegistrationSubmitted,
    RegistrationTold,
)
from participants.treatment.domain.filing import (
    AlreadyCancelled,
    Cancellation,
    CancellationAsked,
    Filed,
    Filing,
    NewCancellation,
    NewFiling,
    cancellation_outcome,
    filing_refusal,
)
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.terms import Terms
from participants.treatment.store import attempts, institutions
from participants.treatment.store import registrations as store
from participants.treatment.store.listening import wake

Cancelled = CancellationAsked | AlreadyCancelled | Refusal


def file(
    tx: Connection, filings: Sequence[NewFiling], now: datetime, terms: Terms
) -> tuple[list[Filed | Refusal], list[Outgoing]]:
    """Ask the hub to register each, 2501, 2503 and 2505; message ids must have been claimed.

    Refusals: UNKNOWN_INSTITUTION, UNKNOWN_AREA. All other rules are the hub's and the insured
    area's.
    """
    known = institutions.of(tx, (one.hospital_code for one in filings))
    results: list[Filed | Refusal] = []
    filed: list[tuple[Filed, NewFiling]] = []
    for one in filings:
        insured = area_of(one.wanted.insured_division)
        no = filing_refusal(insured, is_registered=one.hospital_code in known)
        if no is not None:
            results.append(no)
            continue
        filed.append((Filed(one.wanted.registration_id, now + terms.settle_within), one))
        results.append(filed[-1][0])
    store.add(tx, filed, now)
    attempts.bind(tx, [(one.key, stored.registration_id) for stored, one in filed])
    return results, [_submitted(one, now, terms) for _, one in filed]


def cancel(
    tx: Connection, wishes: Sequence[NewCancellation], now: datetime, terms: Terms
) -> tuple[list[Cancelled], list[Outgoing]]:
    """Ask the hub to cancel each, 2502, 2504 and 2506; one wish a registration is under way.

    Refusals: UNKNOWN_REGISTRATION (also another hospital's), OUT_OF_STEP (rejected or ended).
    """
    known = store.lock(tx, (one.registration_id for one in wishes))
    under_way = {
        id_: CancellationAsked(one.cancellation_id, one.answer_by)
        for id_, one in store.open_cancellations(tx, known).items()
    }
    results: list[Cancelled] = []
    asked: list[tuple[CancellationAsked, NewCancellation]] = []
    for one in wishes:
        outcome: Cancelled | None = cancellation_outcome(one, known.get(one.registration_id))
        if outcome is None and one.registration_id not in under_way:
            wish = CancellationAsked(MessageId(new_id()), now + terms.settle_within)
            under_way[one.registration_id] = wish
            asked.append((wish, one))
        results.append(outcome or under_way[one.registration_id])
    store.add_cancellations(tx, asked, now)
    attempts.bind(
        tx,
        [
            (one.key, result.cancellation_id)
            for one, result in zip(wishes, results, strict=True)
            if isinstance(result, CancellationAsked)
        ],
    )
    return results, [_change(one, wish, now, terms) for wish, one in asked]


def of(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Filing]:
    """Those of these registrations that were filed here."""
    return store.of(tx, ids)


def cancellations(tx: Connection, ids: Iterable[MessageId]) -> dict[MessageId, Cancellation]:
    """Those of these wishes that exist."""
    return store.cancellations(tx, ids)


def record_told(
    tx: Connection, batch: Sequence[Message[RegistrationTold]], _now: datetime
) -> list[Outgoing]:
    """Keep what the hub says and wake who waits; the words of anybody else are not kept."""
    told = [message.body for message in batch if message.head.sender == topics.HUB]
    store.lock(tx, (one.registration_id for one in told))
    store.tell(tx, told)
    concluded = store.conclude(tx, told)
    wake(tx, [*(one.registration_id for one in told), *concluded])
    return []


def _submitted(one: NewFiling, now: datetime, terms: Terms) -> Outgoing:
    body = RegistrationSubmitted(wanted=one.wanted, by=one.by)
    return _said(body, MessageId(new_id()), one.wanted.person_id, now, terms)


def _change(one: NewCancellation, wish: CancellationAsked, now: datetime, terms: Terms) -> Outgoing:
    body = RegistrationChangeRequested(
        change_id=wish.cancellation_id,
        registration_id=one.registration_id,
        person_id=one.person_id,
        change=Change.CANCEL,
        reason=one.reason,
        by=one.by,
    )
    return _said(body, wish.cancellation_id, one.person_id, now, terms)


def _said(body: Body, id_: MessageId, person_id: str, now: datetime, terms: Terms) -> Outgoing:
    return originate(
        body,
        message_id=id_,
        topic=topics.HUB_REGISTRATIONS,
        key=person_id,
        sender=terms.sender,
        at=now,
    )
