"""Says in the log, at the start and once a day, which of a process's message keys end soon."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import date, datetime

from contracts.clock import shanghai_date_of
from contracts.signing import KeyRing

log = logging.getLogger(__name__)


@dataclass(slots=True)
class KeyWatch:
    """One a process and ring. Thread-safe; `look` costs nothing on a day that was looked at."""

    keys: KeyRing
    _looked_on: date | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, now: datetime) -> None:
        today = shanghai_date_of(now)
        with self._lock:
            if self._looked_on == today:
                return
            self._looked_on = today
        for key, _ in self.keys.ending(now):
            if key.valid_until <= now:
                log.error("message key %s ended on %s", key.name, key.valid_until.isoformat())
            else:
                days = (key.valid_until - now).days
                until = key.valid_until.isoformat()
                log.warning("message key %s ends in %d days, on %s", key.name, days, until)
