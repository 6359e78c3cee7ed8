"""What the story keeps in mind: visits that stand, runs, and its one case."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from contracts.codes import AreaCode
from simulators.demo.plot import PlannedRegistration
from simulators.hospital import Hospital, Visit


@dataclass(frozen=True, slots=True)
class Treated:
    """A visit that settled and stands, on which business day, and where."""

    visit: Visit
    hospital: Hospital
    planned: PlannedRegistration
    settlement_id: UUID
    on: date

    @property
    def pair(self) -> tuple[AreaCode, AreaCode]:
        return self.planned.person.area, self.hospital.institution.area


@dataclass(slots=True)
class Case:
    """The story's case: whose it is, and the settlement that it is about."""

    case_id: str
    insured: str
    treatment: str
    settlement: str
    is_decided: bool = False

    @property
    def path(self) -> str:
        return f"/cases/{self.case_id}"


@dataclass(slots=True)
class Run:
    """One clearing run of the story; `done` counts its steps, `netting` is how it is paid."""

    cycle: str
    number: int
    netting: str
    last_day: date
    run_id: str = ""
    done: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/clearing-runs/{self.run_id}"
