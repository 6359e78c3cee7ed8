"""The advance fund 预付金: what the hub tells of it goes to the log; its API has the rest."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.message import Message, Outgoing
from contracts.messages.advance import AdvanceNoticed, AdvanceWarned
from participants.insured.domain.area import Area
from participants.insured.services.anomalies import from_the_hub

log = logging.getLogger(__name__)


def warned(
    area: Area, tx: Connection, batch: Sequence[Message[AdvanceWarned]], now: datetime
) -> list[Outgoing]:
    """A warning stops nothing: bills are calculated as ever."""
    for message in from_the_hub(tx, batch, now):
        said = message.body
        log.warning(
            "%s: our advance with %s is %s, %s of %s fen used;"
            " chance of yellow %s and red %s bp before the clearing, %s days left; tier %s",
            area.code,
            said.treatment_area,
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
    area: Area, tx: Connection, batch: Sequence[Message[AdvanceNoticed]], now: datetime
) -> list[Outgoing]:
    for message in from_the_hub(tx, batch, now):
        said = message.body
        log.info("%s: %s %s fen by %s", area.code, said.direction, said.total_fen, said.pay_by)
    return []
