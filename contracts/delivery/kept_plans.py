"""Sessions in which a plan is kept, and what makes a plan good for as long as the session lives.

A plan that is kept was made for the tables as they then were. PostgreSQL makes it again when it
takes statistics, about once a minute: until then a plan that was right for an empty table reads all
of a full one, and one made while a queue was empty reads all its dead rows. The statements of the
hot path look up what a batch names, so in these sessions whatever an index leads to is reached by
it, at any size. What goes through whole tables, as the checks do, belongs into another session; the
comparison of a day does not: its rows are reached by the day.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, event

_KEPT = "yidi keeps plans"  # in SQLAlchemy's `info` of a connection

BY_INDEX = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # What is looked up was written a moment ago: it is in memory.
    "random_page_cost": "1.1",
}
"""Settings of such a session. "off" means: only where there is no other way."""


def keep(engine: Engine) -> None:
    """Connections of this engine, opened with BY_INDEX, keep plans."""

    def connected(_driver: Any, record: Any) -> None:
        record.info[_KEPT] = True

    event.listen(engine, "connect", connected)


def keeps_plans(info: Mapping[Any, Any]) -> bool:
    """`info`: of a connection."""
    return _KEPT in info
