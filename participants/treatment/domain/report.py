"""What this area reports of a business day, bucket by bucket, and in pages of rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from contracts.control_totals import BucketKey, Entry, bucket_of
from contracts.messages.reconciliation import Bucket, Row

ROWS_PER_MESSAGE = 500


def buckets_of(entries: Iterable[tuple[BucketKey, Entry]]) -> tuple[Bucket, ...]:
    """The control totals of every bucket that is not empty, in key order."""
    gathered: dict[BucketKey, list[Entry]] = defaultdict(list)
    for key, entry in entries:
        gathered[key].append(entry)
    return tuple(bucket_of(key, gathered[key]) for key in sorted(gathered))


def pages_of(entries: Iterable[Entry]) -> list[tuple[Row, ...]]:
    """The rows in settlement order, cut into pages; one empty page when there are none."""
    ordered = sorted(entries, key=lambda entry: (entry.settlement_id, entry.sign))
    rows = [_row(entry) for entry in ordered]
    starts: Sequence[int] = range(0, len(rows), ROWS_PER_MESSAGE) or (0,)
    return [tuple(rows[start : start + ROWS_PER_MESSAGE]) for start in starts]


def _row(entry: Entry) -> Row:
    return Row(
        settlement_id=entry.settlement_id,
        sign=entry.sign,
        total_fen=entry.total_fen,
        parts_fen=entry.parts_fen,
    )
