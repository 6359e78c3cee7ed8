"""Message ids of hospitals: claimed, bound to what they asked, answered, withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.attempt import Attempt, StoredAttempt

_ADD = """
    INSERT INTO attempts (msgid, hospital_code, infno, content_sha256, received_at) VALUES %s
    ON CONFLICT (msgid) DO NOTHING RETURNING msgid
"""
_ADD_TOMBSTONES = """
    INSERT INTO attempts (msgid, hospital_code, infno, received_at, withdrawn_at) VALUES %s
    ON CONFLICT (msgid) DO NOTHING RETURNING msgid
"""
_OF = """
    SELECT msgid, hospital_code, infno, content_sha256, reply_json, subject_id, withdrawn_at
    FROM attempts WHERE msgid = ANY(%s) ORDER BY msgid
"""
_LOCK = f"{_OF} FOR UPDATE"
_ANSWER = """
    UPDATE attempts SET reply_json = said.reply_json FROM (VALUES %s) AS said (msgid, reply_json)
    WHERE attempts.msgid = said.msgid AND attempts.reply_json IS NULL
"""
_BIND = """
    UPDATE attempts SET subject_id = said.subject_id
    FROM (VALUES %s) AS said (msgid, subject_id) WHERE attempts.msgid = said.msgid
"""
_WITHDRAW = "UPDATE attempts SET withdrawn_at = %s WHERE msgid = ANY(%s) AND withdrawn_at IS NULL"


def add(tx: Connection, attempts: Iterable[Attempt], now: datetime) -> set[str]:
    """Store these, in msgid order so that two batches cannot deadlock; the ids that are new."""
    rows = [
        (one.msgid, one.hospital_code, one.infno, one.content_sha256, now)
        for one in sorted(attempts, key=lambda one: one.msgid)
    ]
    return {row[0] for row in bulk.write_and_return(tx, _ADD, "(%s, %s, %s, %s, %s)", rows)}


def add_tombstones(
    tx: Connection, tombstones: Iterable[tuple[str, str, str]], now: datetime
) -> set[str]:
    """Bury message ids never seen, as (msgid, hospital_code, infno); the ids that were buried."""
    rows = [(*one, now, now) for one in sorted(tombstones)]
    found = bulk.write_and_return(tx, _ADD_TOMBSTONES, "(%s, %s, %s, %s, %s)", rows)
    return {row[0] for row in found}


def of(tx: Connection, msgids: Sequence[str]) -> dict[str, StoredAttempt]:
    return _read(tx, _OF, msgids)


def lock(tx: Connection, msgids: Sequence[str]) -> dict[str, StoredAttempt]:
    return _read(tx, _LOCK, msgids)


def answer(tx: Connection, replies: Sequence[tuple[str, str]]) -> None:
    bulk.write_rows(tx, _ANSWER, "(%s, %s)", replies)


def bind(tx: Connection, pairs: Sequence[tuple[str, UUID]]) -> None:
    bulk.write_rows(tx, _BIND, "(%s, %s::uuid)", pairs)


def withdraw(tx: Connection, msgids: Sequence[str], now: datetime) -> None:
    if msgids:
        bulk.run(tx, _WITHDRAW, (now, list(msgids)))


def _read(tx: Connection, statement: str, msgids: Sequence[str]) -> dict[str, StoredAttempt]:
    if not msgids:
        return {}
    return {row[0]: _attempt(row) for row in bulk.fetch(tx, statement, (list(msgids),))}


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
