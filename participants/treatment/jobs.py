"""What the clock makes a treatment area do: remind the hub, and tell it of slices and breaks."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
from contracts.message import Outgoing
from contracts.programs.ending import close
from participants.treatment.services import reminding, slices, telling_breaks
from participants.treatment.settings import Settings

log = logging.getLogger(__name__)

ROUNDS_MAX = 1_000
"""How often the job may run again at once; what is left then waits for the next turn."""

Job = Callable[[Connection, datetime], Sequence[Outgoing]]


def remind(area: AreaCode, settings: Settings) -> Job:
    """One transaction of the job; it runs again at once as long as it says something."""
    return partial(
        reminding.remind,
        terms=settings.terms(area),
        reminding=settings.reminding(),
        count_max=settings.treatment_remind_at_once_max,
    )


def tell(area: AreaCode) -> Job:
    """One transaction: the slice that has ended, and hospitals' differences not told yet."""

    def run(tx: Connection, now: datetime) -> list[Outgoing]:
        return [*slices.report(area, tx, now), *telling_breaks.tell(tx, area, now)]

    return run


def run_once(job: Job, outbox: Outbox) -> int:
    """Run until there is nothing more to say; how many messages were said."""
    total = 0
    for _ in range(ROUNDS_MAX):
        with outbox.transaction() as writing:
            said = job(writing.tx, writing.now)
            writing.say(said)
        total += len(said)
        if not said:
            break
    return total


def run(job: Job, outbox: Outbox, every: timedelta, stop: threading.Event) -> None:
    """Run until `stop`, and close the outbox. A fault that passes is waited out: the rows stay."""
    try:
        while not stop.is_set():
            try:
                outbox.tend()  # until it has looked once, it leaves all to other sweepers
                run_once(job, outbox)
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("the hub cannot be told for now (%s)", type(error).__name__)
            stop.wait(every.total_seconds())
    finally:
        close(outbox.close)
