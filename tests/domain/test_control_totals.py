"""Control totals: the line, the digest and the sums of a bucket, and the pieces it is cut into."""

from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import InsuranceKind, VisitKind
from contracts.control_sums import PIECES_FROM, piece_of, pieces_for
from contracts.control_totals import BucketKey, Entry, bucket_of, digest_of
from contracts.ids import SettlementId
from contracts.messages.reconciliation import PIECES_MAX, Bucket
from tests.support.tables import rows

BUCKET: BucketKey = ("310000", InsuranceKind.RESIDENT, VisitKind.CHRONIC)
SETTLED = Entry(SettlementId(UUID(int=2)), 1, 1000, (600, 400))
REVERSED = Entry(SettlementId(UUID(int=2)), -1, 1000, (600, 400))
SMALL = Entry(SettlementId(UUID(int=1)), 1, 70, (70, 0))
LINES = (
    "00000000000000000000000000000001|+1|70|70,0\n"
    "00000000000000000000000000000002|-1|1000|600,400\n"
    "00000000000000000000000000000002|+1|1000|600,400\n"
)
# Sixteen rows a piece on average, pieces a power of two; below a thousand rows nothing is cut.
CUT = """
    rows    | pieces
    0       | 0
    999     | 0
    1000    | 64
    1024    | 64
    1039    | 64
    1040    | 128
    2063    | 128
    2064    | 256
    100000  | 8192
    1000000 | 8192
"""
# Pieces are stretches of equal length of 0000 to ffff.
PIECES = """
    ends_in | pieces | piece
    0000    | 4      | 0
    3fff    | 4      | 0
    4000    | 4      | 1
    7fff    | 4      | 1
    8000    | 4      | 2
    ffff    | 4      | 3
    0007    | 8192   | 0
    0008    | 8192   | 1
    ffff    | 8192   | 8191
"""


def test_the_digest_is_over_the_lines_by_settlement_and_sign() -> None:
    assert digest_of([SETTLED, SMALL, REVERSED]) == sha256(LINES.encode()).hexdigest()
    assert digest_of([]) == sha256(b"").hexdigest()


def test_a_bucket_counts_every_entry_and_takes_back_what_was_reversed() -> None:
    assert bucket_of(BUCKET, [SETTLED, SMALL, REVERSED]) == Bucket(
        counterpart="310000",
        insurance_kind=InsuranceKind.RESIDENT,
        visit_kind=VisitKind.CHRONIC,
        count=3,
        total_fen=70,
        parts_fen=(70, 0),
        digest=sha256(LINES.encode()).hexdigest(),
    )


def test_entries_with_other_parts_are_never_summed() -> None:
    other = Entry(SettlementId(UUID(int=3)), 1, 5, (5,))
    with pytest.raises(ValueError, match="shorter"):
        bucket_of(BUCKET, [SETTLED, other])


@given(st.permutations([SETTLED, SMALL, REVERSED]))
def test_totals_do_not_depend_on_the_order_of_rows(entries: list[Entry]) -> None:
    assert bucket_of(BUCKET, entries) == bucket_of(BUCKET, [SETTLED, SMALL, REVERSED])


@pytest.mark.parametrize("case", rows(CUT), ids=lambda case: case["rows"])
def test_into_how_many_pieces_a_bucket_is_cut(case: dict[str, str]) -> None:
    assert pieces_for(int(case["rows"])) == int(case["pieces"])


@pytest.mark.parametrize("case", rows(PIECES), ids=lambda case: "-".join(case.values()))
def test_a_settlement_lies_in_the_piece_of_its_last_sixteen_bits(case: dict[str, str]) -> None:
    id_ = UUID(f"01890000-0000-7000-8000-00000000{case['ends_in']}")
    assert piece_of(id_, int(case["pieces"])) == int(case["piece"])


@given(st.integers(PIECES_FROM, 10**7), st.uuids())
def test_every_settlement_lies_in_one_of_the_pieces(count: int, id_: UUID) -> None:
    pieces = pieces_for(count)
    assert 1 <= pieces <= PIECES_MAX
    assert 0 <= piece_of(id_, pieces) < pieces
