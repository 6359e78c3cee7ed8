"""What one insured area decided as data: policies, registrations, the desk's time, what is owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.codes import AreaCode, Channel, RegistrationCategory, Role
from contracts.messages.directory import Agency, PoolingArea
from contracts.topics import participant
from participants.insured.domain.choices import (
    Assignment,
    Deadline,
    Handling,
    Parameter,
    Terms,
)
from participants.insured.domain.insurance import Insurance
from participants.policy.benefits import CareKind
from participants.policy.model import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One insured area and its rules; `handling` names every category.

    `commitment_counts_as`: a long-term registration by mere 承诺书, until its proof is in; None is
    its own category. `not_needed_counts_as`: care that needs no registration and has none; None
    is 未备案. `deadlines` has a row for every channel, `terms` at least one; both by date.
    """

    code: AreaCode
    policies: Mapping[str, Policy]
    assignments: tuple[Assignment, ...]
    as_at_home: frozenset[RegistrationCategory]
    handling: Mapping[RegistrationCategory, Handling]
    commitment_counts_as: RegistrationCategory | None
    not_needed_counts_as: RegistrationCategory | None
    terms: tuple[Terms, ...]
    deadlines: tuple[Deadline, ...]
    agencies: tuple[Agency, ...]
    pooling_areas: tuple[PoolingArea, ...]
    parameters: tuple[Parameter, ...]

    @property
    def name(self) -> str:
        """How the area signs: 'insured.340000'."""
        return participant(Role.INSURED, self.code)

    def policy_for(self, insurance: Insurance, day: date) -> Policy | None:
        """The person's own policy, or the first assignment that holds and has one in force."""
        for policy_id in self._candidates(insurance, day):
            policy = self.policies.get(policy_id)
            if policy is not None and policy.holds_on(day):
                return policy
        return None

    def counts_diseases(self, kind: CareKind) -> bool:
        """Whether a policy's yearly cap of this care rises with the diseases entitled for."""
        clinics = (policy.clinics.get(kind) for policy in self.policies.values())
        return any(clinic is not None and clinic.extra_disease_fen for clinic in clinics)

    def due_on(self, channel: Channel, filed_on: date) -> date:
        """The last day on which the desk may decide what came through this channel."""
        rows = [row for row in self.deadlines if channel in row.channels]
        holding = [row for row in rows if row.holds_from <= filed_on]
        return (holding[-1] if holding else rows[0]).due_on(filed_on)

    def parameters_on(self, day: date) -> dict[str, int]:
        """Every parameter that holds on a day, in fen by the engine's name: average_wage_fen."""
        return {f"{row.name}_fen": row.fen for row in self.parameters if row.valid_from <= day}

    def _candidates(self, insurance: Insurance, day: date) -> list[str]:
        if insurance.policy_id is not None:
            return [insurance.policy_id]
        return [row.policy_id for row in self.assignments if row.holds_for(insurance, day)]
