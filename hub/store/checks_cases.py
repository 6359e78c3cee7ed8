"""What must hold of cases: each promise as one query for what breaks it."""

from hub.store.checks import Check

# A decision's amounts are in the ledger, each once and by this case, and the two persons of its
# proposal stand for them; and nothing else is there. What a reversal took back afterwards has its
# own contrary adjustment of the same case: the signs differ.
_MONEY = """
    WITH decided AS (
        SELECT case_id, settlement_id, fund,
            CASE WHEN c.opener LIKE 'treatment.%' THEN i.amount_fen
                ELSE -i.amount_fen END AS amount_fen
        FROM case_items AS i JOIN cases AS c USING (case_id) JOIN case_decisions USING (case_id)
        WHERE stage = 'decided'
    ), posted AS (
        SELECT case_id, settlement_id, fund, amount_fen, reason FROM adjustments
        WHERE case_id IS NOT NULL
    )
    SELECT case_id, settlement_id, fund FROM decided AS d
    WHERE (SELECT count(*) FROM posted AS p WHERE (p.case_id, p.settlement_id, p.fund, p.amount_fen)
        = (d.case_id, d.settlement_id, d.fund, d.amount_fen)) <> 1
    UNION
    SELECT case_id, settlement_id, fund FROM posted AS p WHERE NOT EXISTS (
        SELECT FROM decided AS d WHERE (d.case_id, d.settlement_id, d.fund)
        = (p.case_id, p.settlement_id, p.fund) AND abs(d.amount_fen) = abs(p.amount_fen))
    UNION
    SELECT case_id, NULL, NULL FROM case_decisions AS e WHERE amount_fen <> coalesce(
        (SELECT sum(amount_fen) FROM decided AS d WHERE d.case_id = e.case_id), 0)
    UNION
    SELECT case_id, NULL, NULL FROM case_decisions AS e JOIN cases USING (case_id)
    WHERE e.amount_fen <> 0 AND NOT EXISTS (SELECT FROM proposals AS agreed
        WHERE agreed.proposal_id = cases.proposal_id
        AND (agreed.state, agreed.kind) = ('approved', 'case_decision')
        AND (agreed.proposed_by, agreed.decided_by) = (e.decided_by, e.second_by))
"""
_STEPS = """
    SELECT c.case_id, c.state, c.step_count FROM cases AS c
    LEFT JOIN LATERAL (SELECT count(*) AS steps, max(position) AS last FROM case_steps AS t
        WHERE t.case_id = c.case_id) AS told ON true
    LEFT JOIN case_steps AS final ON final.case_id = c.case_id AND final.position = told.last
    WHERE told.steps <> c.step_count OR coalesce(told.last, 0) <> c.step_count
        OR final.to_state <> c.state
        OR (c.state = 'decided') <> EXISTS
            (SELECT FROM case_decisions AS d WHERE d.case_id = c.case_id)
"""
_OVERDUE = """
    SELECT case_id, state, due_at FROM cases
    WHERE state IN ('waiting', 'open', 'taken', 'answered') AND due_at < :unsent_before
"""

CASE_CHECKS: tuple[Check, ...] = (
    Check(
        "cases_money_is_posted",
        "协同事项裁定的金额与调整分录逐笔一致，且无多余调整",
        "every amount that a case decided is in the ledger once, and no other",
        _MONEY,
    ),
    Check(
        "cases_steps_end_in_state",
        "每个协同事项的步骤连续且止于其当前状态，已办结的恰有一个裁定",
        "every case's steps end in its state, and what is decided has its one decision",
        _STEPS,
    ),
    Check(
        "cases_not_overdue",
        "没有超过时限仍未处理的协同事项",
        "no case waits after its deadline",
        _OVERDUE,
    ),
)
