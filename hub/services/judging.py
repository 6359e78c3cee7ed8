"""Loads the facts of a whole batch of bills and lets the acceptance rules judge each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, Role
from contracts.message import Message
from contracts.refusal import RefusalCode
from hub.domain.acceptance import Facts, refusal
from hub.domain.anomaly import AnomalyKind
from hub.domain.participant import Participant, area_code_of
from hub.domain.registration import Registration, applicable
from hub.services.decided import Decided, from_the_area
from hub.store import registrations


@dataclass(frozen=True, slots=True)
class Judged:
    """A bill (SettlementRequested or TrialRequested), and what the rules say of it."""

    message: Message[Any]
    insured_area: AreaCode
    treatment_area: AreaCode
    registration: Registration | None
    refusal: RefusalCode | None

    def registered(self) -> Registration:
        assert self.registration is not None, "no rule let a bill through without one"
        return self.registration


def heard(
    batch: Sequence[Message[Any]], participants: Mapping[AreaCode, Participant], decided: Decided
) -> list[Message[Any]]:
    """The bills that their own treatment area sent, on whose topic we can answer."""
    found = []
    for message in batch:
        area = area_code_of(message.body.care.treatment_division)
        if area in participants and from_the_area(message, Role.TREATMENT, area):
            found.append(message)
        else:
            decided.odd(AnomalyKind.WRONG_SENDER, message, message.head.sender)
    return found


def judge(
    tx: Connection,
    batch: Sequence[Message[Any]],
    participants: Mapping[AreaCode, Participant],
    now: datetime,
) -> list[Judged]:
    """One query for the registrations of everybody in the batch, then pure rules."""
    people = registrations.of_people(tx, {message.body.care.person_id for message in batch})
    today = shanghai_date_of(now)
    judged = []
    for message in batch:
        care = message.body.care
        facts = Facts(
            care=care,
            bill=message.body.bill,
            insured_area=area_code_of(care.insured_division),
            treatment_area=area_code_of(care.treatment_division),
            participants=participants,
            registration=applicable(people.get(care.person_id, ()), care.admitted_on),
            today=today,
        )
        judged.append(
            Judged(
                message,
                facts.insured_area,
                facts.treatment_area,
                facts.registration,
                refusal(facts),
            )
        )
    return judged
