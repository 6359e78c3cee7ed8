"""Applications to be cleared, and what each of them claims of a month."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.application import (
    DEAD,
    Application,
    ApplicationState,
    NewApplication,
)

# Applications of one institution come one after the other: the later one sees the earlier claims.
_LOCK_INSTITUTION = "SELECT code FROM institutions WHERE code = %s FOR NO KEY UPDATE"
_CLAIMED = """
    SELECT application_id FROM clearing_claims
    WHERE hospital_code = %s AND month = %s AND clr_way = %s
      AND insurance_kind = ANY(%s::text[]) AND visit_kind = ANY(%s::text[])
    LIMIT 1
"""
_ADD = """
    INSERT INTO clearing_applications (application_id, hospital_code, msgid, clr_type, clr_way,
        month, count, total_fen, recognised_fen, fund_fen, account_fen, cash_fen, state,
        applied_at, moved_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_CLAIM = """
    INSERT INTO clearing_claims
        (hospital_code, month, clr_way, insurance_kind, visit_kind, application_id)
    VALUES %s
"""
_LOCK = """
    SELECT application_id, hospital_code, state, applied_at FROM clearing_applications
    WHERE application_id = ANY(%s::uuid[]) ORDER BY application_id FOR UPDATE
"""
_MOVE = "UPDATE clearing_applications SET state = %s, moved_at = %s WHERE application_id = %s"
_GIVE_BACK = "DELETE FROM clearing_claims WHERE application_id = %s"


def lock_institution(tx: Connection, hospital_code: str) -> None:
    bulk.run(tx, _LOCK_INSTITUTION, (hospital_code,))


def is_claimed(tx: Connection, one: NewApplication) -> bool:
    """Whether a live application holds any of the same kinds of the month."""
    kinds = [kind.value for kind in one.scope.insurance_kinds]
    visits = [kind.value for kind in one.scope.visit_kinds]
    asked = (one.scope.hospital_code, one.month, one.clr_way, kinds, visits)
    return bool(bulk.fetch(tx, _CLAIMED, asked))


def add(tx: Connection, id_: UUID, one: NewApplication, now: datetime) -> None:
    said, state = one.said, ApplicationState.APPLIED.value
    head = (id_, one.scope.hospital_code, one.msgid, one.clr_type, one.clr_way, one.month)
    amounts = (said.total_fen, one.recognised_fen, said.fund_fen, said.account_fen, said.cash_fen)
    bulk.run(tx, _ADD, (*head, said.count, *amounts, state, now, now))
    claims = [
        (one.scope.hospital_code, one.month, one.clr_way, insurance.value, visit.value, id_)
        for insurance in one.scope.insurance_kinds
        for visit in one.scope.visit_kinds
    ]
    bulk.write_rows(tx, _CLAIM, "(%s, %s, %s, %s, %s, %s::uuid)", claims)


def lock(tx: Connection, ids: Iterable[UUID]) -> dict[UUID, Application]:
    rows = bulk.fetch(tx, _LOCK, (sorted(set(ids)),))
    return {row[0]: Application(row[0], row[1], ApplicationState(row[2]), row[3]) for row in rows}


def move(tx: Connection, id_: UUID, state: ApplicationState, now: datetime) -> None:
    """Write the next state; a dead application gives back what it claimed."""
    bulk.run(tx, _MOVE, (state.value, now, id_))
    if state in DEAD:
        bulk.run(tx, _GIVE_BACK, (id_,))
