"""Work that has a date: what is due, in which order, and what became of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class WorkState(StrEnum):
    """What became of work that was due. No row: nobody has tried."""

    DONE = "done"  # it took effect, once and for all
    WAITING = "waiting"  # it was tried, and must wait for something: it is tried again


@dataclass(frozen=True, slots=True, order=True)
class Occasion:
    """One time that a job is due; `subject` tells two of one day apart, e.g. a cycle's name."""

    due_on: date
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one occasion of a job."""

    job: str
    occasion: Occasion
    state: WorkState
    tries: int
    tried_at: datetime
    done_at: datetime | None
    why: str


def to_do(
    occasions: Iterable[Occasion],
    tried: Mapping[Occasion, Tried],
    now: datetime,
    *,
    in_order: bool,
    pause: timedelta,
) -> list[Occasion]:
    """What is to be done now, the oldest first: never what is done, and what waits after a pause.

    In order: nothing is done before what is older is done.
    """
    found = []
    for occasion in sorted(occasions):
        before = tried.get(occasion)
        if before is not None and before.state is WorkState.DONE:
            continue
        is_resting = before is not None and now - before.tried_at < pause
        if is_resting and in_order:
            break
        if not is_resting:
            found.append(occasion)
    return found
