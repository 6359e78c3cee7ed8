"""What an insured area subscribes to: this kind on this topic goes to this use case."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import Role
from contracts.delivery.processor import Subscription
from contracts.message import Body, Message, Outgoing
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned
from contracts.messages.clearing import ClearingIssued
from contracts.messages.enquiry import PersonAsked, PersonEnquired, PreflightForwarded
from contracts.messages.reconciliation import (
    PiecesRequested,
    RowsRequested,
    SliceRequested,
    TotalsRequested,
)
from contracts.messages.registration import RegistrationReviewRequested, RegistrationTold
from contracts.messages.repair import RepairOrdered
from contracts.messages.settlement import (
    CalculationRequested,
    ReleaseRequested,
    SettlementConcluded,
    TrialCalculationRequested,
)
from contracts.messages.weather import CanarySent
from participants.insured.domain.area import Area
from participants.insured.services import (
    advances,
    calculations,
    canaries,
    conclusions,
    enquiries,
    preflight,
    questions,
    registrations,
    releases,
    repairing,
    reports,
    slices,
    standings,
    trials,
)

UseCase = Callable[[Area, Connection, Sequence[Message[Any]], datetime], Iterable[Outgoing]]

# fmt: off
WORK: tuple[tuple[type[Body], UseCase], ...] = (
    (CalculationRequested,        calculations.calculate),
    (TrialCalculationRequested,   trials.calculate),
    (ReleaseRequested,            releases.release),
    (SettlementConcluded,         conclusions.conclude),
    (RegistrationReviewRequested, registrations.review),
    (RegistrationTold,            standings.keep),
    (PersonEnquired,              enquiries.answer),
    (PersonAsked,                 questions.answer),
    (PreflightForwarded,          preflight.judge),
    (CanarySent,                  canaries.answer),
)
NOTICES: tuple[tuple[type[Body], UseCase], ...] = (
    (TotalsRequested, reports.totals),
    (PiecesRequested, reports.pieces),
    (RowsRequested,   reports.rows),
    (SliceRequested,  slices.answer),
    (RepairOrdered,   repairing.obey),
    (ClearingIssued,  reports.keep_statement),
    (AdvanceWarned,   advances.warned),
    (AdvanceNoticed,  advances.noticed),
)
# fmt: on


def subscriptions(area: Area) -> tuple[Subscription, ...]:
    """The table for one area; its topics are its own."""
    work, notices = topics.insured_work(area.code), topics.notices(Role.INSURED, area.code)
    return (
        *(Subscription(work, body, partial(handle, area)) for body, handle in WORK),
        *(Subscription(notices, body, partial(handle, area)) for body, handle in NOTICES),
    )
