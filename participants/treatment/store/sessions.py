"""Sessions of the operators of institutions."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.session import Session, SignIn

_COLUMNS = "sign_no, hospital_code, operator_no, signed_in_at, expires_at, ended_at"
_OF = f"SELECT {_COLUMNS} FROM sessions WHERE sign_no = ANY(%s)"
_LOCK = f"{_OF} ORDER BY sign_no FOR UPDATE"
_VALID = """
    SELECT sign_no FROM sessions
    WHERE sign_no = ANY(%s) AND hospital_code = %s AND ended_at IS NULL AND expires_at > %s
"""
_ADD = """
    INSERT INTO sessions (sign_no, hospital_code, operator_no, mac, ip, signed_in_at, expires_at)
    VALUES %s
"""
_END = "UPDATE sessions SET ended_at = %s WHERE sign_no = ANY(%s) AND ended_at IS NULL"
_FORGET = "DELETE FROM sessions WHERE expires_at <= %s"


def add(tx: Connection, pairs: Sequence[tuple[Session, SignIn]]) -> None:
    rows = [
        (
            one.sign_no,
            one.institution,
            one.operator_no,
            wish.mac,
            wish.ip,
            one.signed_in_at,
            one.expires_at,
        )
        for one, wish in pairs
    ]
    bulk.write_rows(tx, _ADD, "(%s, %s, %s, %s, %s, %s, %s)", rows)


def lock(tx: Connection, sign_nos: Iterable[str]) -> dict[str, Session]:
    """Load and lock, in the order of their numbers."""
    return {row[0]: Session(*row) for row in bulk.fetch(tx, _LOCK, (sorted(set(sign_nos)),))}


def valid(tx: Connection, institution: str, sign_nos: Iterable[str], now: datetime) -> set[str]:
    wanted = sorted(set(sign_nos))
    return {row[0] for row in bulk.fetch(tx, _VALID, (wanted, institution, now))}


def end(tx: Connection, sign_nos: Sequence[str], now: datetime) -> None:
    """End those that have not ended yet."""
    bulk.run(tx, _END, (now, list(sign_nos)))


def forget(tx: Connection, before: datetime) -> int:
    """Delete what expired by then; how many there were."""
    return bulk.run(tx, _FORGET, (before,))
