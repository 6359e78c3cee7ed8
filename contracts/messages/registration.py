"""What is said about a registration 备案. Key: the person."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.ids import MessageId, RegistrationId
from contracts.message import Body, Frozen
from contracts.messages.values import Area, DiseaseCode, Division, PersonToken, Text
from contracts.refusal import RefusalCode

MATERIALS_MAX = 20


class Material(Frozen):
    """One paper: its kind, and its number or where it lies. The paper itself is not sent."""

    kind: MaterialKind
    reference: Text = ""


Materials = Annotated[tuple[Material, ...], Field(max_length=MATERIALS_MAX)]


class Wanted(Frozen):
    """What somebody asks for. `replaces`: the registration of which this is the next version.

    `place`: a city, or a whole unit where the Rules say so; None for 门诊慢特病, which has a
    `disease_code` instead. `ends_on` None: long-term, or the shortest term of a temporary one.
    """

    registration_id: RegistrationId
    person_id: PersonToken
    insured_division: Division
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: Division | None
    disease_code: DiseaseCode | None = None
    begins_on: date
    ends_on: date | None
    materials: Materials
    channel: Channel
    replaces: RegistrationId | None = None


class RegistrationSubmitted(Body):
    """An area files a registration with the hub (a hospital's 2501/2503/2505, a window)."""

    KIND: ClassVar[str] = "registration_submitted"
    wanted: Wanted
    by: Text  # the institution or clerk, as the area names it


class RegistrationReviewRequested(Body):
    """The hub asks the insured area to decide; `wanted` has its place and its end filled in."""

    KIND: ClassVar[str] = "registration_review_requested"
    wanted: Wanted
    submitted_at: AwareDatetime
    by: Text


class RegistrationDecided(Body):
    """The insured area's decision; `code` and `reason` only with a no."""

    KIND: ClassVar[str] = "registration_decided"
    registration_id: RegistrationId
    person_id: PersonToken
    accepted: bool
    code: RefusalCode | None
    reason: Text
    decided_by: Text


class Change(StrEnum):
    """What can be done to a registration that stands. A new version is filed instead."""

    SUPPLEMENT = "supplement"  # 补充材料: the proof after a mere 承诺书, or what was missing
    SUSPEND = "suspend"  # 暂停: by the insured area only
    RESUME = "resume"  # 恢复: by the insured area only
    CANCEL = "cancel"  # 取消备案 (2502, 2504, 2506)


class RegistrationChangeRequested(Body):
    """Who filed it, or the insured area, changes a registration. Area → hub."""

    KIND: ClassVar[str] = "registration_change_requested"
    change_id: MessageId  # of the wish: the same id with the same content is the same wish
    registration_id: RegistrationId
    person_id: PersonToken
    change: Change
    materials: Materials = ()
    reason: Text
    by: Text


class RegistrationStanding(StrEnum):
    """Where a registration stands, as the hub tells it."""

    SUBMITTED = "submitted"  # the insured area has still to decide
    ACTIVE = "active"  # in force between its dates
    REJECTED = "rejected"  # a rule or the insured area said no
    SUSPENDED = "suspended"  # not in force until it is resumed
    SUPERSEDED = "superseded"  # its next version is in force
    CANCELLED = "cancelled"  # taken back
    EXPIRED = "expired"  # its last day is over


class RegistrationTold(Body):
    """Hub → who filed it and the insured area: where a registration stands, after every step.

    `code` and `detail` also answer a change that was refused; `change_id` says which one.
    """

    KIND: ClassVar[str] = "registration_told"
    registration_id: RegistrationId
    person_id: PersonToken
    insured_area: Area
    state: RegistrationStanding
    materials: Materials
    ended_on: date | None = None
    change_id: MessageId | None = None
    code: RefusalCode | None = None
    detail: Text = ""
    at: AwareDatetime
    by: Text
