"""The clock of a case, shared by all its parties: batches and deadlines in working days. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.calendar import working_day_after
from contracts.clock import SHANGHAI, shanghai_date_of
from hub.domain.case_states import CaseType

LAST_DAY_OF_EVERY_MONTH = 28


@dataclass(frozen=True, slots=True)
class Pace:
    """Working days of one type of case. `answer_within` 0: by the batch's month instead."""

    take_within: int
    answer_within: int
    extend_by: int
    review_within: int

    def __post_init__(self) -> None:
        assert min(self.take_within, self.extend_by, self.review_within) >= 1, self
        assert self.answer_within >= 0, self


@dataclass(frozen=True, slots=True)
class CaseParameters:
    """One dated set of hub/data/cases.toml."""

    holds_from: date
    source: str
    office_closes: time
    assistance_over_fen: int
    batch_day: int
    answer_day: int
    attachment_max_bytes: int
    attachments_max: int
    messages_max: int
    paces: Mapping[CaseType, Pace]

    def __post_init__(self) -> None:
        assert self.source, "a parameter has a source"
        assert all(1 <= day <= LAST_DAY_OF_EVERY_MONTH for day in (self.batch_day, self.answer_day))
        assert self.assistance_over_fen > 0, self.assistance_over_fen
        assert min(self.attachment_max_bytes, self.attachments_max, self.messages_max) > 0
        batched = {kind for kind, pace in self.paces.items() if pace.answer_within == 0}
        assert batched == {CaseType.ASSISTANCE}, "only an assistance is answered by its batch"


@dataclass(frozen=True, slots=True)
class CaseClock:
    """What was promised when a case was opened. `release_at` None: it was sent at once."""

    release_at: datetime | None
    take_by: datetime
    answer_by: datetime


@cache
def all_parameters() -> tuple[CaseParameters, ...]:
    """Every dated set, the oldest first; an assertion fails when the file is not sound."""
    text = files("hub").joinpath("data/cases.toml").read_text(encoding="utf-8")
    found = tuple(_read(row) for row in tomllib.loads(text)["parameters"])
    days = [one.holds_from for one in found]
    assert days == sorted(set(days)), "hub/data/cases.toml: one set a day, the oldest first"
    return found


def parameters_on(day: date) -> CaseParameters:
    """The set in force on a day; the oldest for days before it."""
    held = [one for one in all_parameters() if one.holds_from <= day]
    return held[-1] if held else all_parameters()[0]


def clock_of(kind: CaseType, opened_at: datetime) -> CaseClock:
    """When a case that is opened now is sent, must be taken, and must be answered."""
    now_holds = parameters_on(shanghai_date_of(opened_at))
    pace = now_holds.paces[kind]
    if pace.answer_within > 0:
        take_by = _after(now_holds, opened_at, pace.take_within)
        return CaseClock(None, take_by, _after(now_holds, opened_at, pace.answer_within))
    return _clock_of_batch(now_holds, pace, opened_at)


def extended(kind: CaseType, opened_at: datetime, answer_by: datetime) -> datetime:
    """The deadline after the one extension that the rules allow."""
    held = parameters_on(shanghai_date_of(opened_at))
    return _after(held, answer_by, held.paces[kind].extend_by)


def answer_by_when_sent(
    kind: CaseType, opened_at: datetime, answer_by: datetime, sent_at: datetime
) -> datetime:
    """The deadline of what waited for its batch: when the hub sends late, time enough is left."""
    held = parameters_on(shanghai_date_of(opened_at))
    return max(answer_by, _after(held, sent_at, held.paces[kind].extend_by))


def review_by(kind: CaseType, opened_at: datetime, since: datetime) -> datetime:
    """By when the hub's operators should have decided what came to them at `since`."""
    held = parameters_on(shanghai_date_of(opened_at))
    return _after(held, since, held.paces[kind].review_within)


def _after(held: CaseParameters, instant: datetime, working_days: int) -> datetime:
    return _closing(held, working_day_after(shanghai_date_of(instant), working_days))


def _clock_of_batch(held: CaseParameters, pace: Pace, opened_at: datetime) -> CaseClock:
    """The next batch that has not gone yet, and the answer's day in the month after its own.

    A day that is a holiday gives way to the next working day, which may lie in another month:
    so the months are counted, and not the days.
    """
    month = _month_before(shanghai_date_of(opened_at).replace(day=1))
    while _on_or_after(held, month.replace(day=held.batch_day)) <= opened_at:
        month = _month_after(month)
    release_at = _on_or_after(held, month.replace(day=held.batch_day))
    answer_by = _on_or_after(held, _month_after(month).replace(day=held.answer_day))
    return CaseClock(release_at, _after(held, release_at, pace.take_within), answer_by)


def _on_or_after(held: CaseParameters, day: date) -> datetime:
    return _closing(held, working_day_after(day, 0))


def _closing(held: CaseParameters, day: date) -> datetime:
    return datetime.combine(day, held.office_closes, SHANGHAI).astimezone(UTC)


def _month_after(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _month_before(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def _read(row: dict[str, Any]) -> CaseParameters:
    paces = {kind: Pace(**row.pop(kind.value)) for kind in CaseType}
    return CaseParameters(**row, paces=paces)
