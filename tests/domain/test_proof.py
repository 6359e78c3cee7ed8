"""What a run is proved by: leaves that an area can write itself, roots over them, and a seal."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.messages.clearing import ClearingLine
from contracts.messages.values import PARTS
from hub.domain.merkle import leaf_hash, root_by, root_of
from hub.domain.proof import (
    NO_SEAL,
    BucketRoot,
    LineKey,
    Row,
    Seal,
    bucket_roots,
    canonical,
    line_leaf,
    lines_from,
    proved,
    rows_roots,
)
from tests.support.tables import rows

HUNAN, SHANGHAI = AreaCode("430000"), AreaCode("310000")
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
FUNDS_FEN = (500, 1, 2, 3, 4, 5, 6, 7, 8)
PARTS_FEN = (*FUNDS_FEN, 450, 14)
SETTLED = Row(
    business_date=date(2026, 3, 5),
    insured_area=HUNAN,
    treatment_area=SHANGHAI,
    insurance_kind=InsuranceKind.EMPLOYEE,
    visit_kind=VisitKind.INPATIENT,
    row_id=UUID(int=10),
    sign=1,
    total_fen=1000,
    parts_fen=PARTS_FEN,
)
KEY: LineKey = (HUNAN, SHANGHAI, InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
AUDIT = replace(
    SETTLED, row_id=UUID(int=11), sign=0, total_fen=0, parts_fen=(-70, *[0] * 10), reason="audit"
)
# A settlement pays 536 fen from funds. What each row adds to the line of its pair.
ADDS = """
    row        | day        | count | total | pool | audit | late | payable
    settled    | 2026-03-01 | 1     | 1000  | 500  | 0     | 0    | 536
    settled    | 2026-03-31 | 1     | 1000  | 500  | 0     | 0    | 536
    reversed   | 2026-03-31 | -1    | -1000 | -500 | 0     | 0    | -536
    settled    | 2026-02-28 | 0     | 0     | 0    | 0     | 536  | 536
    reversed   | 2026-02-28 | 0     | 0     | 0    | 0     | -536 | -536
    settled    | 2026-04-01 | 0     | 0     | 0    | 0     | 536  | 536
    audit      | 2026-03-09 | 0     | 0     | 0    | -70   | 0    | -70
    audit      | 2026-02-09 | 0     | 0     | 0    | -70   | 0    | -70
    correction | 2026-03-09 | 0     | 0     | 0    | 0     | -70  | -70
"""
ROWS = {
    "settled": SETTLED,
    "reversed": replace(SETTLED, sign=-1),
    "audit": AUDIT,
    "correction": replace(AUDIT, reason="correction"),
}
SEAL = Seal(
    position=2,
    run_id=UUID(int=7),
    version=3,
    cycle="2026-03",
    first_day=FIRST,
    last_day=LAST,
    issued_at=datetime(2026, 4, 21, 2, 0, tzinfo=UTC),
    lines=4,
    merkle_root="ab",
    previous=NO_SEAL,
)
SEALED = {
    "cycle": "2026-03",
    "first_day": "2026-03-01",
    "issued_at": "2026-04-21T02:00:00+00:00",
    "last_day": "2026-03-31",
    "lines": 4,
    "merkle_root": "ab",
    "position": 2,
    "previous": "0" * 64,
    "run_id": "00000000-0000-0000-0000-000000000007",
    "version": 3,
}


def _hex(number: int) -> str:
    return f"{number:032x}"


def _leaf(text: str) -> bytes:
    return leaf_hash(text.encode())


def test_a_leaf_is_the_line_that_an_area_has_in_its_own_books() -> None:
    amounts = "500,1,2,3,4,5,6,7,8,450,14"
    assert SETTLED.leaf() == _leaf(f"{_hex(10)}|+1|1000|{amounts}\n")
    assert replace(SETTLED, sign=-1).leaf() == _leaf(f"{_hex(10)}|-1|1000|{amounts}\n")
    assert AUDIT.leaf() == _leaf(f"{_hex(11)}|audit|-70,0,0,0,0,0,0,0,0,0,0\n")


@pytest.mark.parametrize("case", rows(ADDS), ids=lambda case: f"{case['row']}-{case['day']}")
def test_what_each_row_adds_to_its_line(case: dict[str, str]) -> None:
    row = replace(ROWS[case["row"]], business_date=date.fromisoformat(case["day"]))
    [line] = lines_from([row], FIRST, LAST)
    assert [line.count, line.total_fen, line.parts_fen[0]] == [
        int(case[name]) for name in ("count", "total", "pool")
    ]
    assert [line.audit_fen, line.late_fen, line.payable_fen] == [
        int(case[name]) for name in ("audit", "late", "payable")
    ]
    assert (line.insured_area, line.treatment_area) == KEY[:2]
    assert (line.insurance_kind, line.visit_kind) == KEY[2:]


def test_a_line_adds_up_its_rows_part_by_part_and_lines_come_in_the_order_of_their_keys() -> None:
    other = replace(SETTLED, visit_kind=VisitKind.CHRONIC)
    late = replace(SETTLED, row_id=UUID(int=12), business_date=date(2026, 2, 1))
    audits = [AUDIT, replace(AUDIT, row_id=UUID(int=13))]
    found = lines_from([SETTLED, other, SETTLED, late, late, *audits], FIRST, LAST)
    chronic, inpatient = found
    assert (chronic.visit_kind, chronic.parts_fen) == (VisitKind.CHRONIC, PARTS_FEN)
    assert inpatient == ClearingLine(
        insured_area=HUNAN,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        count=2,
        total_fen=2000,
        parts_fen=tuple(2 * part for part in PARTS_FEN),
        audit_fen=-140,
        late_fen=1072,
        payable_fen=2 * 536 - 140 + 1072,
    )


@given(st.integers(0, 31), st.lists(st.integers(-28, 31), max_size=12))
def test_splitting_a_month_into_runs_changes_nothing_in_all(split: int, days: list[int]) -> None:
    """Each row goes into one of two runs; what is owed in all is the same as by one."""
    made = [
        replace(SETTLED, business_date=date.fromordinal(FIRST.toordinal() + day)) for day in days
    ]
    middle = date.fromordinal(FIRST.toordinal() + split)
    early = [row for row in made if row.business_date < middle]
    rest = [row for row in made if row.business_date >= middle]
    in_two = lines_from(early, FIRST, middle) + lines_from(rest, middle, LAST)
    whole = lines_from(made, FIRST, LAST)
    assert sum(one.payable_fen for one in in_two) == sum(one.payable_fen for one in whole)


def test_a_row_of_parts_that_are_not_ours_is_never_summed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        lines_from([replace(SETTLED, parts_fen=(1, 2))], FIRST, LAST)


def test_rows_make_one_root_a_bucket_and_buckets_one_a_line_by_their_days() -> None:
    next_day = replace(SETTLED, business_date=date(2026, 3, 6))
    chronic = replace(SETTLED, visit_kind=VisitKind.CHRONIC)
    undone = replace(SETTLED, sign=-1)
    found = bucket_roots([SETTLED, undone, next_day, chronic])
    five, six = date(2026, 3, 5), date(2026, 3, 6)
    other_key = (*KEY[:3], VisitKind.CHRONIC)
    first = BucketRoot(five, KEY, 2, root_of([SETTLED.leaf(), undone.leaf()]))
    second = BucketRoot(six, KEY, 1, SETTLED.leaf())
    third = BucketRoot(five, other_key, 1, SETTLED.leaf())
    assert found == [first, second, third]
    assert bucket_roots([]) == []
    assert first.leaf() == _leaf(f"2026-03-05|430000|310000|310|inpatient|2|{first.root.hex()}\n")
    assert rows_roots([second, third, first]) == {
        KEY: root_of([first.leaf(), second.leaf()]),
        other_key: third.leaf(),
    }


def test_a_line_is_proved_with_every_amount_of_it_and_with_its_rows() -> None:
    [line] = lines_from([SETTLED, AUDIT], FIRST, LAST)
    text = f"430000|310000|310|inpatient|1|1000|{','.join(map(str, PARTS_FEN))}"
    text = text.replace(",", "|") + f"|-70|0|466|{'ab' * 32}\n"
    assert line_leaf(line, bytes.fromhex("ab" * 32)) == _leaf(text)


def test_every_line_leads_to_the_root_of_the_run() -> None:
    made = [
        replace(SETTLED, visit_kind=kind, insured_area=area)
        for area in (SHANGHAI, HUNAN)
        for kind in VisitKind
    ]
    lines, buckets = lines_from(made, FIRST, LAST), bucket_roots(made)
    root, found = proved(list(reversed(lines)), buckets)
    assert [one.line for one in found] == lines
    roots = rows_roots(buckets)
    assert [one.rows_root for one in found] == [roots[key] for key in sorted(roots)]
    for at, one in enumerate(found):
        assert (one.index, one.size) == (at, len(made))
        leaf = line_leaf(one.line, one.rows_root)
        assert root_by(leaf, one.index, one.size, one.path) == bytes.fromhex(root)


def test_a_line_without_rows_has_the_root_of_an_empty_tree() -> None:
    [line] = lines_from([SETTLED], FIRST, LAST)
    root, [only] = proved([line], [])
    assert only.rows_root == sha256(b"").digest()
    assert root == line_leaf(line, only.rows_root).hex()


def test_rows_within_a_bucket_are_ordered_by_reason_id_and_sign() -> None:
    undone = replace(SETTLED, sign=-1)
    younger = replace(SETTLED, row_id=UUID(int=12))
    made = [AUDIT, younger, SETTLED, undone]
    assert sorted(made, key=lambda row: row.order) == [undone, SETTLED, younger, AUDIT]


def test_a_row_says_with_its_sign_what_it_moves_and_funds_are_what_is_cleared() -> None:
    assert SETTLED.payable_fen == sum(FUNDS_FEN)
    assert replace(SETTLED, sign=-1).signed_fen == tuple(-part for part in PARTS_FEN)
    assert AUDIT.signed_fen == AUDIT.parts_fen
    assert len(PARTS) == len(PARTS_FEN)


def test_a_seal_is_the_hash_of_one_way_to_write_its_record() -> None:
    text = json.dumps(SEALED, separators=(",", ":"))
    assert SEAL.record() == SEALED
    assert canonical(SEAL.record()) == text.encode()
    assert SEAL.sha256() == sha256(text.encode()).hexdigest()
    assert replace(SEAL, version=4).sha256() != SEAL.sha256()


def test_canonical_json_has_sorted_keys_no_spaces_and_plain_chinese() -> None:
    assert canonical({"b": [1, 2], "a": "清算"}) == '{"a":"清算","b":[1,2]}'.encode()
