"""What a clearing run is proved by: rows under buckets, buckets under lines, lines under a root.

A row's leaf is the very line that the daily control totals digest, so an area finds its own
settlements in the proof from its own books, without a word of the hub.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.control_totals import Entry
from contracts.ids import SettlementId
from contracts.messages.clearing import ClearingLine
from contracts.messages.values import PARTS
from hub.domain.merkle import leaf_hash, paths_of, root_of

FUNDS = len(Fund)
"""The first so many of PARTS are what is cleared; cash and the hospital's part are not."""
NO_SEAL = "0" * 64
"""What stands before the first seal of the chain."""

LineKey = tuple[AreaCode, AreaCode, InsuranceKind, VisitKind]
"""(insured area, treatment area, insurance kind, visit kind)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the log: a settlement (sign +1), its reversal (-1) or an adjustment (0).

    Amounts of a settlement are as settled, without the sign; those of an adjustment are signed,
    its total is 0 and its `reason` is told ('audit', 'correction'). `place` is for readers:
    hospital, insured and treatment division, admitted, discharged; empty for an adjustment.
    """

    business_date: date
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    row_id: UUID
    sign: int
    total_fen: int
    parts_fen: tuple[int, ...]
    reason: str = ""
    place: tuple[str, ...] = ("", "", "", "", "")

    @property
    def line_key(self) -> LineKey:
        return self.insured_area, self.treatment_area, self.insurance_kind, self.visit_kind

    @property
    def order(self) -> tuple[str, UUID, int]:
        """Within a bucket: settlements and reversals, then adjustments, each by id."""
        return self.reason, self.row_id, self.sign

    @property
    def signed_fen(self) -> tuple[int, ...]:
        sign = self.sign or 1
        return tuple(sign * part for part in self.parts_fen)

    @property
    def payable_fen(self) -> int:
        return sum(self.signed_fen[:FUNDS])

    def leaf(self) -> bytes:
        if self.reason:
            amounts = ",".join(map(str, self.parts_fen))
            return leaf_hash(f"{self.row_id.hex}|{self.reason}|{amounts}\n".encode())
        entry = Entry(SettlementId(self.row_id), self.sign, self.total_fen, self.parts_fen)
        return leaf_hash(entry.line().encode())


@dataclass(frozen=True, slots=True)
class BucketRoot:
    """The rows of one business day under one line: how many, and their Merkle root."""

    business_date: date
    line_key: LineKey
    count: int
    root: bytes

    def leaf(self) -> bytes:
        named = "|".join([self.business_date.isoformat(), *self.line_key, str(self.count)])
        return leaf_hash(f"{named}|{self.root.hex()}\n".encode())


@dataclass(frozen=True, slots=True)
class ProvedLine:
    """A clearing line with the root over its buckets, its place in the run's tree and the path."""

    line: ClearingLine
    rows_root: bytes
    index: int
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """What a version of a run is known by for ever; `previous` is the seal before it."""

    position: int
    run_id: UUID
    version: int
    cycle: str
    first_day: date
    last_day: date
    issued_at: datetime
    lines: int
    merkle_root: str
    previous: str

    def record(self) -> dict[str, object]:
        return {
            "position": self.position,
            "run_id": str(self.run_id),
            "version": self.version,
            "cycle": self.cycle,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "issued_at": self.issued_at.isoformat(),
            "lines": self.lines,
            "merkle_root": self.merkle_root,
            "previous": self.previous,
        }

    def sha256(self) -> str:
        return hashlib.sha256(canonical(self.record())).hexdigest()


def canonical(value: object) -> bytes:
    """JSON with one way to write it: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def bucket_roots(rows: Iterable[Row]) -> list[BucketRoot]:
    """The bucket roots of rows that come bucket by bucket, sorted by their order within."""
    found, key, leaves = list[BucketRoot](), None, list[bytes]()
    for row in rows:
        if key != (row.business_date, row.line_key):
            if key is not None:
                found.append(BucketRoot(*key, len(leaves), root_of(leaves)))
            key, leaves = (row.business_date, row.line_key), []
        leaves.append(row.leaf())
    if key is not None:
        found.append(BucketRoot(*key, len(leaves), root_of(leaves)))
    return found


def rows_roots(buckets: Iterable[BucketRoot]) -> dict[LineKey, bytes]:
    """The root of each line over its buckets in the order of their days."""
    leaves: dict[LineKey, list[bytes]] = {}
    for bucket in sorted(buckets, key=lambda one: one.business_date):
        leaves.setdefault(bucket.line_key, []).append(bucket.leaf())
    return {key: root_of(each) for key, each in leaves.items()}


def line_leaf(line: ClearingLine, rows_root: bytes) -> bytes:
    """Everything that a line says, and the root of the rows that it says it of."""
    amounts = (line.count, line.total_fen, *line.parts_fen)
    owed = (line.audit_fen, line.late_fen, line.payable_fen)
    texts = [*key_of(line), *map(str, amounts + owed), rows_root.hex()]
    return leaf_hash(("|".join(texts) + "\n").encode())


def key_of(line: ClearingLine) -> LineKey:
    insured, treatment = AreaCode(line.insured_area), AreaCode(line.treatment_area)
    return insured, treatment, line.insurance_kind, line.visit_kind


def proved(
    lines: Sequence[ClearingLine], buckets: Iterable[BucketRoot]
) -> tuple[str, list[ProvedLine]]:
    """The run's root in hex and its lines with their proofs, in the order of their keys."""
    ordered = sorted(lines, key=key_of)
    roots = rows_roots(buckets)
    by_line = [roots.get(key_of(line), root_of(())) for line in ordered]
    leaves = [line_leaf(line, root) for line, root in zip(ordered, by_line, strict=True)]
    paths = paths_of(leaves)
    found = [
        ProvedLine(line, by_line[at], at, len(ordered), paths[at])
        for at, line in enumerate(ordered)
    ]
    return root_of(leaves).hex(), found


def lines_from(rows: Iterable[Row], first: date, last: date) -> list[ClearingLine]:
    """Clearing lines straight from the rows of a run: the checker's own computation.

    Settlements of the run's own days make the parts; earlier ones and corrections are late items,
    audit findings stand for themselves.
    """
    amounts: dict[LineKey, Counter[str]] = {}
    for row in rows:
        line = amounts.setdefault(row.line_key, Counter())
        if row.reason == "audit":
            line["audit_fen"] += row.payable_fen
        elif row.reason or not first <= row.business_date <= last:
            line["late_fen"] += row.payable_fen
        else:
            line["count"] += row.sign
            line["total_fen"] += row.sign * row.total_fen
            for part, part_fen in zip(PARTS, row.signed_fen, strict=True):
                line[part] += part_fen
    return [_line(key, line) for key, line in sorted(amounts.items())]


def _line(key: LineKey, amounts: Counter[str]) -> ClearingLine:
    parts_fen = tuple(amounts[part] for part in PARTS)
    owed = sum(parts_fen[:FUNDS]) + amounts["audit_fen"] + amounts["late_fen"]
    return ClearingLine(
        insured_area=key[0],
        treatment_area=key[1],
        insurance_kind=key[2],
        visit_kind=key[3],
        count=amounts["count"],
        total_fen=amounts["total_fen"],
        parts_fen=parts_fen,
        audit_fen=amounts["audit_fen"],
        late_fen=amounts["late_fen"],
        payable_fen=owed,
    )
