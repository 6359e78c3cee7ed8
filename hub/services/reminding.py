"""Asking insured areas again to release what they have not answered, for as long as it takes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from contracts.message import Outgoing
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.reminding import AwaitedRelease, Reminding
from hub.services import telling
from hub.store import anomalies, awaited_releases


def ask_again(
    tx: Connection, now: datetime, *, reminding: Reminding, count_max: int
) -> list[Outgoing]:
    """Ask at most so many again, with growing pauses, and alarm once about each that takes long.

    An area that was away answers when it is back; nobody has to call. Its answer ends the asking.
    """
    due = awaited_releases.lock_due(tx, now, reminding.first, count_max)
    alarming = {one.settlement_id for one in due if one.is_alarming(now, reminding)}
    again = [
        replace(
            one,
            times=one.times + 1,
            alarmed_at=now if one.settlement_id in alarming else one.alarmed_at,
        )
        for one in due
    ]
    awaited_releases.put(tx, [(one, now + reminding.pause(one.times)) for one in again])
    outgoing = [telling.release_again(one, now) for one in again]
    said = zip(again, outgoing, strict=True)
    found = [pair for pair in said if pair[0].settlement_id in alarming]
    anomalies.add(tx, list(_alarms(found, now)))
    return outgoing


def _alarms(found: list[tuple[AwaitedRelease, Outgoing]], now: datetime) -> Iterator[Anomaly]:
    for one, outgoing in found:
        yield Anomaly(
            kind=AnomalyKind.RELEASE_OVERDUE,
            detail=f"{one.reason} asked of {one.insured_area} at {one.asked_at:%Y-%m-%dT%H:%M:%SZ}",
            message_id=outgoing.message.head.message_id,
            at=now,
            settlement_id=one.settlement_id,
        )
