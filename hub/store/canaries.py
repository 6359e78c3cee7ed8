"""Canaries: sent, answered, and forgotten after a day."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.messages.weather import CanaryId

KEPT_FOR = timedelta(days=1)

_SENT_SINCE = "SELECT DISTINCT insured_area FROM canaries WHERE sent_at > %s"
_ADD = "INSERT INTO canaries (canary_id, insured_area, sent_at, answer_by) VALUES %s"
_FORGET = "DELETE FROM canaries WHERE sent_at < %s"
# Of an area its own only; the first answer counts.
_ANSWER = """
    UPDATE canaries SET answered_at = said.at, is_sound = said.is_sound
    FROM (VALUES %s) AS said (canary_id, insured_area, at, is_sound)
    WHERE canaries.canary_id = said.canary_id AND canaries.insured_area = said.insured_area
        AND canaries.answered_at IS NULL
"""


def sent_since(tx: Connection, since: datetime) -> set[AreaCode]:
    """The areas to which one was sent after that instant."""
    return {AreaCode(row[0]) for row in bulk.fetch(tx, _SENT_SINCE, (since,))}


def add(
    tx: Connection, sent: Sequence[tuple[CanaryId, AreaCode]], now: datetime, answer_by: datetime
) -> None:
    rows = [(*one, now, answer_by) for one in sent]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s)", rows)


def answer(
    tx: Connection, answers: Sequence[tuple[CanaryId, AreaCode, bool]], now: datetime
) -> None:
    """(canary, who answered, whether the answer was sound)."""
    rows = [(id_, area, now, is_sound) for id_, area, is_sound in answers]
    bulk.write_rows(tx, _ANSWER, "(%s::uuid, %s, %s::timestamptz, %s)", rows)


def forget(tx: Connection, now: datetime) -> None:
    bulk.run(tx, _FORGET, (now - KEPT_FOR,))
