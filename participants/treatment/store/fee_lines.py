"""Fee lines of visits, each in its four parts; a settlement takes them, a void one gives back."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import SettlementId, VisitId
from contracts.messages.values import Bill
from participants.treatment.domain.catalogue import SplitLine
from participants.treatment.domain.fee import NewLine, StoredLine

_ADD = """
    INSERT INTO fee_lines (
        visit_id, line_no, charge_batch, item_code, fee_date, count_e4, price_e6, total_fen,
        fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, approval, reason,
        uploaded_at
    ) VALUES %s
"""
_ADD_TEMPLATE = "(%s::uuid, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_NUMBERS = "SELECT visit_id, line_no FROM fee_lines WHERE visit_id = ANY(%s::uuid[])"
_OPEN_PART = "coalesce(sum({0}) FILTER (WHERE settlement_id IS NULL), 0)::bigint"
_BILL = ("total_fen", "fully_own_fen", "over_ceiling_fen", "first_self_pay_fen", "in_scope_fen")
_OPEN_BILLS = f"""
    SELECT visit_id, {", ".join(_OPEN_PART.format(part) for part in _BILL)}
    FROM fee_lines WHERE visit_id = ANY(%s::uuid[]) GROUP BY visit_id
"""
_OF = """
    SELECT visit_id, line_no, item_code, total_fen, fully_own_fen, over_ceiling_fen,
           first_self_pay_fen, in_scope_fen, settlement_id
    FROM fee_lines WHERE visit_id = ANY(%s::uuid[]) ORDER BY visit_id, uploaded_at, line_no
"""
_GIVE_BACK = """
    UPDATE fee_lines SET settlement_id = NULL
    WHERE visit_id = ANY(%s::uuid[]) AND settlement_id = ANY(%s::uuid[])
"""
_REMOVE = """
    DELETE FROM fee_lines USING (VALUES %s) AS gone (visit_id, line_no, charge_batch)
    WHERE fee_lines.visit_id = gone.visit_id AND fee_lines.settlement_id IS NULL
      AND (gone.line_no IS NULL OR fee_lines.line_no = gone.line_no)
      AND (gone.charge_batch IS NULL OR fee_lines.charge_batch = gone.charge_batch)
"""


@dataclass(frozen=True, slots=True)
class Addition:
    """One line to store: as it was sent, and as the catalogue split it."""

    visit_id: VisitId
    new: NewLine
    split: SplitLine


def add(tx: Connection, additions: Sequence[Addition], now: datetime) -> None:
    rows = [(*_as_sent(one), *_as_split(one.split), now) for one in additions]
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, rows)


def numbers(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, set[str]]:
    """Which line numbers each visit has already."""
    found: dict[VisitId, set[str]] = {}
    for visit_id, line_no in bulk.fetch(tx, _NUMBERS, (sorted(set(ids)),)):
        found.setdefault(visit_id, set()).add(line_no)
    return found


def open_bills(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Bill]:
    """The sum of the lines that no settlement has taken, zero when all are; no lines, no bill."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = bulk.fetch(tx, _OPEN_BILLS, (wanted,))
    return {row[0]: Bill(**dict(zip(_BILL, row[1:], strict=True))) for row in rows}


def of(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, list[StoredLine]]:
    found: dict[VisitId, list[StoredLine]] = {}
    for row in bulk.fetch(tx, _OF, (sorted(set(ids)),)):
        found.setdefault(row[0], []).append(StoredLine(*row))
    return found


def give_back(tx: Connection, taken: Sequence[tuple[VisitId, SettlementId]]) -> None:
    """Free the lines of settlements that came to nothing, so that they can be settled again."""
    if taken:
        bulk.run(tx, _GIVE_BACK, ([visit for visit, _ in taken], [id_ for _, id_ in taken]))


def remove(tx: Connection, gone: Sequence[tuple[VisitId, str | None, str | None]]) -> None:
    """Delete open lines by (visit, line number or any, charge batch or any)."""
    bulk.write_rows(tx, _REMOVE, "(%s::uuid, %s::text, %s::text)", gone)


def _as_sent(one: Addition) -> tuple[object, ...]:
    line = one.new.line
    what = (one.visit_id, line.line_no, one.new.charge_batch, line.code, one.new.on)
    return (*what, line.count_e4, line.price_e6, line.total_fen)


def _as_split(split: SplitLine) -> tuple[object, ...]:
    parts = (split.fully_own_fen, split.over_ceiling_fen, split.first_self_pay_fen)
    return (*parts, split.in_scope_fen, split.line.approval.value, split.reason.value)
