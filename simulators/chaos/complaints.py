"""What is wrong with a run though all books may agree in the end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from simulators.chaos.absence import STARTING
from simulators.chaos.flow import Flow
from simulators.chaos.ground import Dead
from simulators.chaos.outcome import Befallen
from simulators.chaos.visits import Tills

RECOVERED_WITHIN_S = 120.0


def of_hospitals(tills: Tills) -> Iterator[str]:
    yield from tills.surprises
    for asked in tills.asker.unanswered:
        yield f"{asked.infno} {asked.msgid}: no certain answer, however often it was asked"


def nothing_to_judge(flow: Flow) -> Iterator[str]:
    """Where nothing is settled nothing is lost either."""
    if not flow.ordinary_per_s:
        yield "nothing was settled before anything broke: there is nothing to judge"


def never_well(befallen: Iterable[Befallen]) -> Iterator[str]:
    for one in befallen:
        if one.recovered_at is None:
            yield f"fault {one.fault.number}: no ordinary flow within {RECOVERED_WITHIN_S:.0f} s"


def unprovoked(dead: Iterable[Dead], befallen: Sequence[Befallen]) -> Iterator[str]:
    """A program may give up over a fault, and is started again; not in the midst of a calm."""
    for one in dead:
        if not any(_is_during(one.found_at, fault) for fault in befallen):
            yield f"{one.told} ended by itself while nothing was broken"


def _is_during(at: datetime, one: Befallen) -> bool:
    well_at = one.recovered_at or one.given_up_at
    return one.begun_at <= at <= max(well_at, one.answered_at + STARTING)
