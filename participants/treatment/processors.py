"""What a treatment area reads: one row per kind and topic, and the use case it goes to."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.delivery.processor import Handle, Subscription
from contracts.message import Message, Outgoing
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned
from contracts.messages.clearing import ClearingIssued
from contracts.messages.enquiry import PersonAnswered, PersonTold, PreflightAnswered
from contracts.messages.reconciliation import (
    BreaksTold,
    PiecesRequested,
    RowsRequested,
    SliceRequested,
    TotalsRequested,
)
from contracts.messages.registration import RegistrationTold
from contracts.messages.repair import RepairOrdered
from contracts.messages.settlement import SettlementAnswered, TrialAnswered
from contracts.messages.weather import RouteWeatherPublished
from participants.treatment.services import (
    advances,
    enquiries,
    hub_breaks,
    preflights,
    questions,
    registrations,
    repairing,
    reports,
    settlements,
    slices,
    statements,
    trials,
    weather,
)

Report = Callable[[Connection, AreaCode, Sequence[Message[Any]], datetime], list[Outgoing]]


def subscriptions(area: AreaCode) -> tuple[Subscription, ...]:
    answers, notices = topics.treatment_answers(area), topics.notices(Role.TREATMENT, area)
    return (
        Subscription(answers, SettlementAnswered, settlements.record_answers),
        Subscription(answers, TrialAnswered, trials.record_trial_answers),
        Subscription(answers, PersonAnswered, enquiries.record_person_answers),
        Subscription(answers, PersonTold, questions.record_told),
        Subscription(answers, PreflightAnswered, preflights.record_answers),
        Subscription(answers, RegistrationTold, registrations.record_told),
        Subscription(notices, TotalsRequested, _for(area, reports.totals)),
        Subscription(notices, PiecesRequested, _for(area, reports.pieces)),
        Subscription(notices, RowsRequested, _for(area, reports.rows)),
        Subscription(notices, SliceRequested, _for(area, slices.answer)),
        Subscription(notices, RepairOrdered, _for(area, repairing.obey)),
        Subscription(notices, BreaksTold, hub_breaks.record),
        Subscription(notices, ClearingIssued, statements.receive),
        Subscription(notices, AdvanceWarned, advances.warned),
        Subscription(notices, AdvanceNoticed, advances.noticed),
        Subscription(notices, RouteWeatherPublished, weather.record),
    )


def _for(area: AreaCode, report: Report) -> Handle:
    return lambda tx, batch, now: report(tx, area, batch, now)
