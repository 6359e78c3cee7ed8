"""Keys end on a day: who must be warned of it, and when. Of messages and of institutions alike."""

from datetime import datetime, timedelta

WARN_DAYS_BEFORE = (30, 14, 7, 1)


def warnings_due(valid_until: datetime, now: datetime) -> tuple[int, ...]:
    """The days of WARN_DAYS_BEFORE that have come for a key, the earliest first; () when none has.

    With ten days left: (30, 14). A caller that remembers what it has said says the new ones; one
    that remembers nothing speaks once a day while there are any. A key that has ended has them all.
    Both instants are aware.
    """
    left = valid_until - now
    return tuple(days for days in WARN_DAYS_BEFORE if left <= timedelta(days=days))
