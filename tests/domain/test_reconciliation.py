"""The rules of the daily comparison, as a clerk would check them."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry, bucket_of
from contracts.ids import SettlementId
from hub.domain.reconciliation import (
    WORDS,
    Break,
    BreakClass,
    RowsOfBucket,
    after_rows,
    after_totals,
    breaks_of,
    differing,
)
from tests.support.tables import rows

BUCKET: BucketKey = ("310000", InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
OTHER: BucketKey = ("310000", InsuranceKind.RESIDENT, VisitKind.INPATIENT)
YESTERDAY = date(2026, 3, 30)
# total:pool of one settlement at each party; "-" nothing, "x2" twice, "+1"/"-1" the sign.
CASES = """
    who        hub     side       hub_day  side_day | class              hub_fen  side_fen
    insured    100:60  100:60     -        -        | -                  -        -
    insured    100:60  -          -        -        | only_at_hub        100      -
    insured    -       100:60     -        -        | only_at_insured    -        100
    treatment  -       100:60     -        -        | only_at_treatment  -        100
    treatment  100:60  120:60     -        -        | amount             100      120
    treatment  100:60  100:70     -        -        | fund_split         100      100
    insured    100:60  100:60x2   -        -        | duplicate          100      200
    insured    -       100:60x2   -        -        | duplicate          -        200
    insured    -       100:60     yes      -        | day                -        100
    treatment  100:60  -          -        yes      | day                100      -
"""


def _entries(cell: str, sign: int = 1) -> list[Entry]:
    if cell == "-":
        return []
    amounts, _, times = cell.partition("x")
    total, pool = map(int, amounts.split(":"))
    one = Entry(SettlementId(UUID(int=7)), sign, total, (pool, total - pool))
    return [one] * int(times or 1)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("case", rows(CASES), ids=lambda c: f"{c['who']}-{c['hub']}-{c['side']}")
def test_each_difference_has_its_class(case: dict[str, str], sign: int) -> None:
    key = (SettlementId(UUID(int=7)), sign)
    found = breaks_of(
        RowsOfBucket(
            bucket=BUCKET,
            role=Role(case["who"]),
            hub=_entries(case["hub"], sign),
            side=_entries(case["side"], sign),
            hub_elsewhere={key: YESTERDAY} if case["hub_day"] == "yes" else {},
            side_elsewhere={key: YESTERDAY} if case["side_day"] == "yes" else {},
        )
    )
    told = [(one.break_class.value, one.hub_fen, one.side_fen) for one in found]
    fen = [
        None if case[name] == "-" else sign * int(case[name]) for name in ("hub_fen", "side_fen")
    ]
    assert told == ([] if case["class"] == "-" else [(case["class"], *fen)])


# Who has the reversal alone, and whether the other has the settlement as settled.
UNDONE = """
    who        reversal_at  settled_there | class
    insured    hub          yes           | status
    insured    hub          no            | only_at_hub
    treatment  hub          yes           | status
    insured    side         yes           | status
    insured    side         no            | only_at_insured
    treatment  side         no            | only_at_treatment
"""


@pytest.mark.parametrize("case", rows(UNDONE), ids=lambda c: f"{c['who']}-{c['reversal_at']}")
def test_a_reversal_that_one_party_has_is_a_difference_of_status(case: dict[str, str]) -> None:
    at_hub, settled = case["reversal_at"] == "hub", {SettlementId(UUID(int=7))}
    there = settled if case["settled_there"] == "yes" else set()
    entries = _entries("100:60", -1)
    [found] = breaks_of(
        RowsOfBucket(
            BUCKET,
            Role(case["who"]),
            entries if at_hub else [],
            [] if at_hub else entries,
            {},
            {},
            hub_settled=set() if at_hub else there,
            side_settled=there if at_hub else set(),
        )
    )
    assert found.break_class.value == case["class"]


def test_every_class_has_chinese_words_and_a_likely_cause() -> None:
    assert set(WORDS) == set(BreakClass)
    assert Break(BreakClass.DAY, other_date=YESTERDAY).told() == (
        "结算日不符（另一方记在2026-03-30）：双方都有这一笔，但记在不同的结算日，应以清算中心的结算日为准"
    )


def test_a_bucket_that_only_one_party_has_or_that_comes_twice_differs() -> None:
    ours, theirs = bucket_of(BUCKET, _entries("100:60")), bucket_of(OTHER, _entries("90:60"))
    assert differing([ours], [ours]) == []
    found = differing([ours], [theirs])
    assert [(one.bucket, one.hub_fen, one.side_fen) for one in found] == [
        (BUCKET, 100, None),
        (OTHER, None, 90),
    ]
    assert [one.bucket for one in differing([ours], [ours, ours])] == [BUCKET]


def test_totals_keep_what_the_rows_showed_until_newer_rows_come() -> None:
    shown = Break(BreakClass.AMOUNT, BUCKET, (SettlementId(UUID(int=7)), 1), 100, 120)
    silent = Break(BreakClass.NO_REPORT)
    again = [Break(BreakClass.TOTALS, BUCKET, None, 100, 120), Break(BreakClass.TOTALS, OTHER)]
    assert after_totals({shown, silent}, again) == {shown, again[1]}
    assert after_totals({shown, silent}, []) == set()


def test_rows_that_do_not_explain_their_totals_leave_the_totals_open() -> None:
    same = RowsOfBucket(BUCKET, Role.INSURED, _entries("100:60"), _entries("100:60"), {}, {})
    assert after_rows(set(), same) == {Break(BreakClass.TOTALS, BUCKET, None, 100, 100)}


_ROWS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.sampled_from([1, -1])),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    max_size=6,
)


@given(_ROWS, _ROWS)
def test_totals_differ_exactly_when_a_row_does(
    ours: dict[tuple[int, int], tuple[int, int]], theirs: dict[tuple[int, int], tuple[int, int]]
) -> None:
    hub, side = (
        [Entry(SettlementId(UUID(int=n)), sign, *_amounts(v)) for (n, sign), v in table.items()]
        for table in (ours, theirs)
    )
    totals = differing(
        [bucket_of(BUCKET, hub)] if hub else [], [bucket_of(BUCKET, side)] if side else []
    )
    found = breaks_of(RowsOfBucket(BUCKET, Role.INSURED, hub, side, {}, {}))
    assert bool(totals) == bool(found)
    assert len(found) == len(
        {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    )


def _amounts(parts: tuple[int, int]) -> tuple[int, tuple[int, ...]]:
    return sum(parts), parts
