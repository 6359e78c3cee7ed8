"""Loads what the answers of a whole batch are made of: one query a kind."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from uuid import UUID

from contracts.ids import EnquiryId, MessageId, PersonId, RegistrationId, SettlementId
from participants.gateway.serving.requests import Facts, Request, Subject, Work
from participants.treatment.services import (
    enquiries,
    preflights,
    questions,
    registrations,
    settlements,
    trials,
    visits,
    weather,
)


def facts_about(
    work: Work, subjects: AbstractSet[tuple[Subject, UUID]], requests: Iterable[Request]
) -> Facts:
    """What these ids are about, and the visits and cards that it takes to tell it.

    `requests` are those that will be answered: they name persons too.
    """
    tx = work.writing.tx
    by_subject = {kind: [id_ for what, id_ in subjects if what is kind] for kind in Subject}
    settled = settlements.of(tx, [SettlementId(id_) for id_ in by_subject[Subject.SETTLEMENT]])
    tried = trials.of(tx, [SettlementId(id_) for id_ in by_subject[Subject.TRIAL]])
    filed = registrations.of(tx, [RegistrationId(id_) for id_ in by_subject[Subject.FILING]])
    cancelled = [MessageId(id_) for id_ in by_subject[Subject.CANCELLATION]]
    ended = registrations.cancellations(tx, cancelled)
    checked = preflights.of(tx, [EnquiryId(id_) for id_ in by_subject[Subject.PREFLIGHT]])
    enquired = enquiries.of(tx, [EnquiryId(id_) for id_ in by_subject[Subject.ENQUIRY]])
    told = questions.of(tx, [EnquiryId(id_) for id_ in by_subject[Subject.QUESTION]])
    asking = list(requests)
    divisions = {one.said_division() for one in asking} if enquired or checked else set()
    visit_ids = {one.visit_id for one in settled.values()}
    visit_ids |= {one.visit_id for one in tried.values() if one.visit_id is not None}
    visited = visits.of(tx, visit_ids)
    persons = {one.person_id for one in settled.values()}
    persons |= {PersonId(one.row.text("psn_no")) for one in asking}
    return Facts(
        settlements={one.settlement_id: one for one in settled.values()},
        visits={one.visit_id: one for one in visited.values()},
        trials={one.trial_id: one for one in tried.values()},
        enquiries={one.enquiry_id: one for one in enquired.values()},
        cards=enquiries.cards(tx, persons),
        filings={one.registration_id: one for one in filed.values()},
        cancellations={one.cancellation_id: one for one in ended.values()},
        preflights={one.enquiry_id: one for one in checked.values()},
        weather=weather.of(tx, divisions) if divisions else {},
        questions={one.enquiry_id: one for one in told.values()},
        papers={one.registration_id: one for one in questions.papers(tx, told).values()},
    )
