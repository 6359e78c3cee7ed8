"""Watching advances: yellow and red are told to whom it concerns, and further if nobody answers.

Nothing here is asked by a settlement: a warning never stops a patient.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect, new_id
from contracts.message import Outgoing, originate
from contracts.messages.advance import CONTACTS_MAX, AdvanceWarned, Contact, Level
from contracts.refusal import RefusalCode, Refused
from hub.domain.advance_parameters import escalations
from hub.domain.advance_warning import Standing, Subject, Warned, tier_due, to_end, to_raise
from hub.domain.identity_numbers import holds_identity_number
from hub.services.advance_positions import (
    Outlook,
    Situation,
    outlooks,
    situation,
    subjects,
)
from hub.services.advance_top_ups import draft_top_ups
from hub.store import advance as advances
from hub.store import advance_warnings as store
from hub.store.advance_warnings import OfficeToCall


def watch(tx: Connection, now: datetime) -> list[Outgoing]:
    """A job: end and raise warnings, tell higher tiers of what nobody acknowledged, draft top-ups.

    Does nothing when another process is at it, or while nobody has an advance.
    """
    if not advances.is_kept(tx) or not advances.may_take_turn(tx):
        return []
    found = situation(tx, now)
    open_ones = store.open_ones(tx)
    standings = {one: found.standing(one) for one in subjects(found)}
    store.end(tx, to_end(open_ones, standings), now)
    raised = [_raised(one, now) for one in to_raise(open_ones, standings.values())]
    store.add(tx, raised)
    higher = _escalated(open_ones, standings, now)
    store.tell(tx, higher, now)
    red = [one for one in found.balances if standings[one].level is Level.RED]
    draft_top_ups(tx, found, red, now)
    return _told(tx, found, [*raised, *higher], now)


def acknowledge(tx: Connection, warning_id: UUID, *, note: str, by: str, now: datetime) -> Warned:
    """Somebody of a party has seen it: nobody further is told. The first who says so stands.

    Refused: UNKNOWN_NOTICE, FIELD_INVALID for a note with an identity number.
    """
    if holds_identity_number(note):
        raise Refused(RefusalCode.FIELD_INVALID, "note：请勿填写证件号码")
    before = find(tx, warning_id)
    if before.acknowledged_at is not None:
        return before
    store.acknowledge(tx, warning_id, by, note, now)
    return replace(before, acknowledged_by=by, acknowledged_at=now, note=note)


def find(tx: Connection, warning_id: UUID) -> Warned:
    """Refused: UNKNOWN_NOTICE."""
    found = store.lock(tx, warning_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_NOTICE)
    return found


def _raised(standing: Standing, now: datetime) -> Warned:
    return Warned(
        warning_id=new_id(),
        subject=standing.subject,
        cycle=standing.cycle,
        level=standing.level,
        spent_fen=standing.spent_fen,
        held_fen=standing.held_fen,
        raised_at=now,
        told_at=now,
    )


def _escalated(
    open_ones: Iterable[Warned], standings: dict[Subject, Standing], now: datetime
) -> list[Warned]:
    """Those that a higher tier should know of by now, with what is spent and held today."""
    found = []
    for one in open_ones:
        standing = standings.get(one.subject)
        tier = tier_due(one, escalations(), now)
        if standing is not None and one.is_about(standing) and tier > one.tier:
            spent, held = standing.spent_fen, standing.held_fen
            found.append(replace(one, tier=tier, spent_fen=spent, held_fen=held))
    return found


def _told(
    tx: Connection, found: Situation, ones: Sequence[Warned], now: datetime
) -> list[Outgoing]:
    if not ones:
        return []
    ahead = outlooks(tx, found, [one.subject for one in ones])
    offices = store.contacts(tx, {area for one in ones for _, area in parties(one.subject)})
    return [
        _message(found, one, ahead[one.subject], offices, role, area, now)
        for one in ones
        for role, area in parties(one.subject)
    ]


def parties(subject: Subject) -> list[tuple[Role, AreaCode]]:
    """Whom it concerns: both areas of a pair, or the treatment area whose whole it is."""
    insured, treatment = subject
    both = [(Role.INSURED, insured), (Role.TREATMENT, treatment)]
    return [(role, area) for role, area in both if area is not None]


def _message(  # noqa: PLR0917 - one message, with all that it says
    found: Situation,
    one: Warned,
    ahead: Outlook,
    offices: Sequence[OfficeToCall],
    role: Role,
    area: AreaCode,
    now: datetime,
) -> Outgoing:
    topic = topics.notices(role, area)
    body = AdvanceWarned(
        warning_id=one.warning_id,
        insured_area=one.subject[0],
        treatment_area=one.subject[1],
        level=one.level,
        cycle_first=found.cycle.first,
        cycle_last=found.cycle.last,
        spent_fen=one.spent_fen,
        held_fen=one.held_fen,
        chance_yellow_bp=ahead.runway.chance_yellow_bp,
        chance_red_bp=ahead.runway.chance_red_bp,
        days_left=ahead.runway.days_left,
        top_up_fen=ahead.top_up_fen,
        tier=one.tier,
        contacts=_contacts(one, offices),
        raised_at=one.raised_at,
    )
    return originate(
        body,
        message_id=id_of_effect(one.warning_id, f"tier {one.tier} to {topic}"),
        topic=topic,
        key=area,
        sender=topics.HUB,
        at=now,
    )


def _contacts(one: Warned, offices: Sequence[OfficeToCall]) -> tuple[Contact, ...]:
    """The offices of both sides, up to the tier that is told."""
    concerned = set(parties(one.subject))
    named = [
        Contact(area=office.area, tier=office.tier, office=office.office, phone=_dialled(office))
        for office in offices
        if (office.role, office.area) in concerned and office.tier <= one.tier
    ]
    return tuple(named[:CONTACTS_MAX])


def _dialled(office: OfficeToCall) -> str:
    """A published phone may be any text; what cannot be dialled is left out."""
    return "".join(sign for sign in office.phone if sign in "0123456789+()- ")[:40]
