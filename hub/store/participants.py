"""The participants: a handful of rows, read whole once a batch."""

from collections.abc import Iterable

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk, prepared
from hub.domain.participant import Participant

_ALL = prepared.statement(
    "SELECT area, name, insured_connected, treatment_connected FROM participants ORDER BY area"
)
_PUT = """
    INSERT INTO participants (area, name, insured_connected, treatment_connected) VALUES %s
    ON CONFLICT (area) DO UPDATE SET name = excluded.name,
        insured_connected = excluded.insured_connected,
        treatment_connected = excluded.treatment_connected
"""


def everyone(tx: Connection) -> dict[AreaCode, Participant]:
    """Every participant by its area, in the order of the codes."""
    return {AreaCode(row[0]): Participant(*row) for row in prepared.fetch(tx, _ALL)}


def put(tx: Connection, participants: Iterable[Participant]) -> None:
    """Add participants, or replace what is known of them."""
    rows = [(p.area, p.name, p.insured_connected, p.treatment_connected) for p in participants]
    bulk.write_rows(tx, _PUT, "(%s, %s, %s, %s)", rows)
