"""Closed and agreed days of a month as the hub keeps them: totals, sides and balances, no rows.

A run reads days and not settlements, so this is all that it ever sees of a month.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode, Fund, areas
from contracts.delivery import bulk
from contracts.messages.values import PARTS

# Shares of visits in ten-thousandths and mean bills in fen, after the figures that the National
# Healthcare Security Administration published for the first quarter of 2025.
VISITS = """
    ('inpatient', 515, 1800000), ('outpatient', 6383, 25000), ('chronic', 435, 120000),
    ('pharmacy', 2667, 11000)
"""
INSURANCE = "('310', 6), ('390', 4)"

_PARTICIPANTS = "INSERT INTO participants VALUES (%s, %s, true, true)"
_DAYS = """
    INSERT INTO business_days (business_date, state, opened_at, closed_at)
    SELECT day, CASE WHEN day = %(opened)s THEN 'open' ELSE 'closed' END, %(now)s,
        CASE WHEN day < %(opened)s THEN %(now)s::timestamptz END
    FROM (SELECT generate_series(%(first)s, %(opened)s, interval '1 day')::date AS day) AS days
"""
_BEGIN = """
    INSERT INTO reconciliations SELECT business_date, %(now)s FROM business_days
    WHERE state = 'closed'
"""
# Every bucket has its share of all settlements by a weight, and the shares are cut off cumulated:
# so they add up to the number that was asked for, whatever it is.
_TOTALS = f"""
    WITH weighed AS (
        SELECT business_date, payer.area AS insured_area, payee.area AS treatment_area,
            insurance_kind, visit_kind, bill_fen,
            sum(1::bigint * parts * share * (7 + (hashtext(payer.area || payee.area) & 7)))
                OVER (ORDER BY business_date, payer.area, payee.area, insurance_kind, visit_kind)
                AS up_to
        FROM reconciliations CROSS JOIN unnest(%(areas)s::text[]) AS payer (area)
        JOIN unnest(%(areas)s::text[]) AS payee (area) ON payee.area <> payer.area
        CROSS JOIN (VALUES {INSURANCE}) AS insurance (insurance_kind, parts)
        CROSS JOIN (VALUES {VISITS}) AS visit (visit_kind, share, bill_fen)
    ), counted AS (
        SELECT *, div(%(settlements)s * up_to, max(up_to) OVER ())::bigint AS visits_up_to
        FROM weighed
    ), visited AS (
        SELECT business_date, insured_area, treatment_area, insurance_kind, visit_kind, bill_fen,
            visits_up_to - lag(visits_up_to, 1, 0::bigint) OVER (ORDER BY up_to) AS visits
        FROM counted
    ), billed AS (
        SELECT *, visits * bill_fen AS total_fen, visits * bill_fen * 52 / 100 AS pool_fen,
            visits * bill_fen * 6 / 100 AS critical_illness_fen,
            visits * bill_fen * 9 / 100 AS account_fen
        FROM visited WHERE visits > 0
    )
    INSERT INTO daily_totals (business_date, insured_area, treatment_area, insurance_kind,
        visit_kind, count, visits, total_fen, {", ".join(PARTS)}, digest)
    SELECT business_date, insured_area, treatment_area, insurance_kind, visit_kind, visits, visits,
        total_fen, pool_fen, 0, 0, critical_illness_fen, 0, 0, 0, 0, account_fen,
        total_fen - pool_fen - critical_illness_fen - account_fen, 0, repeat('0', 64)
    FROM billed
"""
_SIDES = """
    INSERT INTO reconciliation_sides (business_date, area, role, state, attempt, reported_attempt,
        asked_at, break_after, agreed_at)
    SELECT business_date, area, role, 'agreed', 1, 1, %(now)s, %(now)s, %(now)s
    FROM reconciliations CROSS JOIN unnest(%(areas)s::text[]) AS participant (area)
    CROSS JOIN (VALUES ('insured'), ('treatment')) AS played (role)
"""
_SNAPSHOTS = """
    INSERT INTO ledger_snapshots (business_date, taken_at, count, debit_fen, credit_fen)
    SELECT business_date, %(now)s, 0, 0, 0 FROM reconciliations
"""
_BALANCES = f"""
    INSERT INTO ledger_balances (business_date, insured_area, treatment_area, insurance_kind, fund,
        debit_fen, credit_fen, count, balance_fen)
    SELECT business_date, insured_area, treatment_area, insurance_kind, fund, sum(fen), 0,
        sum(visits), sum(fen)
    FROM daily_totals
    CROSS JOIN LATERAL (VALUES {", ".join(f"('{fund.value}', {fund.value}_fen)" for fund in Fund)})
        AS part (fund, fen)
    WHERE fen <> 0
    GROUP BY business_date, insured_area, treatment_area, insurance_kind, fund
"""


def write_month(
    tx: Connection,
    between: Sequence[AreaCode],
    settlements: int,
    *,
    first: date,
    opened: date,
    now: datetime,
) -> None:
    """So many settlements of every pair of these areas, on every day before `opened`."""
    for area in between:
        bulk.run(tx, _PARTICIPANTS, (area, areas()[area].name))
    values = {"areas": list(between), "settlements": settlements}
    values |= {"first": first, "opened": opened, "now": now}
    for statement in (_DAYS, _BEGIN, _TOTALS, _SIDES, _SNAPSHOTS, _BALANCES):
        bulk.run(tx, statement, values)
    bulk.run(tx, "ANALYZE daily_totals, ledger_balances, reconciliation_sides")
