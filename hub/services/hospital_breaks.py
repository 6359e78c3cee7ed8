"""Differences between hospitals and their treatment area, among the hub's breaks."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Message, Outgoing
from contracts.messages.reconciliation import HospitalBreak, HospitalBreaksReported
from hub.domain.reconciliation import BreakClass
from hub.store import hospital_breaks as store

log = logging.getLogger(__name__)

CLASSES = frozenset(kind.value for kind in BreakClass)


def record(
    tx: Connection, batch: Sequence[Message[HospitalBreaksReported]], now: datetime
) -> list[Outgoing]:
    """Keep what treatment areas report: found ones open, gone ones resolved, each once."""
    for message in batch:
        area = AreaCode(message.body.area)
        if message.head.sender != topics.participant(Role.TREATMENT, area):
            log.warning("%s does not come from treatment.%s", message.head.message_id, area)
            continue
        store.keep(tx, area, [one for one in message.body.breaks if _is_known(one)], now)
    return []


def _is_known(one: HospitalBreak) -> bool:
    known = one.break_class in CLASSES
    if not known:
        log.warning("a break of a hospital has the unknown class %s", one.break_class)
    return known
