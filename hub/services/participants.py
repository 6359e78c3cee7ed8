"""Connecting areas to the hub."""

from collections.abc import Iterable

from sqlalchemy import Connection

from contracts.codes import AreaCode, areas
from contracts.refusal import RefusalCode, Refused
from hub.domain.participant import Participant
from hub.store import participants


def connect(tx: Connection, connected: Iterable[AreaCode]) -> list[Participant]:
    """Connect these areas in both roles; Refused (UNKNOWN_AREA) when one is not of the 32."""
    known = areas()
    codes = sorted(set(connected))
    for code in codes:
        if code not in known:
            raise Refused(RefusalCode.UNKNOWN_AREA, code)
    rows = [
        Participant(code, known[code].name, insured_connected=True, treatment_connected=True)
        for code in codes
    ]
    participants.put(tx, rows)
    return rows
