"""What did not fit, kept for the operators."""

from collections.abc import Sequence

from sqlalchemy import Connection

from contracts.delivery import bulk
from hub.domain.anomaly import Anomaly

_ADD = """
    INSERT INTO anomalies (settlement_id, registration_id, area, kind, detail, message_id, at)
    VALUES %s
"""


def add(tx: Connection, anomalies: Sequence[Anomaly]) -> None:
    rows = [
        (
            a.settlement_id,
            a.registration_id,
            a.area,
            a.kind.value,
            a.detail[:200],
            a.message_id,
            a.at,
        )
        for a in anomalies
    ]
    bulk.write_rows(tx, _ADD, "(%s, %s, %s, %s, %s, %s, %s)", rows)
