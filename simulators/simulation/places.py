"""Which processes there are, and where in its work a process of each kind can be struck."""

from collections.abc import Mapping, Sequence

from contracts.codes import AreaCode
from simulators.simulation.databases import AREAS
from simulators.simulation.steps import Step

API = "hub.api"
HUB = ("hub.work", "hub.jobs", API)


def gateways(area: AreaCode) -> tuple[str, ...]:
    """Processes that serve the hospitals of an area; each has its own way to the broker."""
    return f"gateway.{area}", f"gateway.{area}.too"


def role_of(process: str) -> str:
    """'hub.work', 'hub.jobs', 'hub.api', 'insured', 'treatment' or 'gateway'."""
    return process if process in HUB else process.partition(".")[0]


PROCESSES: Sequence[str] = (
    *HUB,
    *(f"{role}.{area}" for role in ("insured", "treatment") for area in AREAS),
    *(name for area in AREAS for name in gateways(area)),
)
_SENDING = (Step.BEFORE_COMMIT, Step.AFTER_COMMIT, Step.BEFORE_SEND, Step.AFTER_SEND)
_READING = (*_SENDING, Step.BEFORE_OFFSET_COMMIT, Step.AFTER_OFFSET_COMMIT)
STEPS_OF: Mapping[str, Sequence[Step]] = {
    "hub.work": _READING,
    "hub.jobs": _SENDING,
    API: _SENDING,
    "insured": _READING,
    "treatment": _READING,
    "gateway": _SENDING,
}
"""Where a process of each kind may die; who reads no topic commits no offsets."""
CELLS: Sequence[tuple[str, Step]] = tuple(
    (role, step) for role, steps in STEPS_OF.items() for step in steps
)
TABLES_OF: Mapping[str, Sequence[str]] = {
    "hub.work": ("business_days", "settlement_claims", "settlements", "registrations", "inbox"),
    "hub.jobs": ("business_days", "settlements", "releases_awaited", "daily_totals"),
    API: ("proposals", "business_days", "settlements", "breaks", "obligations"),
    "insured": ("insurances", "person_years", "grants", "inbox"),
    "treatment": ("settlements", "attempts", "inbox"),
    "gateway": ("attempts", "settlements", "institutions"),
}
"""What the processes of each kind meet at, so what they can hold against each other."""
