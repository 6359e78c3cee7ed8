"""What one insured area decided as data: policies, home benefits, self-service registration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, Role
from contracts.topics import participant
from participants.insured.domain.insurance import Insurance
from participants.policy.model import Policy


class Handling(StrEnum):
    """Who decides a registration of some category."""

    AUTO = "auto"  # the area's rules, at once 自助备案
    DESK = "desk"  # a clerk of the agency


@dataclass(frozen=True, slots=True)
class Assignment:
    """From `valid_from` to `valid_to` (included) this policy holds, for these divisions or all."""

    insurance_kind: InsuranceKind
    policy_id: str
    valid_from: date
    valid_to: date | None
    divisions: frozenset[str]

    def holds_for(self, insurance: Insurance, day: date) -> bool:
        return (
            self.insurance_kind is insurance.insurance_kind
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
            and (not self.divisions or insurance.division in self.divisions)
        )


@dataclass(frozen=True, slots=True)
class Area:
    """One insured area and its rules; `handling` names every category."""

    code: AreaCode
    policies: Mapping[str, Policy]
    assignments: tuple[Assignment, ...]
    as_at_home: frozenset[RegistrationCategory]
    handling: Mapping[RegistrationCategory, Handling]

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

    def _candidates(self, insurance: Insurance, day: date) -> list[str]:
        if insurance.policy_id is not None:
            return [insurance.policy_id]
        return [row.policy_id for row in self.assignments if row.holds_for(insurance, day)]
