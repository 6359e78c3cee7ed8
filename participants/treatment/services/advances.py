"""The advance fund 预付金: what the hub tells of it goes to the log; its API has the rest."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.message import Message, Outgoing
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned

log = logging.getLogger(__name__)


def warned(
    _tx: Connection, batch: Sequence[Message[AdvanceWarned]], _now: datetime
) -> list[Outgoing]:
    """A warning stops nothing: bills are sent as ever."""
    for message in batch:
        if message.head.sender == topics.HUB:
            said = message.body
            log.warning(
                "the advance of %s is %s: %s of %s fen used;"
                " chance of yellow %s and red %s bp before the clearing, %s days left; tier %s",
                said.insured_area or "all areas",
                said.level,
                said.spent_fen,
                said.held_fen,
                said.chance_yellow_bp,
                said.chance_red_bp,
                said.days_left,
                said.tier,
            )
    return []


def noticed(
    _tx: Connection, batch: Sequence[Message[AdvanceNoticed]], _now: datetime
) -> list[Outgoing]:
    for message in batch:
        if message.head.sender == topics.HUB:
            said = message.body
            log.info("%s: %s %s fen by %s", said.area, said.direction, said.total_fen, said.pay_by)
    return []
