"""What the checks found and what was done about it; kept for audits, and forgotten in time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg2.extras import Json
from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.finding import Feedback, Finding, FoundItem, KnownFinding, Stage

FORGOTTEN_AT_ONCE = 200

_ADD = """
    INSERT INTO findings (finding_id, stage, msgid, hospital_code, person_id, visit_no, rule_id,
        severity, told, amount_fen, items, found_at) VALUES %s
"""
_ADD_TEMPLATE = "(%s::uuid, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_OF = "SELECT finding_id, hospital_code, stage FROM findings WHERE finding_id = ANY(%s::uuid[])"
_ANSWER = """
    INSERT INTO finding_answers (finding_id, msgid, way, reason, "by", answered_at) VALUES %s
"""
# Whoever checks takes a few old ones away: no job is needed, and nobody waits for a lock.
_FORGET = """
    DELETE FROM findings WHERE finding_id IN (
        SELECT finding_id FROM findings WHERE found_at < %s
        ORDER BY found_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""
Found = tuple[UUID, str, str, Stage, Finding]
"""(id, message id, hospital, stage, what was found)."""


def add(tx: Connection, found: Sequence[Found], now: datetime) -> None:
    rows = [
        (
            finding_id,
            stage.value,
            msgid,
            hospital_code,
            one.person_id,
            one.visit_no,
            one.rule_id,
            one.severity.value,
            one.told,
            one.amount_fen,
            Json([_item(item) for item in one.items]),
            now,
        )
        for finding_id, msgid, hospital_code, stage, one in found
    ]
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, rows)


def of(tx: Connection, ids: Iterable[UUID]) -> dict[UUID, KnownFinding]:
    rows = bulk.fetch(tx, _OF, (sorted(set(ids)),))
    return {row[0]: KnownFinding(row[0], row[1], Stage(row[2])) for row in rows}


def answer(tx: Connection, feedbacks: Sequence[Feedback], now: datetime) -> None:
    """Add what was done; an earlier answer stays beside it, for whoever audits."""
    rows = [
        (one.finding_id, feedback.msgid, one.way.value, one.reason, feedback.by, now)
        for feedback in feedbacks
        for one in feedback.answers
    ]
    bulk.write_rows(tx, _ANSWER, "(%s::uuid, %s, %s, %s, %s, %s)", rows)


def forget(tx: Connection, before: datetime) -> None:
    """Take away some of those found before, with their answers."""
    bulk.run(tx, _FORGET, (before, FORGOTTEN_AT_ONCE))


def _item(item: FoundItem) -> dict[str, object]:
    return {
        "kind": item.kind.value,
        "order_no": item.order_no,
        "code": item.code,
        "amount_fen": item.amount_fen,
    }
