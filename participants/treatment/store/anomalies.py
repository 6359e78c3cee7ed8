"""Answers that were kept but not followed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.answering import Anomaly

_ADD = "INSERT INTO anomalies (subject_id, kind, detail, message_id, at) VALUES %s"


def add(tx: Connection, anomalies: Sequence[Anomaly], now: datetime) -> None:
    rows = [(a.subject_id, a.kind.value, a.detail, a.message_id, now) for a in anomalies]
    bulk.write_rows(tx, _ADD, "(%s, %s, %s, %s, %s)", rows)
