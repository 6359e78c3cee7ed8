"""Two kinds of time: the instant something happened (UTC) and the day it counts for."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def shanghai_date_of(instant: datetime) -> date:
    """The calendar day in China at an aware instant."""
    assert instant.tzinfo is not None, "a naive datetime has no day"
    return instant.astimezone(SHANGHAI).date()
