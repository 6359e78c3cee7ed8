"""What the clock makes an insured area do: tell the hub of the slices of the open day."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
from contracts.message import Outgoing
from contracts.programs.ending import close

log = logging.getLogger(__name__)

Job = Callable[[Connection, datetime], Sequence[Outgoing]]


def run_once(job: Job, outbox: Outbox) -> int:
    """One transaction; how many messages it said."""
    with outbox.transaction() as writing:
        said = job(writing.tx, writing.now)
        writing.say(said)
    return len(said)


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
