"""The comparison of a day with one side: which reports count, and what they lead to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry, bucket_of
from contracts.ids import SettlementId
from contracts.state_machine import IllegalStep
from hub.domain.reconciliation import (
    Break,
    BreakClass,
    RowsOfBucket,
    Side,
    SideEvent,
    SideState,
    after_rows,
    breaks_of,
    differing,
)
from tests.support.tables import rows

ASKED, REPORTED, BREAKS = (datetime(2026, 4, 1, hour, tzinfo=UTC) for hour in (1, 2, 3))
A_MINUTE = timedelta(minutes=1)
BUCKET: BucketKey = ("310000", InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
OTHER: BucketKey = ("310000", InsuranceKind.RESIDENT, VisitKind.INPATIENT)
SIDE = Side(
    business_date=date(2026, 3, 31),
    role=Role.INSURED,
    area=AreaCode("430000"),
    state=SideState.WAITING,
    attempt=3,
    reported_attempt=2,
    reported_count=1,
    reported_fen=100,
    asked_at=ASKED,
    break_after=BREAKS,
    agreed_at=None,
    reported_at=REPORTED,
)
# It was asked three times, and has answered the second request. `sent`: against the last report.
REPORTS = """
    state   | attempt | sent    | is_taken
    waiting | 1       | later   | no
    waiting | 2       | earlier | yes
    waiting | 2       | later   | yes
    waiting | 3       | later   | yes
    waiting | 4       | later   | no
    broken  | 2       | earlier | yes
    broken  | 3       | earlier | yes
    agreed  | 1       | later   | no
    agreed  | 2       | earlier | no
    agreed  | 2       | same    | no
    agreed  | 2       | later   | yes
    agreed  | 3       | earlier | yes
    agreed  | 4       | later   | no
"""
SENT = {"earlier": REPORTED - A_MINUTE, "same": REPORTED, "later": REPORTED + A_MINUTE}
# What a report that was taken leads to; the agreed time is over at `over`.
HEARD = """
    state   | when   | agrees | becomes | agreed_at
    waiting | before | yes    | agreed  | now
    waiting | before | no     | waiting | -
    waiting | over   | no     | waiting | -
    broken  | over   | yes    | agreed  | now
    broken  | over   | no     | broken  | -
    agreed  | before | yes    | agreed  | first
    agreed  | before | no     | waiting | -
    agreed  | over   | no     | broken  | -
    agreed  | over   | yes    | agreed  | first
"""
WHEN = {"before": BREAKS - A_MINUTE, "over": BREAKS}


@pytest.mark.parametrize("case", rows(REPORTS), ids=lambda case: "-".join(case.values()))
def test_which_reports_are_taken(case: dict[str, str]) -> None:
    side = replace(SIDE, state=SideState(case["state"]))
    is_taken = side.takes_report(int(case["attempt"]), SENT[case["sent"]])
    assert is_taken is (case["is_taken"] == "yes")


def test_an_agreement_without_a_report_is_not_contradicted() -> None:
    side = replace(SIDE, state=SideState.AGREED, reported_at=None)
    assert side.takes_report(2, SENT["later"]) is False


@pytest.mark.parametrize("case", rows(HEARD), ids=lambda case: "-".join(case.values()))
def test_what_a_report_leads_to(case: dict[str, str]) -> None:
    now = WHEN[case["when"]]
    state = SideState(case["state"])
    before = replace(SIDE, state=state, agreed_at=ASKED if state is SideState.AGREED else None)
    agreed_at = {"-": None, "now": now, "first": ASKED}[case["agreed_at"]]
    expected = replace(before, state=SideState(case["becomes"]), agreed_at=agreed_at)
    assert before.heard(now, agrees=case["agrees"] == "yes") == expected


def test_a_side_takes_only_the_steps_of_the_table() -> None:
    broken = SIDE.after(SideEvent.RUN_OUT, BREAKS)
    assert broken == replace(SIDE, state=SideState.BROKEN)
    with pytest.raises(IllegalStep):
        broken.after(SideEvent.RUN_OUT, BREAKS)


def test_asking_again_counts_and_leaves_the_rest() -> None:
    assert SIDE.asked_again(BREAKS) == replace(SIDE, attempt=4, asked_at=BREAKS)
    assert SIDE.key == (date(2026, 3, 31), Role.INSURED, AreaCode("430000"))


def test_asked_afresh_no_earlier_answer_counts() -> None:
    afresh = SIDE.asked_afresh(BREAKS)
    assert afresh == replace(SIDE, attempt=4, reported_attempt=4, asked_at=BREAKS)
    assert [afresh.takes_report(attempt, BREAKS) for attempt in (3, 4, 5)] == [False, True, False]


def _entry(number: int, total_fen: int = 100, sign: int = 1) -> Entry:
    return Entry(SettlementId(UUID(int=number)), sign, total_fen, (total_fen,))


def test_rows_take_the_place_of_what_their_bucket_had_and_of_nothing_else() -> None:
    elsewhere = Break(BreakClass.TOTALS, OTHER, None, 1, 2)
    before = Break(BreakClass.TOTALS, BUCKET, None, 300, 200)
    old = Break(BreakClass.AMOUNT, BUCKET, (SettlementId(UUID(int=9)), 1), 1, 2)
    rows_now = RowsOfBucket(BUCKET, Role.INSURED, [_entry(1), _entry(2)], [_entry(1)], {}, {})
    row = (SettlementId(UUID(int=2)), 1)
    shown = Break(BreakClass.ONLY_AT_HUB, BUCKET, row, 100, None)
    assert after_rows({elsewhere, before, old}, rows_now) == {elsewhere, shown}


def test_rows_that_agree_leave_the_totals_open_as_they_were() -> None:
    elsewhere = Break(BreakClass.TOTALS, OTHER, None, 1, 2)
    before = Break(BreakClass.TOTALS, BUCKET, None, 300, 200)
    old = Break(BreakClass.AMOUNT, BUCKET, (SettlementId(UUID(int=9)), 1), 1, 2)
    same = [_entry(1), _entry(2, 70, -1)]
    rows_now = RowsOfBucket(BUCKET, Role.INSURED, same, same, {}, {})
    assert after_rows({elsewhere, before, old}, rows_now) == {elsewhere, before}
    contradiction = Break(BreakClass.TOTALS, BUCKET, None, 30, 30)
    assert after_rows({elsewhere, old}, rows_now) == {elsewhere, contradiction}


def test_breaks_come_in_the_order_of_settlements_and_signs_with_everything_told() -> None:
    day = date(2026, 3, 30)
    first, second = (SettlementId(UUID(int=number)) for number in (1, 2))
    found = breaks_of(
        RowsOfBucket(
            bucket=BUCKET,
            role=Role.TREATMENT,
            hub=[_entry(2), _entry(1), _entry(1, sign=-1), _entry(3)],
            side=[_entry(3), _entry(2, 90), _entry(2, 90)],
            hub_elsewhere={},
            side_elsewhere={(first, 1): day},
        )
    )
    assert found == [
        Break(BreakClass.ONLY_AT_HUB, BUCKET, (first, -1), -100, None),
        Break(BreakClass.DAY, BUCKET, (first, 1), 100, None, day),
        Break(BreakClass.DUPLICATE, BUCKET, (second, 1), 100, 180),
    ]


def test_buckets_that_differ_are_breaks_of_their_totals() -> None:
    ours, theirs = bucket_of(BUCKET, [_entry(1), _entry(2)]), bucket_of(BUCKET, [_entry(1)])
    elsewhere = bucket_of(OTHER, [_entry(3, 70)])
    assert differing([ours], [theirs, elsewhere]) == [
        Break(BreakClass.TOTALS, BUCKET, None, 200, 100),
        Break(BreakClass.TOTALS, OTHER, None, None, 70),
    ]


def test_the_desk_reads_the_other_day_only_where_there_is_one() -> None:
    assert (
        Break(BreakClass.AMOUNT).told() == "金额不符：同一笔结算总额不同，可能有一方事后改动了费用"
    )
