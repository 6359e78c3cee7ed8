"""Registrations 备案: filed and changed by agencies and persons, read by whom they concern."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import AwareDatetime, TypeAdapter

from contracts import topics
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Channel, Role, area_of
from contracts.ids import MessageId, RegistrationId
from contracts.messages.registration import Wanted
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Hub, Reading, TheHub, Transaction, who_may
from hub.api.fields import AnArea, APersonToken
from hub.api.paging import Cursor, Page, Size, after, page
from hub.api.registration_shapes import (
    ChangeWanted,
    RegistrationInFull,
    RegistrationView,
    Submission,
    in_full,
    materials_of,
    view,
)
from hub.api.who_may import concerns, owns, person_asked_for, sees_all
from hub.domain.changing import BY_THE_PERSON, Wish
from hub.domain.registration import Registration, RegistrationState, treatment_area_of
from hub.services import changing, submitting
from hub.services import registration_look_ups as look_ups
from hub.services.registration_look_ups import RegistrationsWanted
from hub.services.submitting import Filing

router = APIRouter(prefix="/registrations", tags=["备案 registration"])
_KEY: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[AwareDatetime, UUID])
ROLE_OF: dict[AccessRole, Role] = {
    AccessRole.INSURED_AGENCY: Role.INSURED,
    AccessRole.TREATMENT_AGENCY: Role.TREATMENT,
}
# Through which channels a person files: a window and a hospital have people of their own there.
OF_PERSONS = (Channel.WEB, Channel.APP, Channel.MINI_PROGRAMME)
IdempotencyKey = Annotated[UUID, Header(alias="Idempotency-Key")]


@router.post("", status_code=201, name="submit_registration", summary="提交备案或变更备案")
def submit(
    principal: Annotated[Principal, Depends(who_may("submit_registration"))],
    body: Submission,
    key: IdempotencyKey,
    hub: TheHub,
    writing: Transaction,
) -> RegistrationView:
    """The key is the registration's id: the same key and content gives the same registration.

    With `replaces` it is the next version of that registration, which stands until it is accepted.
    """
    filing = Filing(_wanted(principal, body, key, hub), _by(principal), _party(principal))
    registration, outgoing = submitting.submit(writing.tx, filing, writing.now)
    writing.say(outgoing)
    return view(registration)


@router.post(
    "/{registration_id}/changes",
    name="change_registration",
    summary="补充材料、暂停、恢复或取消备案",
)
def change(
    principal: Annotated[Principal, Depends(who_may("change_registration"))],
    registration_id: UUID,
    body: ChangeWanted,
    key: IdempotencyKey,
    writing: Transaction,
) -> RegistrationView:
    """The key is the wish's id: a wish that was granted is not granted twice."""
    found = look_ups.registration(writing.tx, RegistrationId(registration_id))
    if principal.role is AccessRole.PERSON and not owns(principal, found.person_id):
        raise Refused(RefusalCode.NOT_ALLOWED)
    wish = Wish(
        change_id=MessageId(key),
        registration_id=found.registration_id,
        person_id=found.person_id,
        change=body.change,
        materials=materials_of(body.materials),
        reason=body.reason,
        by=_by(principal),
        party=_party(principal),
    )
    registration, outgoing = changing.change(writing.tx, wish, writing.now)
    writing.say(outgoing)
    return view(registration)


@router.get("/{registration_id}", name="find_registration", summary="查询一条备案及其全部经过")
def find(
    principal: Annotated[Principal, Depends(who_may("find_registration"))],
    registration_id: UUID,
    tx: Reading,
) -> RegistrationInFull:
    """For its person, the insured area, who filed it, the area of the place, the hub's people."""
    found = look_ups.registration(tx, RegistrationId(registration_id))
    if not _may_see(principal, found):
        raise Refused(RefusalCode.NOT_ALLOWED)
    return in_full(found, look_ups.history(tx, found.registration_id))


@router.get("", name="list_registrations", summary="查询参保人的备案")
def of_person(
    principal: Annotated[Principal, Depends(who_may("list_registrations"))],
    tx: Reading,
    person_id: APersonToken | None = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[RegistrationView]:
    """Newest first. A person sees its own; an agency those that concern its area."""
    person, start = person_asked_for(principal, person_id), after(cursor, _KEY)
    mine = [one for one in look_ups.of_person(tx, person) if _may_see(principal, one)]
    rest = [one for one in mine if start is None or _place(one) < start]
    return page(rest, size, view, _KEY, _place)


@router.get("/of-area/{role}/{area}", name="list_area_registrations", summary="查询一个地区的备案")
def of_area(
    principal: Annotated[Principal, Depends(who_may("list_area_registrations"))],
    *,
    role: Role,
    area: AnArea,
    tx: Reading,
    state: RegistrationState | None = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[RegistrationView]:
    """Newest first, page by page: those of an insured area, or those for a treatment area."""
    if not concerns(principal, role, AreaCode(area)):
        raise Refused(RefusalCode.NOT_ALLOWED)
    start = after(cursor, _KEY)
    key = None if start is None else (start[0], RegistrationId(start[1]))
    wanted = RegistrationsWanted(AreaCode(area), role, state, key)
    rows = look_ups.of_area(tx, wanted, size + 1)
    return page(rows, size, view, _KEY, _place)


def _place(one: Registration) -> tuple[datetime, UUID]:
    """Where it stands in the order of telling."""
    return one.submitted_at, one.registration_id


def _wanted(principal: Principal, body: Submission, key: UUID, hub: Hub) -> Wanted:
    """Refused: NOT_ALLOWED for a person other than oneself, or between two other areas."""
    person = body.named_person(hub)
    mine = principal.role is AccessRole.PERSON
    if not mine and not _is_between_theirs(principal, body):
        raise Refused(RefusalCode.NOT_ALLOWED)
    replaces = None if body.replaces is None else RegistrationId(body.replaces)
    return Wanted(
        registration_id=RegistrationId(key),
        person_id=person_asked_for(principal, person),
        insured_division=body.insured_division,
        insurance_kind=body.insurance_kind,
        category=body.category,
        place=body.place,
        disease_code=body.disease_code,
        begins_on=body.begins_on,
        ends_on=body.ends_on,
        materials=materials_of(body.materials),
        channel=_channel(body, mine=mine),
        replaces=replaces,
    )


def _channel(body: Submission, *, mine: bool) -> Channel:
    channel = body.channel or (Channel.WEB if mine else Channel.WINDOW)
    if mine and channel not in OF_PERSONS:
        raise Refused(RefusalCode.FIELD_INVALID, "channel")
    return channel


def _by(principal: Principal) -> str:
    return "本人" if principal.role is AccessRole.PERSON else principal.subject


def _party(principal: Principal) -> str:
    """For whom the caller speaks, as the hub names parties."""
    role = ROLE_OF.get(principal.role)
    if role is None or principal.area is None:
        return BY_THE_PERSON
    return topics.participant(role, principal.area)


def _is_between_theirs(principal: Principal, body: Submission) -> bool:
    insured, treatment = area_of(body.insured_division), treatment_area_of(body.place)
    return concerns(principal, Role.INSURED, insured) or concerns(
        principal, Role.TREATMENT, treatment
    )


def _may_see(principal: Principal, one: Registration) -> bool:
    if sees_all(principal) or owns(principal, one.person_id):
        return True
    areas = ((Role.INSURED, one.insured_area), (Role.TREATMENT, treatment_area_of(one.place)))
    is_party = any(concerns(principal, role, area) for role, area in areas)
    filed = principal.role in ROLE_OF and one.submitted_by == _party(principal)
    return is_party or filed
