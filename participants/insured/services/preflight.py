"""Says whether the area would pay for care, and what to do where it would not; writes nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.enquiry import PreflightForwarded, PreflightJudged
from participants.insured.domain.area import Area
from participants.insured.domain.entitlement import facts_of
from participants.insured.domain.preflight import NO_BILL, checks
from participants.insured.services.anomalies import from_the_hub
from participants.insured.services.knowledge import Books, books_of
from participants.insured.store import people

Batch = Sequence[Message[PreflightForwarded]]


def judge(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """The area's own checks of each care; one query a table, whatever the batch."""
    asked = from_the_hub(tx, batch, now)
    cares = [message.body.care for message in asked]
    insured = people.insurances_of(tx, {care.person_id for care in cares})
    books = books_of(area, tx, cares, insured)
    return [
        effect_of(
            message,
            judged(area, message.body, books),
            topic=topics.HUB_ENQUIRIES,
            key=str(message.body.enquiry_id),
            sender=area.name,
            at=now,
        )
        for message in asked
    ]


def judged(area: Area, asked: PreflightForwarded, books: Books) -> PreflightJudged:
    known = books.of(asked.care.person_id)
    facts = facts_of(area, asked.care, NO_BILL, asked.standing, known)
    return PreflightJudged(
        enquiry_id=asked.enquiry_id,
        treatment_area=asked.treatment_area,
        care=asked.care,
        standing=asked.standing,
        checks=checks(facts),
    )
