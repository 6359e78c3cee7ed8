"""A visit 就诊: who is treated, where, and as what."""

from dataclasses import dataclass
from datetime import date

from contracts.codes import DivisionCode, InsuranceKind, VisitKind
from contracts.ids import PersonId, VisitId


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A hospital opens a visit. `echo_json`: whatever the gateway wants back, opaque to us.

    `sealed_identity`: sealed by the gateway (contracts.sealing); never in clear.
    """

    msgid: str
    hospital_code: str
    person_id: PersonId
    insured_division: DivisionCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    admitted_on: date
    discharged_on: date | None = None
    disease_code: str | None = None
    flags: tuple[str, ...] = ()
    sealed_identity: str | None = None
    echo_json: str = "{}"


@dataclass(frozen=True, slots=True)
class Opened:
    """The hospital's mdtrt_id is `contracts.ids.short_text_of(visit_id)`."""

    visit_id: VisitId


@dataclass(frozen=True, slots=True)
class VisitChange:
    """What a hospital adds or corrects before it settles; None leaves a fact as it is."""

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    visit_kind: VisitKind | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    disease_code: str | None = None
    flags: tuple[str, ...] | None = None
    echo_json: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as stored. `has_live_settlement`: one that is neither void nor reversed."""

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    insured_division: DivisionCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    admitted_on: date
    discharged_on: date | None
    disease_code: str | None
    flags: tuple[str, ...]
    sealed_identity: str | None
    echo_json: str
