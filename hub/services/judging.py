"""Loads the facts of a whole batch of visits and lets the acceptance rules judge each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, Role
from contracts.ids import PersonId, RegistrationId
from contracts.message import Message
from contracts.messages.settlement import Care, Standing
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from hub.domain.acceptance import Facts, refusal, standing
from hub.domain.anomaly import AnomalyKind
from hub.domain.participant import Participant, area_code_of
from hub.domain.registration import Registration
from hub.services.decided import Decided, from_the_area
from hub.store import directory, known_areas, registrations
from hub.store.known_areas import KnownAreas


@dataclass(frozen=True, slots=True)
class Judged:
    """A bill (SettlementRequested or TrialRequested), and what the rules say of it.

    `registration`: what it was judged by, also when that did not fit.
    """

    message: Message[Any]
    insured_area: AreaCode
    treatment_area: AreaCode
    registration: Registration | None
    standing: Standing | None
    refusal: RefusalCode | None

    def registration_id(self) -> RegistrationId | None:
        """What it stands on; of a refused one, what it was judged by."""
        if self.refusal is None:
            return self.stands().registration_id
        return None if self.registration is None else self.registration.registration_id

    def stands(self) -> Standing:
        assert self.standing is not None, "no rule let a bill through without one"
        return self.standing


def areas_of(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> KnownAreas:
    """The areas that the cares of these messages name, as they stand today."""
    cares = [message.body.care for message in batch]
    named = {area_code_of(care.insured_division) for care in cares}
    named |= {area_code_of(care.treatment_division) for care in cares}
    return known_areas.on(tx, shanghai_date_of(now), named)


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


def facts_of(
    tx: Connection,
    cares: Sequence[Care],
    areas: KnownAreas,
    now: datetime,
    bills: Sequence[Bill] | None = None,
) -> list[Facts]:
    """The facts of each care, in their order; without bills for pre-flight.

    Two queries whatever the batch: registrations and institutions. `areas`: those of `areas_of`.
    """
    today = shanghai_date_of(now)
    people = registrations.of_people(tx, {care.person_id for care in cares})
    institutions = directory.institutions_of(tx, {care.hospital_code for care in cares})
    return [
        Facts(
            care=care,
            bill=bill,
            participants=areas.participants,
            registrations=people.get(PersonId(care.person_id), ()),
            terms=areas.terms.get(area_code_of(care.insured_division)),
            institution=institutions.get(care.hospital_code),
            lists_institutions=area_code_of(care.treatment_division) in areas.listing,
            today=today,
        )
        for care, bill in zip(cares, repeat(None) if bills is None else bills, strict=False)
    ]


def judge(
    tx: Connection,
    batch: Sequence[Message[Any]],
    areas: KnownAreas,
    now: datetime,
) -> list[Judged]:
    """The two queries of `facts_of`, then pure rules."""
    cares, bills = [m.body.care for m in batch], [m.body.bill for m in batch]
    facts = facts_of(tx, cares, areas, now, bills)
    return [_judged(message, one) for message, one in zip(batch, facts, strict=True)]


def _judged(message: Message[Any], facts: Facts) -> Judged:
    return Judged(
        message=message,
        insured_area=facts.insured_area,
        treatment_area=facts.treatment_area,
        registration=facts.found.registration,
        standing=standing(facts),
        refusal=refusal(facts),
    )
