"""Control totals in SQL: the same buckets, marks and rows as the domain has of the same entries."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.control_sums import buckets_of, days_of, marks_of, piece_of, rows_of
from contracts.control_totals import BucketKey, Entry, bucket_of
from contracts.ids import SettlementId
from contracts.messages.reconciliation import DayBuckets, Row
from contracts.messages.values import PARTS
from tests.support.databases import Databases

BUCKET: BucketKey = ("310000", InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
CHRONIC: BucketKey = ("310000", InsuranceKind.EMPLOYEE, VisitKind.CHRONIC)
RESIDENT: BucketKey = ("310000", InsuranceKind.RESIDENT, VisitKind.INPATIENT)
ELSEWHERE: BucketKey = ("340000", InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
DAY, NEXT = date(2026, 3, 30), date(2026, 3, 31)
PIECES = 4


def _entry(number: int, sign: int = 1, total_fen: int = 100) -> Entry:
    parts_fen = (total_fen - 11, *[1] * (len(PARTS) - 1), 1)[: len(PARTS)]
    return Entry(SettlementId(UUID(int=number)), sign, total_fen, parts_fen)


# The last sixteen bits say the piece: of four the second and the third have rows, the others none.
FIRST, MIDDLE, LAST, BEYOND = 0x4000, 0x5000, 0x7FFF, 0x8000
OURS = [
    _entry(LAST, total_fen=70),
    _entry(FIRST),
    _entry(FIRST, -1),
    _entry(BEYOND, total_fen=3),
    _entry(MIDDLE),
]
BOOKS: dict[tuple[date, BucketKey], list[Entry]] = {
    (DAY, BUCKET): OURS,
    (DAY, CHRONIC): [_entry(3)],
    (DAY, RESIDENT): [_entry(4)],
    (NEXT, BUCKET): [_entry(6), _entry(7, -1, 40)],
    (NEXT, ELSEWHERE): [_entry(8)],
}


@pytest.fixture
def tx(databases: Databases) -> Iterator[Connection]:
    with databases.fresh("books", lambda _url: None).begin() as tx:
        parts = "".join(f", {part} bigint" for part in PARTS)
        tx.exec_driver_sql(
            "CREATE TABLE books (business_date date, counterpart text, insurance_kind text,"
            f" visit_kind text, settlement_id uuid, sign int, total_fen bigint{parts})"
        )
        marks = ", ".join(["%s"] * (7 + len(PARTS)))
        for (day, key), entries in BOOKS.items():
            for one in entries:
                values = (day, *key, str(one.settlement_id), one.sign, one.total_fen)
                statement = f"INSERT INTO books VALUES ({marks})"  # noqa: S608  # columns of ours
                tx.exec_driver_sql(statement, (*values, *one.parts_fen))
        yield tx


ROWS = "SELECT * FROM books WHERE business_date >= %(since)s"
SINCE: dict[str, Any] = {"since": DAY}


def _rows(entries: Sequence[Entry]) -> list[Row]:
    ordered = sorted(entries, key=lambda one: (one.settlement_id, one.sign))
    return [
        Row(
            settlement_id=one.settlement_id,
            sign=one.sign,
            total_fen=one.total_fen,
            parts_fen=one.parts_fen,
        )
        for one in ordered
    ]


def _buckets(day: date, *keys: BucketKey) -> DayBuckets:
    buckets = tuple(bucket_of(key, BOOKS[day, key]) for key in keys)
    return DayBuckets(business_date=day, buckets=buckets)


def test_the_database_and_the_domain_have_the_same_totals_day_by_day(tx: Connection) -> None:
    first, second = _buckets(DAY, CHRONIC, BUCKET, RESIDENT), _buckets(NEXT, BUCKET, ELSEWHERE)
    assert days_of(tx, ROWS, SINCE) == (first, second)
    assert days_of(tx, ROWS, {"since": NEXT}) == (second,)
    assert buckets_of(tx, ROWS, SINCE, DAY) == first.buckets
    assert buckets_of(tx, ROWS, SINCE, NEXT) == second.buckets
    assert buckets_of(tx, ROWS, SINCE, date(2026, 4, 1)) == ()


def test_the_rows_of_a_bucket_come_by_settlement_and_sign_and_of_its_pieces_alone(
    tx: Connection,
) -> None:
    rows = f"{ROWS} AND business_date <= '2026-03-30'"
    assert rows_of(tx, rows, SINCE, BUCKET) == _rows(OURS)
    assert rows_of(tx, rows, SINCE, CHRONIC) == _rows([_entry(3)])
    assert rows_of(tx, rows, SINCE, ELSEWHERE) == []
    for among in ((0,), (1,), (2, 3), (0, 1, 2, 3), ()):
        expected = [one for one in OURS if piece_of(one.settlement_id, PIECES) in among]
        assert rows_of(tx, rows, SINCE, BUCKET, PIECES, among) == _rows(expected)


def test_every_piece_has_a_mark_that_changes_with_its_rows_only(tx: Connection) -> None:
    rows = f"{ROWS} AND business_date <= '2026-03-30'"
    marks = marks_of(tx, rows, SINCE, BUCKET, PIECES)
    assert [mark.partition(":")[0] for mark in marks] == ["", "4", "1", ""]
    assert len(set(marks)) == 3
    tx.exec_driver_sql(
        "UPDATE books SET cash_fen = cash_fen + 1, pool_fen = pool_fen - 1"
        " WHERE right(settlement_id::text, 4) = '7fff'"
    )
    after = marks_of(tx, rows, SINCE, BUCKET, PIECES)
    assert [before == now for before, now in zip(marks, after, strict=True)] == [
        *(True, False, True, True)
    ]
    assert marks_of(tx, rows, SINCE, ELSEWHERE, PIECES) == ("",) * PIECES
