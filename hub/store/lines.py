"""The lines of a clearing run: what its pair days add up to, by the totals and by the ledger."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.messages.clearing import ClearingLine
from contracts.messages.values import PARTS
from hub.domain.clearing import Pair
from hub.domain.pair_day import Span
from hub.store.pair_days import FUNDS, IF_FROZEN, OF_RUN

_KEY = "insured_area, treatment_area, insurance_kind, visit_kind"
_PAIR_DAY = "(business_date, insured_area, treatment_area)"
_PARTS = ", ".join(PARTS)
_FUNDS = " + ".join(FUNDS)
_NO_PARTS = ", ".join(f"0 AS {part}" for part in PARTS)
# What the three parties agreed on is cleared, and exactly that: the daily totals. Late days come
# as one sum beside the period's own, and so do corrections; an audit has a column of its own.
_LINES = f"""
    WITH members AS ({{members}}), moved AS (
        SELECT {_KEY}, visits, total_fen, {_PARTS}, 0 AS audit_fen, 0 AS late_fen
        FROM daily_totals JOIN members USING {_PAIR_DAY} WHERE NOT is_late
        UNION ALL
        SELECT {_KEY}, 0, 0, {_NO_PARTS}, 0, {_FUNDS}
        FROM daily_totals JOIN members USING {_PAIR_DAY} WHERE is_late
        UNION ALL
        SELECT {_KEY}, 0, 0, {_NO_PARTS},
            CASE reason WHEN 'audit' THEN amount_fen ELSE 0 END,
            CASE reason WHEN 'audit' THEN 0 ELSE amount_fen END
        FROM adjustments JOIN members USING {_PAIR_DAY}
    )
    SELECT {_KEY}, sum(visits)::bigint, sum(total_fen)::bigint,
        {", ".join(f"sum({part})::bigint" for part in PARTS)},
        sum(audit_fen)::bigint, sum(late_fen)::bigint,
        sum({_FUNDS} + audit_fen + late_fen)::bigint
    FROM moved GROUP BY {_KEY}
"""  # noqa: S608 - column names of ours
_FREEZE = f"""
    INSERT INTO clearing_lines (run_id, version, {_KEY}, count, total_fen, {_PARTS},
        audit_fen, late_fen, payable_fen)
    SELECT %(run_id)s, %(version)s, found.* FROM ({_LINES.format(members=OF_RUN)}) AS found
"""  # noqa: S608 - column names of ours
_OF_RUN = f"""
    SELECT {_KEY}, count, total_fen, {_PARTS}, audit_fen, late_fen, payable_fen
    FROM clearing_lines WHERE run_id = %s AND version = %s ORDER BY {_KEY}
"""  # noqa: S608 - column names of ours
# The second computation: the snapshots of closed days, which are made from the postings alone, and
# the postings themselves where a day has no snapshot yet.
_RECEIVABLE = f"""
    WITH members AS ({{members}})
    SELECT insured_area, treatment_area, sum(amount_fen)::bigint FROM (
        SELECT insured_area, treatment_area, debit_fen - credit_fen AS amount_fen
        FROM ledger_balances JOIN members USING {_PAIR_DAY}
        UNION ALL
        SELECT insured_area, treatment_area,
            CASE WHEN from_area = insured_area THEN amount_fen ELSE -amount_fen END
        FROM postings JOIN members USING {_PAIR_DAY}
        WHERE business_date IN (SELECT business_date FROM members
            EXCEPT SELECT business_date FROM ledger_snapshots)
    ) AS moved GROUP BY insured_area, treatment_area
"""  # noqa: S608 - column names of ours


def freeze(tx: Connection, run_id: UUID, version: int) -> int:
    """Write the lines of a run's version from the pair days that it has; how many."""
    return bulk.run(tx, _FREEZE, {"run_id": run_id, "version": version})


def of_run(tx: Connection, run_id: UUID, version: int) -> list[ClearingLine]:
    """The lines of a version in the order of their key."""
    return [_line(row) for row in bulk.fetch(tx, _OF_RUN, (run_id, version))]


def if_frozen(tx: Connection, span: Span) -> list[ClearingLine]:
    """The lines that a run of this span would have now; nothing is written."""
    statement = f"{_LINES.format(members=IF_FROZEN)} ORDER BY {_KEY}"
    return [_line(row) for row in bulk.fetch(tx, statement, span.as_parameters())]


def receivable_of_run(tx: Connection, run_id: UUID) -> dict[Pair, int]:
    """What each (insured, treatment) pair owes for a run's pair days, by the ledger, in fen."""
    return _receivable(tx, OF_RUN, {"run_id": run_id})


def receivable_if_frozen(tx: Connection, span: Span) -> dict[Pair, int]:
    """The same for what a run of this span would take now."""
    return _receivable(tx, IF_FROZEN, span.as_parameters())


def _receivable(tx: Connection, members: str, parameters: Mapping[str, object]) -> dict[Pair, int]:
    found = bulk.fetch(tx, _RECEIVABLE.format(members=members), parameters)
    return {(AreaCode(payer), AreaCode(payee)): fen for payer, payee, fen in found}


def _line(row: tuple[Any, ...]) -> ClearingLine:
    insured, treatment, insurance, visit, count, total_fen, *amounts = row
    *parts_fen, audit_fen, late_fen, payable_fen = amounts
    return ClearingLine(
        insured_area=insured,
        treatment_area=treatment,
        insurance_kind=InsuranceKind(insurance),
        visit_kind=VisitKind(visit),
        count=count,
        total_fen=total_fen,
        parts_fen=tuple(parts_fen),
        audit_fen=audit_fen,
        late_fen=late_fen,
        payable_fen=payable_fen,
    )
