"""The loop that forgets what an area has kept long enough: files of hospitals, and sessions."""

import logging
import threading
from datetime import timedelta

from sqlalchemy import Engine

from contracts.clock import Clock
from participants.treatment.domain.keeping import Keeping
from participants.treatment.services import housekeeping

log = logging.getLogger(__name__)

FORGET_EVERY = timedelta(minutes=10)
"""Nobody waits for it: what has expired is not given out meanwhile."""


def run(engine: Engine, clock: Clock, keeping: Keeping, stop: threading.Event) -> None:
    """Forget until `stop`. Whatever goes wrong, the rows stay and the next turn tries again."""
    while not stop.is_set():
        try:
            with engine.begin() as tx:
                count = housekeeping.forget(tx, clock.now(), keeping)
            log.info("forgot %d files and sessions", count)
        except Exception as error:  # noqa: BLE001
            log.warning("what has expired stays for now (%s)", type(error).__name__)
        stop.wait(FORGET_EVERY.total_seconds())
