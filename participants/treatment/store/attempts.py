"""Message ids of hospitals: claimed, bound to what they asked, answered, withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk, prepared
from contracts.delivery.prepared import Prepared
from participants.treatment.domain.attempt import Attempt, MessageKey, StoredAttempt

_ADD = prepared.statement_of_rows(
    """
    INSERT INTO attempts (hospital_code, msgid, infno, content_sha256, received_at) %s
    ON CONFLICT (hospital_code, msgid) DO NOTHING RETURNING hospital_code, msgid
    """,
    "text text text bytea timestamptz",
)
_ADD_TOMBSTONES = """
    INSERT INTO attempts (hospital_code, msgid, infno, received_at, withdrawn_at) VALUES %s
    ON CONFLICT (hospital_code, msgid) DO NOTHING
"""
_BY_KEY = """
    SELECT msgid, hospital_code, infno, content_sha256, reply_json, subject_id, withdrawn_at
    FROM attempts
    WHERE (hospital_code, msgid) IN (SELECT * FROM unnest($1, $2))
    ORDER BY hospital_code, msgid
"""
_OF = prepared.statement(_BY_KEY, "text[] text[]")
_LOCK = prepared.statement(f"{_BY_KEY} FOR UPDATE", "text[] text[]")
_ANSWER = prepared.statement_of_rows(
    """
    UPDATE attempts SET reply_json = said.reply_json
    FROM %s AS said (hospital_code, msgid, reply_json)
    WHERE attempts.hospital_code = said.hospital_code AND attempts.msgid = said.msgid
      AND attempts.reply_json IS NULL
    RETURNING attempts.hospital_code, attempts.msgid
    """,
    "text text text",
)
_BIND = """
    UPDATE attempts SET subject_id = said.subject_id
    FROM (VALUES %s) AS said (hospital_code, msgid, subject_id)
    WHERE attempts.hospital_code = said.hospital_code AND attempts.msgid = said.msgid
      AND attempts.subject_id IS NULL
"""
_WITHDRAW = """
    UPDATE attempts SET withdrawn_at = said.at
    FROM (VALUES %s) AS said (hospital_code, msgid, at)
    WHERE attempts.hospital_code = said.hospital_code AND attempts.msgid = said.msgid
      AND attempts.withdrawn_at IS NULL
"""
_FORGET = """
    DELETE FROM attempts
    WHERE (hospital_code, msgid) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
      AND reply_json IS NULL AND subject_id IS NULL AND withdrawn_at IS NULL
"""


def add(tx: Connection, attempts: Iterable[Attempt], now: datetime) -> set[MessageKey]:
    """Store these, in the order of their keys so that two batches cannot deadlock; the new ones."""
    rows = [
        (*one.key, one.infno, one.content_sha256, now)
        for one in sorted(attempts, key=lambda one: one.key)
    ]
    return _keys(prepared.write_and_return(tx, _ADD, rows))


def add_tombstones(
    tx: Connection, tombstones: Iterable[tuple[MessageKey, str]], now: datetime
) -> None:
    """Bury messages never seen, as (key, infno)."""
    rows = [(*key, infno, now, now) for key, infno in sorted(tombstones)]
    bulk.write_rows(tx, _ADD_TOMBSTONES, "(%s, %s, %s, %s, %s)", rows)


def of(tx: Connection, keys: Iterable[MessageKey]) -> dict[MessageKey, StoredAttempt]:
    return _read(tx, _OF, keys)


def lock(tx: Connection, keys: Iterable[MessageKey]) -> dict[MessageKey, StoredAttempt]:
    """Load and lock, in the order of the keys so that two batches cannot deadlock."""
    return _read(tx, _LOCK, keys)


def answer(tx: Connection, replies: Sequence[tuple[MessageKey, str]]) -> set[MessageKey]:
    """Store replies where there is none yet; where that was so."""
    rows = [(*key, reply_json) for key, reply_json in replies]
    return _keys(prepared.write_and_return(tx, _ANSWER, rows))


def bind(tx: Connection, pairs: Sequence[tuple[MessageKey, UUID]]) -> None:
    bulk.write_rows(tx, _BIND, "(%s, %s, %s::uuid)", [(*key, id_) for key, id_ in pairs])


def withdraw(tx: Connection, keys: Iterable[MessageKey], now: datetime) -> None:
    rows = [(*key, now) for key in sorted(set(keys))]
    bulk.write_rows(tx, _WITHDRAW, "(%s, %s, %s::timestamptz)", rows)


def forget(tx: Connection, keys: Iterable[MessageKey]) -> None:
    """Those of them for which nothing was done."""
    wanted = sorted(set(keys))
    if wanted:
        columns = ([key.hospital_code for key in wanted], [key.msgid for key in wanted])
        bulk.run(tx, _FORGET, columns)


def _keys(rows: Iterable[tuple[Any, ...]]) -> set[MessageKey]:
    return {MessageKey(*row) for row in rows}


def _read(
    tx: Connection, statement: Prepared, keys: Iterable[MessageKey]
) -> dict[MessageKey, StoredAttempt]:
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    columns = ([key.hospital_code for key in wanted], [key.msgid for key in wanted])
    found = (_attempt(row) for row in prepared.fetch(tx, statement, *columns))
    return {one.key: one for one in found}


def _attempt(row: tuple[Any, ...]) -> StoredAttempt:
    msgid, hospital_code, infno, sha256, reply_json, subject_id, withdrawn_at = row
    return StoredAttempt(
        msgid=msgid,
        hospital_code=hospital_code,
        infno=infno,
        content_sha256=None if sha256 is None else bytes(sha256),
        reply_json=reply_json,
        subject_id=subject_id,
        is_withdrawn=withdrawn_at is not None,
    )
