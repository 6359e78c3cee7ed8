"""How a registration 备案 looks over HTTP, going in and coming out."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.messages.registration import MATERIALS_MAX, Change, Material
from contracts.person import person_id_of
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Day, Hub
from hub.api.fields import (
    ACertificateKind,
    ACertificateNumber,
    ADivision,
    APersonToken,
    Coded,
)
from hub.api.labels import CATEGORIES, REGISTRATION_EVENTS, REGISTRATION_STATES
from hub.domain.registration import Registration, RegistrationState
from hub.services.registration_look_ups import RegistrationStep

# No control characters: PostgreSQL cannot keep a NUL, and no paper's number has a line break.
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
FILED, FILED_ZH = "submit", "提交"


class Paper(BaseModel):
    """One paper: its kind, and its number or where it lies."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: MaterialKind
    reference: Line = ""


Papers = Annotated[tuple[Paper, ...], Field(max_length=MATERIALS_MAX)]


class Submission(BaseModel):
    """A registration as it is filed. The person is either a token or a certificate.

    `certificate_kind` and `certificate_number` are the national psn_cert_type and certno; they
    become the token here at the edge and are stored nowhere. Who is signed in as a person need not
    name one. `place` for the six categories, `disease_code` for 门诊慢特病. `ends_on` may be left
    out: long-term has none, and a temporary one gets the shortest term.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person_id: APersonToken | None = None
    certificate_kind: ACertificateKind | None = None
    certificate_number: ACertificateNumber | None = None
    insured_division: ADivision
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: ADivision | None = None
    disease_code: Coded | None = None
    begins_on: Day
    ends_on: Day | None = None
    materials: Papers = ()
    channel: Channel | None = None
    replaces: UUID | None = None

    @model_validator(mode="after")
    def _names_at_most_one_person(self) -> Self:
        certificate = (self.certificate_kind, self.certificate_number)
        if (None in certificate and certificate != (None, None)) or (
            self.person_id is not None and None not in certificate
        ):
            raise ValueError("either person_id, or certificate_kind and certificate_number")
        return self

    def named_person(self, hub: Hub) -> str | None:
        """The person's token, or None. Refused: FIELD_INVALID when no certificates are taken."""
        if self.certificate_kind is None or self.certificate_number is None:
            return self.person_id
        if hub.person_key is None:
            raise Refused(RefusalCode.FIELD_INVALID, "本服务未启用证件号，请提交person_id")
        return person_id_of(self.certificate_kind, self.certificate_number, hub.person_key)


class ChangeWanted(BaseModel):
    """What is to be done to a registration that stands; papers with `supplement` only."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    change: Change
    reason: Reason
    materials: Papers = ()


class StepView(BaseModel):
    """One step: when, by whom and why; the first is the filing itself."""

    event: str
    event_zh: str
    state: str
    state_zh: str
    at: datetime
    by: str
    why: str
    materials: list[Paper]


class RegistrationView(BaseModel):
    """A registration as it stands; code, zh and en only with a no.

    `ended_on`: the last day it counted, once it has ended. Admission on a day of its validity is
    what counts, whenever the discharge is.
    """

    registration_id: UUID
    person_id: str
    insured_area: str
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    category_zh: str
    place: str | None
    disease_code: str | None
    begins_on: date
    ends_on: date | None
    ended_on: date | None
    state: str
    state_zh: str
    channel: Channel
    version: int
    replaces: UUID | None
    materials: list[Paper]
    submitted_at: datetime
    submitted_by: str
    decided_at: datetime | None
    code: str | None
    zh: str | None
    en: str | None
    reason: str | None


class RegistrationInFull(RegistrationView):
    """With every step since it was filed."""

    history: list[StepView]


def view(one: Registration) -> RegistrationView:
    return RegistrationView(**_fields(one))


def in_full(one: Registration, steps: Iterable[RegistrationStep]) -> RegistrationInFull:
    history = [_filing(one), *(_step(step) for step in steps)]
    return RegistrationInFull(**_fields(one), history=history)


def materials_of(papers: Iterable[Paper]) -> tuple[Material, ...]:
    return tuple(Material(kind=paper.kind, reference=paper.reference) for paper in papers)


def _papers(materials: Iterable[Material]) -> list[Paper]:
    # Not checked again: what came by message may hold what this door does not let in.
    return [Paper.model_construct(kind=one.kind, reference=one.reference) for one in materials]


def _fields(one: Registration) -> dict[str, object]:
    refusal = one.refusal
    return {
        "registration_id": one.registration_id,
        "person_id": one.person_id,
        "insured_area": one.insured_area,
        "insured_division": one.insured_division,
        "insurance_kind": one.insurance_kind,
        "category": one.category,
        "category_zh": CATEGORIES[one.category],
        "place": one.place,
        "disease_code": one.disease_code,
        "begins_on": one.begins_on,
        "ends_on": one.ends_on,
        "ended_on": one.ended_on,
        "state": one.state.value,
        "state_zh": REGISTRATION_STATES[one.state],
        "channel": one.channel,
        "version": one.version,
        "replaces": one.replaces,
        "materials": _papers(one.materials),
        "submitted_at": one.submitted_at,
        "submitted_by": one.submitted_by,
        "decided_at": one.decided_at,
        "code": refusal.value if refusal else None,
        "zh": refusal.zh if refusal else None,
        "en": refusal.en if refusal else None,
        "reason": one.reason,
    }


def _filing(one: Registration) -> StepView:
    """As it was filed: submitted, whatever became of it."""
    return StepView(
        event=FILED,
        event_zh=FILED_ZH,
        state=RegistrationState.SUBMITTED.value,
        state_zh=REGISTRATION_STATES[RegistrationState.SUBMITTED],
        at=one.submitted_at,
        by=one.by or one.submitted_by,
        why="",
        materials=_papers(one.materials[: one.materials_filed]),
    )


def _step(step: RegistrationStep) -> StepView:
    return StepView(
        event=step.event.value,
        event_zh=REGISTRATION_EVENTS[step.event],
        state=step.target.value,
        state_zh=REGISTRATION_STATES[step.target],
        at=step.at,
        by=step.by,
        why=step.why,
        materials=_papers(step.materials),
    )
