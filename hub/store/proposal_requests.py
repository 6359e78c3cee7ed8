"""Under which ids of their callers proposals were asked for; an id is written once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk

REQUESTS_LOCK = 5201318
_LOCK = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
_FIND = """
    SELECT request_id, fingerprint, proposal_id, asked_at FROM proposal_requests
    WHERE request_id = %s
"""
_ADD = """
    INSERT INTO proposal_requests (request_id, fingerprint, proposal_id, asked_at)
    VALUES (%s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Request:
    """`fingerprint`: 32 bytes of who asked for what."""

    request_id: UUID
    fingerprint: bytes
    proposal_id: UUID
    asked_at: datetime


def take_turn(tx: Connection, request_id: UUID) -> None:
    """Wait until nobody else asks under this id, and keep them off to the transaction's end."""
    bulk.fetch(tx, _LOCK, (REQUESTS_LOCK, str(request_id)))


def find(tx: Connection, request_id: UUID) -> Request | None:
    found = bulk.fetch(tx, _FIND, (request_id,))
    return next((Request(row[0], bytes(row[1]), row[2], row[3]) for row in found), None)


def add(tx: Connection, one: Request) -> None:
    """An id that is there already is an IntegrityError, and nothing of the transaction remains."""
    bulk.run(tx, _ADD, (one.request_id, one.fingerprint, one.proposal_id, one.asked_at))
