"""Fee lines of visits, each in its four parts; a settlement takes them, a void one gives back."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import SettlementId, VisitId
from participants.treatment.domain.catalogue import Reason, SplitLine
from participants.treatment.domain.fee import NewLine, OnFile, Shelf, StoredLine, charge_of
from participants.treatment.domain.refund import Left
from participants.treatment.domain.settlement import Split

_ADD = """
    INSERT INTO fee_lines (
        visit_id, line_no, charge_batch, item_code, fee_date, count_e4, price_e6, total_fen,
        refunds_line_no, echo_json,
        fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen, approval, reason,
        uploaded_at
    ) VALUES %s
"""
_ADD_TEMPLATE = "(%s::uuid, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_ON_FILE = """
    SELECT visit_id, line_no, charge_batch, refunds_line_no, settlement_id IS NOT NULL
    FROM fee_lines WHERE visit_id = ANY(%s::uuid[])
"""
_LEFT = """
    SELECT charge.visit_id, charge.line_no, charge.item_code, charge.fee_date, charge.reason,
           sum(line.count_e4)::bigint, sum(line.fully_own_fen)::bigint,
           sum(line.over_ceiling_fen)::bigint, sum(line.first_self_pay_fen)::bigint,
           sum(line.in_scope_fen)::bigint
    FROM (VALUES %s) AS named (visit_id, line_no)
    JOIN fee_lines AS charge USING (visit_id, line_no)
    JOIN fee_lines AS line ON line.visit_id = charge.visit_id
     AND charge.line_no IN (line.line_no, line.refunds_line_no)
    WHERE charge.refunds_line_no IS NULL
    GROUP BY charge.visit_id, charge.line_no
"""
_OPEN_PART = "coalesce(sum({0}) FILTER (WHERE settlement_id IS NULL), 0)::bigint"
_PARTS = ("fully_own_fen", "over_ceiling_fen", "first_self_pay_fen", "in_scope_fen")
_OPEN_BILLS = f"""
    SELECT visit_id, {", ".join(_OPEN_PART.format(part) for part in _PARTS)}
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
    DELETE FROM fee_lines USING (VALUES %s) AS gone (visit_id, line_no)
    WHERE fee_lines.visit_id = gone.visit_id AND fee_lines.line_no = gone.line_no
      AND fee_lines.settlement_id IS NULL
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


def shelves(
    tx: Connection, ids: Iterable[VisitId], charges: Iterable[tuple[VisitId, str]] = ()
) -> dict[VisitId, Shelf]:
    """What each visit has on file, and what these charges of theirs have left."""
    found = {visit_id: Shelf() for visit_id in ids}
    for visit_id, line_no, *rest in bulk.fetch(tx, _ON_FILE, (sorted(found),)):
        found[visit_id].lines[line_no] = OnFile(line_no, *rest)
    named = sorted(set(charges))
    for visit_id, *row in bulk.write_and_return(tx, _LEFT, "(%s::uuid, %s::text)", named):
        left = _left(*row)
        found[visit_id].lefts[left.line_no] = left
    return found


def open_bills(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Split]:
    """The sum of the lines that no settlement has taken, zero when all are; no lines, no bill.

    Refunds of lines settled before can make it, or a part of it, negative.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: Split(*row[1:]) for row in bulk.fetch(tx, _OPEN_BILLS, (wanted,))}


def of(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, list[StoredLine]]:
    found: dict[VisitId, list[StoredLine]] = {}
    for row in bulk.fetch(tx, _OF, (sorted(set(ids)),)):
        found.setdefault(row[0], []).append(StoredLine(*row))
    return found


def give_back(tx: Connection, taken: Sequence[tuple[VisitId, SettlementId]]) -> None:
    """Free the lines of settlements that came to nothing, so that they can be settled again."""
    if taken:
        bulk.run(tx, _GIVE_BACK, ([visit for visit, _ in taken], [id_ for _, id_ in taken]))


def remove(tx: Connection, gone: Sequence[tuple[VisitId, str]]) -> None:
    """Delete open lines; refunds before the charges they name."""
    bulk.write_rows(tx, _REMOVE, "(%s::uuid, %s::text)", gone)


def _left(line_no: str, code: str, on: date, reason: str, count_e4: int, *parts_fen: int) -> Left:
    return Left(line_no, code, on, Reason(reason), count_e4, Split(*parts_fen))


def _as_sent(one: Addition) -> tuple[object, ...]:
    line = one.new.line
    what = (one.visit_id, line.line_no, one.new.charge_batch, line.code, one.new.on)
    amounts = (line.count_e4, line.price_e6, line.total_fen)
    return (*what, *amounts, charge_of(one.new), one.new.echo_json)


def _as_split(split: SplitLine) -> tuple[object, ...]:
    parts = (split.fully_own_fen, split.over_ceiling_fen, split.first_self_pay_fen)
    return (*parts, split.in_scope_fen, split.line.approval.value, split.reason.value)
