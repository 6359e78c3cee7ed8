"""The shape of an area's rules file: what each table and key may hold."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.codes import Channel, InsuranceKind, RegistrationCategory, VisitKind
from contracts.messages.directory import Agency, PoolingArea
from contracts.money import fen_from_yuan
from participants.insured.domain.choices import (
    Assignment,
    Deadline,
    Handling,
    Parameter,
    Terms,
)

AGENCIES_MAX, POOLING_AREAS_MAX = 200, 300
"""All of them travel in one message, which a broker must take."""

Source = Annotated[str, Field(min_length=1, max_length=500)]
# Only what the Rules let an insured area choose: a person's own place, or one of these.
Commitment = Literal["own", "referral", "emergency", "other_temporary"]
OWN, UNREGISTERED = "own", "unregistered"
NotNeeded = Literal[
    "unregistered",
    "retired_resettled",
    "long_term_resident",
    "posted_worker",
    "referral",
    "emergency",
    "other_temporary",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyRow(_Strict):
    insurance: InsuranceKind
    policy: str
    valid_from: date
    valid_to: date | None = None
    divisions: frozenset[Annotated[str, Field(pattern=r"^\d{6}$")]] = frozenset()

    def as_assignment(self) -> Assignment:
        return Assignment(
            insurance_kind=self.insurance,
            policy_id=self.policy,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            divisions=self.divisions,
        )


class Needs(_Strict):
    """Whether each kind of care needs a registration; inpatient care always does."""

    outpatient: bool
    chronic: bool
    pharmacy: bool


class TermsRow(_Strict):
    holds_from: date
    need_registration: Needs
    lock_in_months: Annotated[int, Field(ge=0, le=60, strict=True)]
    source: Source

    def as_terms(self) -> Terms:
        needs = self.need_registration
        needed = tuple(kind for kind in VisitKind if getattr(needs, kind, False))
        return Terms(self.holds_from, needed, self.lock_in_months, self.source)


class DeadlineRow(_Strict):
    holds_from: date
    channels: Annotated[frozenset[Channel], Field(min_length=1)]
    working_days: Annotated[int, Field(ge=0, le=30, strict=True)]
    source: Source

    def as_deadline(self) -> Deadline:
        return Deadline(self.holds_from, self.channels, self.working_days, self.source)


class ParameterRow(_Strict):
    """`value` in yuan, as text."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    value: str
    valid_from: date
    source: Source

    def as_parameter(self) -> Parameter:
        return Parameter(self.name, fen_from_yuan(self.value), self.valid_from, self.source)


class AreaFile(_Strict):
    """The whole file. `registrations` and `terms` must be there; agencies may be few or none."""

    as_at_home: frozenset[RegistrationCategory]
    commitment_counts_as: Commitment
    not_needed_counts_as: NotNeeded
    policies: tuple[PolicyRow, ...]
    registrations: Mapping[RegistrationCategory, Handling]
    terms: Annotated[tuple[TermsRow, ...], Field(min_length=1, max_length=50)]
    desk_deadlines: Annotated[tuple[DeadlineRow, ...], Field(max_length=100)]
    agencies: Annotated[tuple[Agency, ...], Field(max_length=AGENCIES_MAX)] = ()
    pooling_areas: Annotated[tuple[PoolingArea, ...], Field(max_length=POOLING_AREAS_MAX)] = ()
    parameters: Annotated[tuple[ParameterRow, ...], Field(max_length=1_000)] = ()

    def counts_as_of_commitment(self) -> RegistrationCategory | None:
        is_own = self.commitment_counts_as == OWN
        return None if is_own else RegistrationCategory(self.commitment_counts_as)

    def counts_as_of_not_needed(self) -> RegistrationCategory | None:
        is_none = self.not_needed_counts_as == UNREGISTERED
        return None if is_none else RegistrationCategory(self.not_needed_counts_as)
