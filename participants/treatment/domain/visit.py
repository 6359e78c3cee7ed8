"""A visit 就诊: who is treated, where, and as what."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from contracts.codes import DivisionCode, InsuranceKind, VisitKind
from contracts.ids import PersonId, VisitId
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.diagnosis import Diagnosis
from participants.treatment.domain.visit_life import Moment, Settled, VisitEvent, VisitState


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A hospital opens a visit. `echo_json`: whatever the gateway wants back, opaque to us.

    `sealed_identity`: sealed by the gateway (contracts.sealing); never in clear. `own_visit_no`:
    what the hospital itself calls it 住院/门诊号.
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
    own_visit_no: str | None = None
    diagnoses: tuple[Diagnosis, ...] = ()

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


@dataclass(frozen=True, slots=True)
class Opened:
    """The hospital's mdtrt_id is `contracts.ids.short_text_of(visit_id)`."""

    visit_id: VisitId


@dataclass(frozen=True, slots=True)
class VisitChange:
    """What a hospital adds or corrects before it settles; None leaves a fact as it is.

    `flags` are added to those said before. `diagnoses`: each by its stage and position.
    """

    visit_id: VisitId
    hospital_code: str
    person_id: PersonId
    event: VisitEvent = VisitEvent.CHANGE
    visit_kind: VisitKind | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    disease_code: str | None = None
    flags: tuple[str, ...] | None = None
    echo_json: str | None = None
    own_visit_no: str | None = None
    diagnoses: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as stored."""

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
    state: VisitState = VisitState.IN_CARE
    own_visit_no: str | None = None

    def at(self, settled: Settled) -> Moment:
        return Moment(self.visit_kind, self.state, settled)


class OfVisit(Protocol):
    """What a hospital says about one of its visits."""

    @property
    def hospital_code(self) -> str: ...

    @property
    def person_id(self) -> PersonId: ...


def is_theirs(visit: Visit, said: OfVisit) -> bool:
    """Whether it is this hospital's visit, and of the person it names."""
    return visit.hospital_code == said.hospital_code and visit.person_id == said.person_id


def dates_hold(admitted_on: date, discharged_on: date | None, today: date) -> bool:
    """Nobody was admitted tomorrow, nor left tomorrow."""
    return admitted_on <= today and (discharged_on is None or admitted_on <= discharged_on <= today)


CONTRARY = {"third_party": "no_third_party", "no_third_party": "third_party"}


def joined(before: tuple[str, ...], said: tuple[str, ...]) -> tuple[str, ...]:
    """Flags said at any step count; the later word replaces its contrary."""
    gone = {CONTRARY[flag] for flag in said if flag in CONTRARY}
    return tuple(dict.fromkeys((*(flag for flag in before if flag not in gone), *said)))
