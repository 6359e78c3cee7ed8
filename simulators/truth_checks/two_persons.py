"""What no single person may do: each has a proposal that another approved, and that says just this.

Two different names beside a fact prove nothing: a tool that books at once can write any. So every
fact is held against the proposal that it came of.
"""

from collections.abc import Mapping

from simulators.truth_checks.scene import by_query
from simulators.truth_checks.truth import Truth

# By hand or by a case; what a reversal took back has the persons of what it takes back.
_ADJUSTMENTS = """
    SELECT 'adjustment' AS what, adjustment_id AS id, by, second FROM adjustments WHERE by = second
    UNION ALL
    SELECT 'undecided adjustment', adjustment_id, by, second FROM adjustments AS one
    WHERE adjustment_id NOT IN (SELECT adjustment_id FROM decided)
        AND NOT EXISTS (SELECT FROM decided JOIN settlements USING (settlement_id)
            WHERE settlements.state = 'reversed' AND settlement_id = one.settlement_id
                AND (decided.fund, decided.by, decided.second, decided.amount_fen)
                = (one.fund, one.by, one.second, -one.amount_fen))
"""
# Of a repair the break and what is done with it; taking it back is decided anew.
_REPAIRS = """
    SELECT 'repair', repair_id, NULL, NULL FROM repairs WHERE NOT EXISTS (SELECT FROM approved
        WHERE (proposal_id, kind) = (repairs.proposal_id, 'repair') AND decided_at <= ordered_at
            AND jsonb_build_array(jsonb_build_array(break_id, repairs.kind))
                <@ (content -> 'repairs'))
    UNION ALL
    SELECT 'undone repair', repair_id, NULL, NULL FROM repair_orders
    WHERE undoes IS NOT NULL AND NOT EXISTS (SELECT FROM approved
        WHERE (kind, content ->> 'repair_id') = ('undo_repair', repair_id::text)
            AND decided_at <= sent_at)
"""
_PAYMENTS = """
    SELECT 'withdrawn payment', payment_id, by, second_person FROM clearing_withdrawals AS gone
    WHERE NOT EXISTS (SELECT FROM approved WHERE (kind, subject, proposed_by, decided_by)
        = ('payment_withdrawal', payment_id::text, gone.by, second_person))
    UNION ALL
    SELECT 'receipt', payment_id, sent.by, got.by
    FROM clearing_payments AS sent JOIN clearing_receipts AS got USING (payment_id)
    WHERE sent.by = got.by
"""
_RUNS = """
    SELECT 'admission', NULL, admitted_by, second_person FROM clearing_admissions
    WHERE admitted_by = second_person
    UNION ALL
    SELECT 'override', run_id, NULL, NULL FROM clearing_runs AS run
    WHERE override_proposal IS NOT NULL AND NOT EXISTS (SELECT FROM approved
        WHERE (proposal_id, kind, subject, (content ->> 'version')::int)
            = (override_proposal, 'confirmation_override', run_id::text, run.version))
"""
_ALONE = f"""
    WITH approved AS (
        SELECT * FROM proposals WHERE state = 'approved' AND decided_by <> proposed_by
    ), decided AS (
        SELECT adjustments.* FROM adjustments WHERE EXISTS (SELECT FROM approved
            WHERE (proposed_by, decided_by) = (by, second)
                AND CASE kind WHEN 'adjustment' THEN subject = adjustment_id::text
                        AND (content ->> 'amount_fen')::bigint = amount_fen
                    WHEN 'case_decision' THEN subject = case_id::text END)
    )
    {_ADJUSTMENTS} UNION ALL
    SELECT kind, proposal_id, proposed_by, decided_by FROM proposals
    WHERE state = 'approved' AND (decided_by IS NULL OR decided_by = proposed_by)
    UNION ALL {_REPAIRS} UNION ALL {_PAYMENTS} UNION ALL {_RUNS}
"""
# Who answered last about a line, and whether it was a yes.
_UNANSWERED = """
    SELECT run_id, line.insured_area, line.treatment_area, role, said.verdict
    FROM clearing_runs AS run JOIN clearing_lines AS line USING (run_id, version)
    CROSS JOIN (VALUES ('insured'), ('treatment')) AS asked (role)
    LEFT JOIN LATERAL (
        SELECT verdict FROM clearing_answers AS one
        WHERE (one.run_id, one.version, one.role) = (line.run_id, line.version, asked.role)
            AND (one.insured_area, one.treatment_area, one.insurance_kind, one.visit_kind)
                = (line.insured_area, line.treatment_area, line.insurance_kind, line.visit_kind)
        ORDER BY answer_id DESC LIMIT 1
    ) AS said ON true
    WHERE run.confirmed_at IS NOT NULL AND override_proposal IS NULL
        AND said.verdict IS DISTINCT FROM 'confirmed'
"""

# fmt: off
TWO_PERSONS: Mapping[str, Truth] = {
    "no_money_moves_by_one":       Truth(9, "no operator moves money without a second", by_query(_ALONE)),  # noqa: E501
    "runs_stand_by_their_answers": Truth(9, "a run that nobody confirmed in place of its areas was confirmed by both areas of every line", by_query(_UNANSWERED)),  # noqa: E501
}
# fmt: on
