"""Months of hospitals, frozen row by row, and what hospitals decided about each row."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import SettlementId
from participants.treatment.domain.booking import Scope
from participants.treatment.domain.split import RowKey, SplitRow, StoredConfirmation
from participants.treatment.store.booked_rows import BOOKED, WITHIN, parameters

_FREEZE = """
    INSERT INTO splits (hospital_code, month, frozen_at)
    VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_IS_FROZEN = "SELECT true FROM splits WHERE hospital_code = %s AND month = %s"
# A visit keeps its name over all months; its day is that of the first row that we split.
_NAME = f"""
    INSERT INTO split_visits (visit_id, name)
    SELECT visit_id, 'S' || insured_division
        || to_char(min(booked_at) AT TIME ZONE 'Asia/Shanghai', 'YYMMDD')
        || lpad((nextval('split_serials') %% 10000000)::text, 7, '0')
    FROM {BOOKED} WHERE {WITHIN} AND NOT is_void
    GROUP BY visit_id, insured_division ORDER BY min(booked_at), visit_id
    ON CONFLICT (visit_id) DO NOTHING
"""
_FILL = f"""
    INSERT INTO split_rows (hospital_code, month, seqno, settlement_id, sign, visit_id, booked_at,
        total_fen, paid_fen)
    SELECT hospital_code, %(month)s,
        row_number() OVER (ORDER BY booked_at, settlement_id, sign DESC), settlement_id, sign,
        visit_id, booked_at, total_fen, fund_fen + account_fen
    FROM {BOOKED} WHERE {WITHIN} AND NOT is_void
"""
_ROW = """
    split.seqno, split.settlement_id, split.sign, visit.name, split.booked_at, split.total_fen,
    split.paid_fen, visits.sealed_identity
"""
_FROM = """
    split_rows AS split JOIN split_visits AS visit USING (visit_id) JOIN visits USING (visit_id)
    WHERE split.hospital_code = %s AND split.month = %s
"""
_PAGE = f"SELECT {_ROW} FROM {_FROM} AND split.seqno >= %s ORDER BY split.seqno LIMIT %s"
_OF = f"SELECT {_ROW} FROM {_FROM} AND split.settlement_id = ANY(%s::uuid[])"
_DECIDED = """
    SELECT seqno FROM split_decisions
    WHERE hospital_code = %s AND month = %s AND undone_at IS NULL AND seqno = ANY(%s::int[])
"""
_CONFIRM = """
    INSERT INTO split_confirmations (hospital_code, reference, month, msgid, confirmed_at)
    VALUES (%s, %s, %s, %s, %s)
"""
_DECIDE = """
    INSERT INTO split_decisions (hospital_code, reference, month, seqno, is_included) VALUES %s
"""
_CONFIRMATION = """
    SELECT reference, month, undone_at IS NOT NULL FROM split_confirmations
    WHERE hospital_code = %s AND reference = %s
"""
_UNDO = """
    UPDATE {} SET undone_at = %s WHERE hospital_code = %s AND month = %s
      AND (%s = '0' OR reference = %s) AND undone_at IS NULL
"""
_IS_CLEARED = "SELECT true FROM statements_received WHERE month = %s LIMIT 1"


def freeze(tx: Connection, scope: Scope, month: str, now: datetime) -> None:
    """Write the rows of a month that is over, once; the same order for ever after."""
    if bulk.fetch(tx, _IS_FROZEN, (scope.hospital_code, month)):
        return
    # Whoever comes at the same time waits here until the first one has written all rows.
    if bulk.run(tx, _FREEZE, (scope.hospital_code, month, now)):
        asked = parameters(scope) | {"month": month}
        bulk.run(tx, _NAME, asked)
        bulk.run(tx, _FILL, asked)


def page(tx: Connection, hospital_code: str, month: str, start: int, most: int) -> list[SplitRow]:
    return _rows(bulk.fetch(tx, _PAGE, (hospital_code, month, start, most)))


def of(
    tx: Connection, hospital_code: str, month: str, ids: Sequence[SettlementId]
) -> dict[RowKey, SplitRow]:
    rows = _rows(bulk.fetch(tx, _OF, (hospital_code, month, list(ids))))
    return {(row.settlement_id, row.sign): row for row in rows}


def decided(tx: Connection, hospital_code: str, month: str, rows: Sequence[int]) -> list[int]:
    """Those of these rows that are confirmed, included or not."""
    return [row[0] for row in bulk.fetch(tx, _DECIDED, (hospital_code, month, list(rows)))]


def confirm(
    tx: Connection,
    head: tuple[str, str, str, str],
    decisions: Sequence[tuple[int, bool]],
    now: datetime,
) -> None:
    """`head`: hospital, reference, month and message."""
    bulk.run(tx, _CONFIRM, (*head, now))
    rows = [(*head[:3], seqno, is_included) for seqno, is_included in decisions]
    bulk.write_rows(tx, _DECIDE, "(%s, %s, %s, %s, %s)", rows)


def confirmation(tx: Connection, hospital_code: str, reference: str) -> StoredConfirmation | None:
    found = bulk.fetch(tx, _CONFIRMATION, (hospital_code, reference))
    return StoredConfirmation(*found[0]) if found else None


def undo(tx: Connection, hospital_code: str, month: str, reference: str, now: datetime) -> None:
    """Take back one confirmation of the month, or with '0' all of them."""
    asked = (now, hospital_code, month, reference, reference)
    for table in ("split_confirmations", "split_decisions"):
        bulk.run(tx, _UNDO.format(table), asked)


def is_cleared(tx: Connection, month: str) -> bool:
    """Whether the hub has issued a clearing statement of '202403'."""
    return bool(bulk.fetch(tx, _IS_CLEARED, (f"{month[:4]}-{month[4:]}",)))


def _rows(rows: Sequence[tuple[Any, ...]]) -> list[SplitRow]:
    return [SplitRow(*row) for row in rows]
