"""What is said about a registration 备案. Key: the person."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.ids import RegistrationId
from contracts.message import Body
from contracts.messages.values import Division, PersonToken, Text
from contracts.refusal import RefusalCode

MATERIALS_MAX = 20


class RegistrationSubmitted(Body):
    """An area files a registration with the hub (a hospital's 2501/2505, an agency's window)."""

    KIND: ClassVar[str] = "registration_submitted"
    registration_id: RegistrationId
    person_id: PersonToken
    insured_division: Division
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: Division  # a city, or a whole unit where the Rules say so
    begins_on: date
    ends_on: date | None
    materials: Annotated[tuple[Text, ...], Field(max_length=MATERIALS_MAX)]


class RegistrationReviewRequested(Body):
    """The hub asks the insured area to decide."""

    KIND: ClassVar[str] = "registration_review_requested"
    registration_id: RegistrationId
    person_id: PersonToken
    insured_division: Division
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: Division
    begins_on: date
    ends_on: date | None
    materials: Annotated[tuple[Text, ...], Field(max_length=MATERIALS_MAX)]


class RegistrationDecided(Body):
    """The insured area's decision; `code` and `reason` only with a no."""

    KIND: ClassVar[str] = "registration_decided"
    registration_id: RegistrationId
    person_id: PersonToken
    accepted: bool
    code: RefusalCode | None
    reason: Text
    decided_by: Text
