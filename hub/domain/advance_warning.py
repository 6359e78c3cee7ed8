"""Warnings of an advance: raised, acknowledged, escalated, ended. They stop nobody. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.codes import AreaCode
from contracts.messages.advance import Level
from hub.domain.advance_parameters import Escalation
from hub.domain.advance_usage import WARNED

Subject = tuple[AreaCode | None, AreaCode]
"""(insured area, treatment area); None: all insured areas together, whose money it may pool."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pair, or a treatment area as a whole, stands in a cycle."""

    subject: Subject
    cycle: str
    level: Level
    spent_fen: int
    held_fen: int


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning; `tier`: the highest that was told of it."""

    warning_id: UUID
    subject: Subject
    cycle: str
    level: Level
    spent_fen: int
    held_fen: int
    raised_at: datetime
    tier: int = 1
    told_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str = ""
    ended_at: datetime | None = None

    def is_about(self, standing: Standing) -> bool:
        return (self.cycle, self.level) == (standing.cycle, standing.level)


def to_end(open_ones: Iterable[Warned], standings: Mapping[Subject, Standing]) -> list[Warned]:
    """Warnings whose level or cycle is no longer so."""
    return [
        one
        for one in open_ones
        if one.subject not in standings or not one.is_about(standings[one.subject])
    ]


def to_raise(open_ones: Iterable[Warned], standings: Iterable[Standing]) -> list[Standing]:
    """Yellow and red standings that no open warning is about."""
    warned = {one.subject: one for one in open_ones}
    return [
        standing
        for standing in standings
        if standing.level in WARNED
        and not (standing.subject in warned and warned[standing.subject].is_about(standing))
    ]


def tier_due(one: Warned, rows: Iterable[Escalation], now: datetime) -> int:
    """The tier that should know by now; once somebody acknowledged it, nobody further is told."""
    if one.acknowledged_at is not None:
        return one.tier
    due = [
        row.tier
        for row in rows
        if row.level is one.level and now - one.raised_at >= timedelta(hours=row.after_hours)
    ]
    return max([one.tier, *due])
