"""Releases that insured areas have not answered: when they are asked again, and when it alarms."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.codes import AreaCode
from contracts.ids import PersonId, SettlementId
from contracts.messages.settlement import ReleaseReason

DOUBLINGS_MAX = 20
"""Beyond it the longest pause is long reached; the power of two stays a number."""


@dataclass(frozen=True, slots=True)
class Reminding:
    """How a release is asked again. Pauses double from `first` up to `longest`.

    `first`: how long an insured area has to answer a release. `alarm_after`: how long it may be
    without an answer before an operator hears of it.
    """

    first: timedelta
    longest: timedelta
    alarm_after: timedelta

    def pause(self, times: int) -> timedelta:
        """How long to wait after a release was asked again `times` times."""
        return min(self.first * (1 << min(times, DOUBLINGS_MAX)), self.longest)


@dataclass(frozen=True, slots=True)
class AwaitedRelease:
    """A release that was asked at `asked_at`, and again `times` times, without an answer."""

    settlement_id: SettlementId
    insured_area: AreaCode
    person_id: PersonId
    reason: ReleaseReason
    asked_at: datetime
    times: int
    alarmed_at: datetime | None

    def is_alarming(self, now: datetime, reminding: Reminding) -> bool:
        """Whether it is time to tell an operator, which is done once."""
        return self.alarmed_at is None and now - self.asked_at >= reminding.alarm_after
