"""What must hold in the hub's books at any moment: each promise as one query for what breaks it."""

from contracts.codes import Fund
from contracts.messages.values import PARTS
from hub.store.checks import SOME_DAYS, SOME_SETTLEMENTS, Check
from hub.store.checks_advance import ADVANCE_CHECKS
from hub.store.checks_cases import CASE_CHECKS
from hub.store.checks_ledger import LEDGER_CHECKS
from hub.store.reconciliation import TOTALS_OF_ROWS

_FUND_ROWS = ", ".join(f"('{fund.value}', {fund.value}_fen)" for fund in Fund)
_LEDGER_SUM = f"""
    SELECT business_date, sum(amount_fen)::bigint AS sum_fen FROM (
        SELECT business_date, to_area AS area, amount_fen FROM postings WHERE {SOME_DAYS}
        UNION ALL SELECT business_date, from_area, -amount_fen FROM postings WHERE {SOME_DAYS}
    ) AS entries JOIN participants USING (area)
    GROUP BY business_date HAVING sum(amount_fen) <> 0
"""  # noqa: S608 - conditions of ours
_POSTINGS = f"""
    WITH expected AS (
        SELECT settlement_id, insurance_kind, of_fund.fund, booked.kind, booked.business_date,
            booked.from_area, booked.to_area, of_fund.amount_fen
        FROM settlements
        CROSS JOIN LATERAL (VALUES {_FUND_ROWS}) AS of_fund (fund, amount_fen)
        CROSS JOIN LATERAL (VALUES
            ('settlement', settled_on, insured_area, treatment_area),
            ('reversal', reversed_on, treatment_area, insured_area)
        ) AS booked (kind, business_date, from_area, to_area)
        WHERE booked.business_date IS NOT NULL AND of_fund.amount_fen > 0 AND {SOME_SETTLEMENTS}
    ), posted AS (
        SELECT * FROM postings WHERE settlement_id IS NOT NULL AND {SOME_SETTLEMENTS}
    )
    SELECT settlement_id, fund, kind, business_date, from_area, to_area,
        expected.amount_fen AS expected_fen, posted.amount_fen AS posted_fen
    FROM expected FULL JOIN posted
        USING (settlement_id, insurance_kind, fund, kind, business_date, from_area, to_area)
    WHERE expected.amount_fen IS DISTINCT FROM posted.amount_fen
"""  # noqa: S608 - column names of ours
_OVERDUE = """
    SELECT settlement_id, state, answer_by FROM settlements
    WHERE state = 'routed' AND answer_by < :overdue_before
"""
_REVERSING = f"""
    SELECT settlement_id, max(at) AS since FROM settlements JOIN settlement_steps
        USING (settlement_id)
    WHERE state = 'reversing' AND {SOME_SETTLEMENTS}
    GROUP BY settlement_id HAVING max(at) < :reversing_before
"""  # noqa: S608 - conditions of ours
_UNSENT = """
    SELECT outbox.message_id, topic, unsent.queued_at
    FROM outbox_unsent AS unsent JOIN outbox USING (message_id)
    WHERE unsent.queued_at < :unsent_before
"""
_DEAD_LETTERS = """
    SELECT topic, partition, "offset", fault, buried_at FROM dead_letters WHERE replayed_at IS NULL
"""
_STEPS = f"""
    SELECT settlement_id, state, path.ends_in, step_count, path.steps
    FROM (SELECT * FROM settlements WHERE {SOME_SETTLEMENTS}) AS settlements LEFT JOIN (
        SELECT settlement_id, count(*) AS steps, max(position) AS last,
            (array_agg(to_state ORDER BY position DESC))[1] AS ends_in,
            bool_and(from_state = came_from) AS is_linked
        FROM (
            SELECT settlement_id, position, from_state, to_state, lag(to_state, 1, 'received')
                OVER (PARTITION BY settlement_id ORDER BY position) AS came_from
            FROM settlement_steps WHERE {SOME_SETTLEMENTS}
        ) AS walked GROUP BY settlement_id
    ) AS path USING (settlement_id)
    WHERE path.ends_in IS DISTINCT FROM state OR path.steps <> step_count
        OR path.last <> path.steps OR NOT path.is_linked
"""  # noqa: S608 - conditions of ours
_DAYS = f"""
    SELECT settlement_id, booked.business_date FROM settlements
    CROSS JOIN LATERAL (VALUES (settled_on), (reversed_on)) AS booked (business_date)
    LEFT JOIN business_days AS day USING (business_date)
    WHERE booked.business_date IS NOT NULL AND {SOME_SETTLEMENTS} AND (day.business_date IS NULL
        OR day.business_date > (SELECT max(business_date) FROM business_days WHERE state = 'open'))
"""  # noqa: S608 - conditions of ours
_TOTALS = f"""
    WITH rows_of_days AS (
        SELECT settled_on AS business_date, 1 AS sign, settlements.* FROM settlements
        JOIN reconciliations ON business_date = settled_on WHERE {SOME_DAYS}
        UNION ALL SELECT reversed_on, -1, settlements.* FROM settlements
        JOIN reconciliations ON business_date = reversed_on WHERE {SOME_DAYS}
    ), recomputed AS ({TOTALS_OF_ROWS}), stored AS (
        SELECT business_date, insured_area, treatment_area, insurance_kind, visit_kind,
            count, visits, total_fen, {", ".join(PARTS)}, digest FROM daily_totals
        WHERE {SOME_DAYS}
    )
    SELECT DISTINCT business_date, insured_area, treatment_area, insurance_kind, visit_kind FROM (
        (TABLE recomputed EXCEPT TABLE stored) UNION ALL (TABLE stored EXCEPT TABLE recomputed)
    ) AS differing
"""  # noqa: S608 - column names of ours
# Lines come from the daily totals, balances from the postings alone: two computations that met
# when the run was frozen, and must agree for ever after, pair by pair.
_RUNS = """
    WITH standing AS (
        SELECT * FROM clearing_runs WHERE state NOT IN ('open', 'frozen', 'broken')
    ), lines AS (
        SELECT run_id, insured_area, treatment_area, sum(line.payable_fen)::bigint AS fen
        FROM clearing_lines AS line JOIN standing USING (run_id, version)
        GROUP BY run_id, insured_area, treatment_area
    ), ledger AS (
        SELECT run_id, insured_area, treatment_area, sum(debit_fen - credit_fen)::bigint AS fen
        FROM clearing_pair_days JOIN standing USING (run_id)
            JOIN ledger_balances USING (business_date, insured_area, treatment_area)
        GROUP BY run_id, insured_area, treatment_area
    )
    SELECT run_id, insured_area, treatment_area, lines.fen AS lines_fen, ledger.fen AS ledger_fen
    FROM lines FULL JOIN ledger USING (run_id, insured_area, treatment_area)
    WHERE coalesce(lines.fen, 0) <> coalesce(ledger.fen, 0)
    UNION ALL
    SELECT run_id, NULL, NULL, coalesce(sum(lines.fen), 0)::bigint, payable_fen
    FROM standing LEFT JOIN lines USING (run_id) GROUP BY run_id, payable_fen
    HAVING coalesce(sum(lines.fen), 0) <> payable_fen
"""

CHECKS: tuple[Check, ...] = (
    Check(
        "ledger_sums_to_zero",
        "每个结算日各参保、就医地区账户余额合计为零",
        "each day's balances of all participants sum to zero",
        _LEDGER_SUM,
    ),
    Check(
        "postings_match_parts",
        "每笔结算的分录与其基金分项完全一致，且无多余分录",
        "every settlement has exactly the postings its parts say",
        _POSTINGS,
    ),
    Check(
        "nothing_overdue",
        "没有超过应答期限仍未了结的结算",
        "no settlement still waits after its deadline",
        _OVERDUE,
    ),
    Check(
        "nothing_stuck_reversing",
        "没有长时间停留在撤销中的结算",
        "no settlement stays between settled and reversed",
        _REVERSING,
    ),
    Check("outbox_is_sent", "没有滞留未发出的消息", "no message waits unsent", _UNSENT),
    Check("no_open_dead_letters", "没有未处理的死信", "no dead letter is open", _DEAD_LETTERS),
    Check(
        "steps_end_in_state",
        "每笔结算的步骤连续，且止于其当前状态",
        "every settlement's steps link up and end in its state",
        _STEPS,
    ),
    Check(
        "days_exist",
        "每笔结算和冲销都在已开立的结算日内",
        "every settlement and reversal lies on a day that was opened",
        _DAYS,
    ),
    Check(
        "daily_totals_hold",
        "已日终各日的合计可由明细逐位重算",
        "the totals of every closed day can be recomputed, digest included",
        _TOTALS,
    ),
    Check(
        "issued_runs_hold",
        "已发布清算期的应付合计与清算表、分录一致",
        "every issued run equals its lines and the ledger of its days",
        _RUNS,
    ),
    *LEDGER_CHECKS,
    *ADVANCE_CHECKS,
    *CASE_CHECKS,
)
