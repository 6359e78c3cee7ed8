"""3201 对总账: a hospital's sums of a period, beside ours."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.ids import new_id
from participants.treatment.domain.hospital_statement import NewStatement, Stated, stated
from participants.treatment.store import booked_rows
from participants.treatment.store import hospital_statements as store


def state(tx: Connection, batch: Sequence[NewStatement], now: datetime) -> list[Stated]:
    """What we say to each, kept with what was asked; one grouped query for the whole batch."""
    groups = booked_rows.sums(tx, [one.scope for one in batch])
    told = [stated(one, found) for one, found in zip(batch, groups, strict=True)]
    made = [(new_id(), one, said) for one, said in zip(batch, told, strict=True)]
    store.add(tx, made, now)
    return told
