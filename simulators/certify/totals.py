"""What the certifier expects of a day's books, made from what it said itself, without SQL."""

import hashlib
from collections.abc import Sequence

from contracts.control_sums import piece_of
from contracts.control_totals import Entry
from contracts.ids import SettlementId
from contracts.messages.reconciliation import Row
from contracts.messages.values import PARTS, Shares


def entry(id_: SettlementId, sign: int, total_fen: int, shares: Shares) -> Entry:
    return Entry(id_, sign, total_fen, tuple(getattr(shares, name) for name in PARTS))


def marks(entries: Sequence[Entry], pieces: int) -> tuple[str, ...]:
    """The mark of each piece: how many rows, and two sums of halves of the lines' MD5."""
    cut: list[list[Entry]] = [[] for _ in range(pieces)]
    for one in entries:
        cut[piece_of(one.settlement_id, pieces)].append(one)
    return tuple(_mark(rows) for rows in cut)


def rows(entries: Sequence[Entry]) -> list[Row]:
    """By settlement and sign, as an area reports them."""
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


def _mark(entries: Sequence[Entry]) -> str:
    if not entries:
        return ""
    hashes = [hashlib.md5(one.line().encode(), usedforsecurity=False).digest() for one in entries]
    low = sum(int.from_bytes(one[:4]) for one in hashes)
    high = sum(int.from_bytes(one[4:8]) for one in hashes)
    return f"{len(entries)}:{low}:{high}"
