"""How insured areas answered of late: one query for all the areas of a batch."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from hub.domain.route import Thresholds, Traffic

# What ended without an answer says that the area is down only if it never gave a sign afterwards:
# neither a late answer nor a release. A withdrawn bill says nothing either way.
_TRAFFIC = """
    SELECT a.area, r.silent, r.expired,
        EXISTS (SELECT FROM settlements AS w WHERE w.state = 'routed' AND w.insured_area = a.area
            AND %(now)s > w.received_at + (w.answer_by - w.received_at) / 2),
        (SELECT queued_at FROM outbox_unsent ORDER BY position LIMIT 1)
    FROM unnest(%(areas)s::text[]) AS a (area)
    CROSS JOIN LATERAL (
        SELECT array_agg(n.state = 'expired' AND n.late_answers = 0 AND n.released_at IS NULL
                ORDER BY n.received_at DESC) AS silent,
            count(*) FILTER (WHERE n.state = 'expired') AS expired
        FROM (
            SELECT state, late_answers, released_at, received_at FROM settlements
            WHERE insured_area = a.area AND answer_by IS NOT NULL AND received_at > %(since)s
                AND state NOT IN ('routed', 'withdrawn')
            ORDER BY received_at DESC LIMIT %(recent_max)s
        ) AS n
    ) AS r
"""


def traffic_of(
    tx: Connection, areas: Iterable[AreaCode], limits: Thresholds, now: datetime
) -> dict[AreaCode, Traffic]:
    """The newest bills of each area within the window."""
    parameters = {
        "areas": sorted(set(areas)),
        "now": now,
        "since": limits.since(now),
        "recent_max": limits.recent_max,
    }
    return {
        AreaCode(area): Traffic(tuple(silent or ()), expired, waits_long, unsent_since)
        for area, silent, expired, waits_long, unsent_since in bulk.fetch(tx, _TRAFFIC, parameters)
    }
