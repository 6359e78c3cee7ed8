"""Violations that the watch found, and how far it is: kept until they are gone, and after."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from hub.store.checks import Row

WATCH_LOCK = 7_946_310_007  # any number, as long as nobody else in the hub locks with it
_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
_ALONE = "SET LOCAL max_parallel_workers_per_gather = 0"
_ADD = """
    INSERT INTO violations (check_name, row_key, row, found_at) VALUES %s
    ON CONFLICT (check_name, row_key) WHERE gone_at IS NULL DO NOTHING RETURNING row_key
"""
_OPEN = (
    "SELECT violation_id, row_key, row FROM violations WHERE check_name = %s AND gone_at IS NULL"
)
# Two watchers' clocks may be read in the other order than they write.
_GONE = """
    UPDATE violations SET gone_at = greatest(found_at, %s)
    WHERE violation_id = ANY(%s) AND gone_at IS NULL
"""
_FORGET_UNKNOWN = """
    UPDATE violations SET gone_at = greatest(found_at, %s)
    WHERE gone_at IS NULL AND check_name <> ALL(%s)
"""
_COLUMNS = "violation_id, check_name, row_key, row, found_at, gone_at"
_LIST = f"""
    SELECT {_COLUMNS} FROM violations WHERE %s OR gone_at IS NULL
    ORDER BY violation_id DESC LIMIT %s
"""  # noqa: S608 - column names of ours
_COUNT = "SELECT check_name, count(*) FROM violations WHERE gone_at IS NULL GROUP BY 1 ORDER BY 1"
_ROUNDS = "SELECT check_name, began_at, looked_at, next_key, ended_at FROM verification_rounds"
_KEEP_ROUND = """
    INSERT INTO verification_rounds (check_name, began_at, looked_at, next_key, ended_at) VALUES %s
    ON CONFLICT (check_name) DO UPDATE SET began_at = excluded.began_at,
        looked_at = excluded.looked_at, next_key = excluded.next_key, ended_at = excluded.ended_at
"""
_NEXT_ID = """
    SELECT settlement_id FROM settlements WHERE settlement_id > %s
    ORDER BY settlement_id OFFSET %s LIMIT 1
"""
_DAYS_BEFORE = """
    SELECT business_date FROM business_days WHERE %s::date IS NULL OR business_date < %s
    ORDER BY business_date DESC LIMIT %s
"""
_NEWEST_POSTING = "SELECT coalesce(max(posting_id), 0) FROM postings"
_NEWEST = """
    SELECT settlement_id FROM (SELECT settlement_id FROM settlements WHERE settlement_id >= %s
        ORDER BY settlement_id DESC LIMIT %s) AS newest
    UNION SELECT settlement_id FROM (SELECT settlement_id FROM postings
        ORDER BY posting_id DESC LIMIT %s) AS posted WHERE settlement_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that broke a promise; `gone_at`: when it was seen to hold again."""

    violation_id: int
    check_name: str
    row_key: str
    row: dict[str, Any]
    found_at: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Round:
    """How far the watch is with a check: `next_key` None at the beginning of a round."""

    check_name: str
    began_at: datetime
    looked_at: datetime
    next_key: str | None
    ended_at: datetime | None


def take_turn(tx: Connection) -> bool:
    """Whether nobody else is watching; if so nobody will before this transaction ends."""
    return bool(bulk.fetch(tx, _LOCK, (WATCH_LOCK,))[0][0])


def work_alone(tx: Connection) -> None:
    """One process of the database for this transaction: its helpers would take the load's cores."""
    bulk.run(tx, _ALONE)


def add(tx: Connection, check_name: str, rows: Mapping[str, Row], now: datetime) -> list[str]:
    """Keep what was found, by key; the keys that were not open before."""
    values = [
        (check_name, key, json.dumps(row, ensure_ascii=False, default=str), now)
        for key, row in sorted(rows.items())
    ]
    return [row[0] for row in bulk.write_and_return(tx, _ADD, "(%s, %s, %s, %s)", values)]


def open_of(tx: Connection, check_name: str) -> list[tuple[int, str, Row]]:
    """What is open of a check: id, key and row."""
    return [(row[0], row[1], row[2]) for row in bulk.fetch(tx, _OPEN, (check_name,))]


def end(tx: Connection, ids: Iterable[int], now: datetime) -> None:
    """These are gone."""
    wanted = list(ids)
    if wanted:
        bulk.run(tx, _GONE, (now, wanted))


def end_of_others(tx: Connection, check_names: Sequence[str], now: datetime) -> None:
    """What a check found that exists no more is gone with it."""
    bulk.run(tx, _FORGET_UNKNOWN, (now, list(check_names)))


def listed(tx: Connection, *, gone_too: bool, count_max: int) -> list[Violation]:
    """The newest first."""
    return [Violation(*row) for row in bulk.fetch(tx, _LIST, (gone_too, count_max))]


def open_counts(tx: Connection) -> dict[str, int]:
    """How many rows are open, check by check; empty when all promises hold."""
    return {str(name): int(count) for name, count in bulk.fetch(tx, _COUNT)}


def rounds(tx: Connection) -> dict[str, Round]:
    return {row[0]: Round(*row) for row in bulk.fetch(tx, _ROUNDS)}


def keep(tx: Connection, looked: Sequence[Round]) -> None:
    rows = [(r.check_name, r.began_at, r.looked_at, r.next_key, r.ended_at) for r in looked]
    bulk.write_rows(tx, _KEEP_ROUND, "(%s, %s, %s, %s, %s)", rows)


def id_after(tx: Connection, last: UUID, count: int) -> UUID | None:
    """The id `count` settlements further on; None when there are not so many."""
    found = bulk.fetch(tx, _NEXT_ID, (last, count - 1))
    return found[0][0] if found else None


def newest_posting(tx: Connection) -> int:
    """The number of the newest posting; 0 before the first."""
    return int(bulk.fetch(tx, _NEWEST_POSTING)[0][0])


def days_before(tx: Connection, day: date | None, count: int) -> list[date]:
    """Business days, the newest first, before a day if one is given."""
    return [row[0] for row in bulk.fetch(tx, _DAYS_BEFORE, (day, day, count))]


def newest_ids(tx: Connection, since: UUID, count_max: int) -> list[UUID]:
    """Settlements whose ids are as young as `since`, and those of the newest postings."""
    return [row[0] for row in bulk.fetch(tx, _NEWEST, (since, count_max, count_max))]
