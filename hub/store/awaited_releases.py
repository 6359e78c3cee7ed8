"""Releases without an answer: noted when asked, forgotten when answered, found when due."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk, prepared
from contracts.ids import PersonId, SettlementId
from contracts.messages.settlement import ReleaseReason
from hub.domain.reminding import AwaitedRelease

_ADD = """
    INSERT INTO releases_awaited (settlement_id, reason, asked_at, look_at) VALUES %s
    ON CONFLICT (settlement_id) DO NOTHING
"""
_FORGET = prepared.statement("DELETE FROM releases_awaited WHERE settlement_id = ANY($1)", "uuid[]")
# Until it is asked again for the first time, a row is looked at from when it was asked.
_DUE = """
    SELECT settlement_id, insured_area, person_id, reason, asked_at, times, alarmed_at
    FROM releases_awaited AS awaited JOIN settlements USING (settlement_id)
    WHERE look_at <= %s AND (times > 0 OR asked_at <= %s)
    ORDER BY look_at LIMIT %s FOR UPDATE OF awaited SKIP LOCKED
"""
_PUT = """
    UPDATE releases_awaited AS awaited
    SET times = again.times, look_at = again.look_at, alarmed_at = again.alarmed_at
    FROM (VALUES %s) AS again (settlement_id, times, look_at, alarmed_at)
    WHERE awaited.settlement_id = again.settlement_id
"""


def add(tx: Connection, asked: Sequence[tuple[SettlementId, ReleaseReason, datetime]]) -> None:
    """Note releases as asked, (settlement, reason, when); an outstanding one stays as it is."""
    rows = [(id_, reason.value, at, at) for id_, reason, at in sorted(asked)]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s)", rows)


def forget(tx: Connection, ids: Iterable[SettlementId]) -> None:
    """Answered: nothing is outstanding any more."""
    answered = sorted(set(ids))
    if answered:
        prepared.run(tx, _FORGET, answered)


def lock_due(
    tx: Connection, now: datetime, first: timedelta, count_max: int
) -> list[AwaitedRelease]:
    """Those to ask again now, that nobody else is asking about; the longest due first."""
    return [
        AwaitedRelease(
            settlement_id=SettlementId(row[0]),
            insured_area=AreaCode(row[1]),
            person_id=PersonId(row[2]),
            reason=ReleaseReason(row[3]),
            asked_at=row[4],
            times=row[5],
            alarmed_at=row[6],
        )
        for row in bulk.fetch(tx, _DUE, (now, now - first, count_max))
    ]


def put(tx: Connection, again: Sequence[tuple[AwaitedRelease, datetime]]) -> None:
    """Write how often each has been asked, and when to look at it next."""
    rows = [(one.settlement_id, one.times, look_at, one.alarmed_at) for one, look_at in again]
    bulk.write_rows(tx, _PUT, "(%s::uuid, %s::smallint, %s::timestamptz, %s::timestamptz)", rows)
