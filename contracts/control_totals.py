"""Control totals: count, sums and a digest of sorted rows. Equal totals end a comparison."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import SettlementId
from contracts.messages.reconciliation import Bucket

BucketKey = tuple[str, InsuranceKind, VisitKind]
"""(counterpart area, insurance kind, visit kind)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A settlement as one side has it: sign +1 settled, -1 reversed; amounts as settled."""

    settlement_id: SettlementId
    sign: int
    total_fen: int
    parts_fen: tuple[int, ...]

    def line(self) -> str:
        amounts = ",".join(map(str, self.parts_fen))
        return f"{self.settlement_id.hex}|{self.sign:+d}|{self.total_fen}|{amounts}\n"


def digest_of(entries: Iterable[Entry]) -> str:
    """SHA-256 over the lines sorted by settlement and sign, in hex: the same on every side."""
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: (entry.settlement_id, entry.sign)):
        digest.update(entry.line().encode())
    return digest.hexdigest()


def bucket_of(key: BucketKey, entries: Sequence[Entry]) -> Bucket:
    """The control totals of one bucket; the parts of all entries must be of one length."""
    columns = zip(*(_signed(entry) for entry in entries), strict=True)
    return Bucket(
        counterpart=key[0],
        insurance_kind=key[1],
        visit_kind=key[2],
        count=len(entries),
        total_fen=sum(entry.sign * entry.total_fen for entry in entries),
        parts_fen=tuple(sum(column) for column in columns),
        digest=digest_of(entries),
    )


def _signed(entry: Entry) -> tuple[int, ...]:
    return tuple(entry.sign * part for part in entry.parts_fen)
