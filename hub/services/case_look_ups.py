"""What is shown of cases: their openings in a list, and one in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.sealing import Sealer
from hub.domain.cases import Case, Entry, Item, Stage
from hub.services import cases
from hub.services.case_threads import Thread, thread
from hub.store import case_threads
from hub.store import cases as store
from hub.store.cases import Decided, StepTaken


@dataclass(frozen=True, slots=True)
class CaseFound:
    """One case with all that belongs to it."""

    case: Case
    thread: Thread
    items: dict[Stage, tuple[Item, ...]]
    steps: tuple[StepTaken, ...]
    decided: Decided | None


def openings(tx: Connection, found: Sequence[Case], keys: Sealer) -> dict[UUID, Entry]:
    """The message that each of these was opened with."""
    return case_threads.first_messages(tx, [case.case_id for case in found], keys)


def in_full(tx: Connection, case_id: UUID, by: Principal, keys: Sealer) -> CaseFound:
    """Refused: UNKNOWN_CASE, also when it is somebody else's."""
    case = cases.visible(tx, case_id, by)
    return CaseFound(
        case,
        thread(tx, case, keys),
        store.items_of(tx, [case_id])[case_id],
        tuple(store.steps_of(tx, case_id)),
        store.decision_of(tx, case_id),
    )
