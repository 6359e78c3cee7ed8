"""The shared clock of cases: a table a clerk can check, and what holds whatever the day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.calendar import is_working_day
from contracts.clock import SHANGHAI, shanghai_date_of
from hub.domain import case_clock
from hub.domain.case_states import CaseType
from tests.support.tables import rows

INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 10, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
KINDS = st.sampled_from(CaseType)

# Opened at an hour of China, on working days unless said: the deadlines' days; all end at 18:00.
# 2026: Spring Festival 15–23 February (14 and 28 are worked), Labour Day 1–5 May (9 is worked),
# National Day 1–7 October (10 is worked).
CLOCKS = """
    type         opened_at         released    take_by     answer_by   extended
    dispute      2026-03-02T10:00  -           2026-03-04  2026-03-16  2026-03-23
    dispute      2026-03-07T10:00  -           2026-03-10  2026-03-20  2026-03-27
    dispute      2026-02-12T10:00  -           2026-02-14  2026-03-04  2026-03-11
    dispute      2026-09-28T23:59  -           2026-09-30  2026-10-16  2026-10-23
    coordination 2026-03-06T10:00  -           2026-03-09  2026-03-13  2026-03-20
    coordination 2026-02-13T10:00  -           2026-02-14  2026-02-27  2026-03-05
    assistance   2026-03-02T10:00  2026-03-26  2026-03-30  2026-04-27  2026-05-13
    assistance   2026-03-26T17:59  2026-03-26  2026-03-30  2026-04-27  2026-05-13
    assistance   2026-03-26T18:00  2026-04-27  2026-04-29  2026-05-26  2026-06-09
    assistance   2026-04-26T09:00  2026-04-27  2026-04-29  2026-05-26  2026-06-09
    assistance   2026-09-27T09:00  2026-09-28  2026-09-30  2026-10-26  2026-11-09
"""


@pytest.mark.parametrize("case", rows(CLOCKS), ids=lambda c: f"{c['type']} {c['opened_at']}")
def test_the_clock_counts_working_days(case: dict[str, str]) -> None:
    kind = CaseType(case["type"])
    opened_at = datetime.fromisoformat(case["opened_at"]).replace(tzinfo=SHANGHAI)
    clock = case_clock.clock_of(kind, opened_at)
    extended = case_clock.extended(kind, opened_at, clock.answer_by)
    found = [_told(at) for at in (clock.release_at, clock.take_by, clock.answer_by, extended)]
    wanted = [case[name] for name in ("released", "take_by", "answer_by", "extended")]
    assert found == wanted


def _told(instant: datetime | None) -> str:
    if instant is None:
        return "-"
    local = instant.astimezone(SHANGHAI)
    assert (local.hour, local.minute) == (18, 0)
    return local.date().isoformat()


@given(kind=KINDS, opened_at=INSTANTS)
def test_no_deadline_passes_on_a_holiday_and_all_lie_in_order(
    kind: CaseType, opened_at: datetime
) -> None:
    clock = case_clock.clock_of(kind, opened_at)
    extended = case_clock.extended(kind, opened_at, clock.answer_by)
    review_by = case_clock.review_by(kind, opened_at, clock.answer_by)
    ends = [clock.take_by, clock.answer_by, extended, review_by]
    ends += [] if clock.release_at is None else [clock.release_at]
    assert all(is_working_day(shanghai_date_of(end)) for end in ends)
    assert opened_at < (clock.release_at or clock.take_by) <= clock.take_by < clock.answer_by
    assert clock.answer_by < min(extended, review_by)
    assert (clock.release_at is not None) == (kind is CaseType.ASSISTANCE)


@given(kind=KINDS, opened_at=INSTANTS, later_s=st.integers(0, 90 * 86_400))
def test_who_opens_later_is_never_due_earlier(
    kind: CaseType, opened_at: datetime, later_s: int
) -> None:
    first = case_clock.clock_of(kind, opened_at)
    second = case_clock.clock_of(kind, opened_at + timedelta(seconds=later_s))
    assert first.take_by <= second.take_by
    assert first.answer_by <= second.answer_by


def test_the_parameters_are_dated_and_have_a_source() -> None:
    (held, *_) = case_clock.all_parameters()
    assert held.holds_from == date(2023, 1, 1)
    assert "22号" in held.source
    assert case_clock.parameters_on(date(2020, 1, 1)) == held
    assert held.assistance_over_fen == 30_000_00
