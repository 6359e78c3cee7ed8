"""How insured areas answered of late, and what was told of it: each one query for all areas."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.messages.weather import Condition
from hub.domain.route import Thresholds, Traffic

# What ended without an answer says that the area is down only if it never gave a sign afterwards:
# neither a late answer nor a release. A withdrawn bill says nothing either way. A canary waits in
# line only as long as none that was sent after it was answered.
_TRAFFIC = """
    SELECT a.area, ended.silent, ended.failed, ended.latencies_ms,
        least(
            (SELECT min(w.received_at) FROM settlements AS w
                WHERE w.state = 'routed' AND w.insured_area = a.area),
            (SELECT min(c.sent_at) FROM canaries AS c
                WHERE c.insured_area = a.area AND c.answered_at IS NULL AND c.sent_at > greatest(
                    %(since)s, (SELECT max(o.sent_at) FROM canaries AS o
                        WHERE o.insured_area = a.area AND o.answered_at IS NOT NULL)))
        ),
        (SELECT queued_at FROM outbox_unsent ORDER BY position LIMIT 1),
        (SELECT condition FROM route_weather AS told WHERE told.insured_area = a.area)
    FROM unnest(%(areas)s::text[]) AS a (area)
    CROSS JOIN LATERAL (
        SELECT array_agg(n.silent ORDER BY n.at DESC) AS silent,
            array_agg(n.failed ORDER BY n.at DESC) AS failed,
            array_agg(n.latency_ms ORDER BY n.at DESC) FILTER (WHERE n.latency_ms IS NOT NULL)
                AS latencies_ms
        FROM (
            (SELECT received_at AS at, state = 'expired' AS failed,
                state = 'expired' AND late_answers = 0 AND released_at IS NULL AS silent,
                CASE WHEN state IN ('settled', 'rejected') AND late_answers = 0
                    THEN ceil(1000 * extract(epoch FROM concluded_at - received_at))::int
                END AS latency_ms
            FROM settlements
            WHERE insured_area = a.area AND answer_by IS NOT NULL AND received_at > %(since)s
                AND state NOT IN ('routed', 'withdrawn')
            ORDER BY received_at DESC LIMIT %(recent_max)s)
            UNION ALL
            (SELECT sent_at, NOT coalesce(is_sound AND answered_at <= answer_by, false),
                answered_at IS NULL,
                CASE WHEN answered_at <= answer_by
                    THEN ceil(1000 * extract(epoch FROM answered_at - sent_at))::int END
            FROM canaries
            WHERE insured_area = a.area AND sent_at > %(since)s
                AND (answered_at IS NOT NULL OR answer_by < %(now)s)
            ORDER BY sent_at DESC LIMIT %(recent_max)s)
            ORDER BY at DESC LIMIT %(recent_max)s
        ) AS n
    ) AS ended
"""
_TOLD = "SELECT insured_area, condition, since, told_at FROM route_weather"
_TELL = """
    INSERT INTO route_weather (insured_area, condition, since, told_at) VALUES %s
    ON CONFLICT (insured_area) DO UPDATE SET condition = excluded.condition,
        since = excluded.since, told_at = excluded.told_at
"""
# Two processes with jobs: whoever comes second has nothing to add.
_ALONE = "SELECT pg_try_advisory_xact_lock(5201315)"


@dataclass(frozen=True, slots=True)
class Told:
    """What the treatment areas were last told of an insured area, and when."""

    area: AreaCode
    condition: Condition
    since: datetime
    at: datetime


def traffic_of(
    tx: Connection, areas: Iterable[AreaCode], limits: Thresholds, now: datetime
) -> dict[AreaCode, Traffic]:
    """The newest requests of each area within the window, and how it stood before."""
    parameters = {
        "areas": sorted(set(areas)),
        "now": now,
        "since": limits.since(now),
        "recent_max": limits.recent_max,
    }
    return {
        AreaCode(area): Traffic(
            silent=tuple(silent or ()),
            failed=tuple(failed or ()),
            latencies_ms=tuple(latencies_ms or ()),
            waiting_since=waiting_since,
            unsent_since=unsent_since,
            before=None if before is None else Condition(before),
        )
        for area, silent, failed, latencies_ms, waiting_since, unsent_since, before in bulk.fetch(
            tx, _TRAFFIC, parameters
        )
    }


def am_alone(tx: Connection) -> bool:
    """Whether this transaction is the only one that looks at the weather, to its end."""
    return bool(bulk.fetch(tx, _ALONE)[0][0])


def told(tx: Connection) -> dict[AreaCode, Told]:
    return {
        AreaCode(area): Told(AreaCode(area), Condition(condition), since, at)
        for area, condition, since, at in bulk.fetch(tx, _TOLD)
    }


def tell(tx: Connection, rows: Sequence[Told]) -> None:
    values = [(one.area, one.condition.value, one.since, one.at) for one in rows]
    bulk.write_rows(tx, _TELL, "(%s, %s, %s::timestamptz, %s::timestamptz)", values)
