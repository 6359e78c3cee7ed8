"""Registrations 备案: filed by an agency, read by whom they concern."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.access import Principal
from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, Role, area_of
from contracts.ids import PersonId, RegistrationId
from contracts.messages.registration import RegistrationSubmitted
from contracts.person import person_id_of
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Day, Hub, Reading, TheHub, Transaction, who_may
from hub.api.who_may import concerns
from hub.domain.registration import Registration
from hub.services import look_ups, registrations
from hub.services.registrations import Submitted

router = APIRouter(prefix="/registrations", tags=["备案 registration"])

PersonToken = Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{29}$")]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
# No control characters: PostgreSQL cannot keep a NUL, and no material has a line break in its name.
Material = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Certificate = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,40}$")]


class Submission(BaseModel):
    """A registration as an agency files it. The person is either a token or a certificate.

    `certificate_kind` and `certificate_number` are the national psn_cert_type and certno; they
    become the token here at the edge and are stored nowhere.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person_id: PersonToken | None = None
    certificate_kind: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    certificate_number: Certificate | None = None
    insured_division: Division
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: Division
    begins_on: Day
    ends_on: Day | None = None
    materials: Annotated[tuple[Material, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _names_one_person(self) -> Self:
        certificate = (self.certificate_kind, self.certificate_number)
        has_certificate = None not in certificate
        if has_certificate == (self.person_id is not None) or (
            not has_certificate and certificate != (None, None)
        ):
            raise ValueError("either person_id, or certificate_kind and certificate_number")
        return self

    def token(self, hub: Hub) -> str:
        """The person's token. Refused: FIELD_INVALID when this hub has no key for certificates."""
        if self.person_id is not None:
            return self.person_id
        assert self.certificate_kind is not None
        assert self.certificate_number is not None
        if hub.person_key is None:
            raise Refused(RefusalCode.FIELD_INVALID, "本服务未启用证件号，请提交person_id")
        return person_id_of(self.certificate_kind, self.certificate_number, hub.person_key)


class RegistrationView(BaseModel):
    """A registration as it stands; code, zh and en only with a no."""

    registration_id: UUID
    person_id: str
    insured_area: str
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str
    begins_on: date
    ends_on: date | None
    state: str
    submitted_at: datetime
    decided_at: datetime | None
    code: str | None
    zh: str | None
    en: str | None
    reason: str | None

    @staticmethod
    def of(one: Registration) -> "RegistrationView":
        return RegistrationView(
            registration_id=one.registration_id,
            person_id=one.person_id,
            insured_area=one.insured_area,
            insured_division=one.insured_division,
            insurance_kind=one.insurance_kind,
            category=one.category,
            place=one.place,
            begins_on=one.begins_on,
            ends_on=one.ends_on,
            state=one.state.value,
            submitted_at=one.submitted_at,
            decided_at=one.decided_at,
            code=one.refusal.value if one.refusal else None,
            zh=one.refusal.zh if one.refusal else None,
            en=one.refusal.en if one.refusal else None,
            reason=one.reason,
        )


@router.post("", status_code=201, name="submit_registration", summary="提交备案")
def submit(
    principal: Annotated[Principal, Depends(who_may("submit_registration"))],
    body: Submission,
    key: Annotated[UUID, Header(alias="Idempotency-Key")],
    hub: TheHub,
    writing: Transaction,
) -> RegistrationView:
    """The key is the registration's id: the same key and content gives the same registration."""
    if not _is_party(principal, area_of(body.insured_division), area_of(body.place)):
        raise Refused(RefusalCode.NOT_ALLOWED)
    filed = RegistrationSubmitted(
        registration_id=RegistrationId(key),
        person_id=body.token(hub),
        insured_division=body.insured_division,
        insurance_kind=body.insurance_kind,
        category=body.category,
        place=body.place,
        begins_on=body.begins_on,
        ends_on=body.ends_on,
        materials=body.materials,
    )
    submitted = Submitted(filed, principal.subject)
    registration, outgoing = registrations.submit(writing.tx, submitted, writing.now)
    writing.say(outgoing)
    return RegistrationView.of(registration)


@router.get("/{registration_id}", name="find_registration", summary="查询一条备案")
def find(
    principal: Annotated[Principal, Depends(who_may("find_registration"))],
    registration_id: UUID,
    tx: Reading,
) -> RegistrationView:
    """For the insured area, the area of the place, and the hub's own people."""
    found = look_ups.registration(tx, RegistrationId(registration_id))
    if not _is_party(principal, found.insured_area, area_of(found.place)):
        raise Refused(RefusalCode.NOT_ALLOWED)
    return RegistrationView.of(found)


@router.get("", name="list_registrations", summary="查询参保人的备案")
def of_person(
    principal: Annotated[Principal, Depends(who_may("list_registrations"))],
    person_id: PersonToken,
    tx: Reading,
) -> list[RegistrationView]:
    """Newest first; only those that concern the caller's area."""
    found = look_ups.registrations_of(tx, PersonId(person_id))
    mine = [one for one in found if _is_party(principal, one.insured_area, area_of(one.place))]
    return [RegistrationView.of(one) for one in mine]


def _is_party(principal: Principal, insured: AreaCode | None, treatment: AreaCode | None) -> bool:
    return concerns(principal, Role.INSURED, insured) or concerns(
        principal, Role.TREATMENT, treatment
    )
