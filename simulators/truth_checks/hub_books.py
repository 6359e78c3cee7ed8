"""The hub's own verification, each of its safety checks as a truth; and what took two persons."""

from collections.abc import Mapping

from hub.services.verification import CHECKS, Tolerance
from hub.store.checks import Check, broken_by
from simulators.truth_checks.scene import Scene, by_query, shown
from simulators.truth_checks.truth import Truth

# Which promise each check of the hub is about. What merely waits is `pending`, not broken.
PROMISES: Mapping[str, int] = {
    "ledger_sums_to_zero": 3,
    "postings_match_parts": 3,
    "steps_end_in_state": 1,
    "days_exist": 5,
    "daily_totals_hold": 8,
    "issued_runs_hold": 5,
    "adjustments_are_posted": 3,
    "balances_of_days_hold": 8,
    "snapshots_of_days_hold": 8,
    "final_states_are_told": 4,
    "advance_identity": 9,
    "advance_states_hold": 9,
    "cases_money_is_posted": 9,
    "cases_steps_end_in_state": 1,
}
WAITING = frozenset(
    {
        "nothing_overdue",
        "nothing_stuck_reversing",
        "outbox_is_sent",
        "no_open_dead_letters",
        "cases_not_overdue",
    }
)
# What was adjusted by hand or by a case has two persons; what a reversal took back has the same.
_ALONE = """
    WITH decided AS (
        SELECT adjustments.* FROM adjustments WHERE EXISTS (SELECT FROM proposals
            WHERE state = 'approved' AND (proposed_by, decided_by) = (by, second)
                AND CASE kind WHEN 'adjustment' THEN subject = adjustment_id::text
                        AND (content ->> 'amount_fen')::bigint = amount_fen
                    WHEN 'case_decision' THEN subject = case_id::text END)
    )
    SELECT 'adjustment' AS what, adjustment_id AS id, by, second FROM adjustments WHERE by = second
    UNION ALL
    SELECT 'undecided adjustment', adjustment_id, by, second FROM adjustments AS one
    WHERE adjustment_id NOT IN (SELECT adjustment_id FROM decided)
        AND NOT EXISTS (SELECT FROM decided JOIN settlements USING (settlement_id)
            WHERE settlements.state = 'reversed' AND settlement_id = one.settlement_id
                AND (decided.fund, decided.by, decided.second, decided.amount_fen)
                = (one.fund, one.by, one.second, -one.amount_fen))
    UNION ALL
    SELECT kind, proposal_id, proposed_by, decided_by FROM proposals
    WHERE state = 'approved' AND (decided_by IS NULL OR decided_by = proposed_by)
    UNION ALL
    SELECT 'withdrawn payment', payment_id, by, second_person FROM clearing_withdrawals
    WHERE by = second_person
    UNION ALL
    SELECT 'admission', NULL, admitted_by, second_person FROM clearing_admissions
    WHERE admitted_by = second_person
    UNION ALL
    SELECT 'repair', repair_id, NULL, NULL FROM repairs WHERE NOT EXISTS (SELECT FROM proposals
        WHERE proposals.proposal_id = repairs.proposal_id AND state = 'approved')
    UNION ALL
    SELECT 'override', run_id, NULL, NULL FROM clearing_runs
    WHERE override_proposal IS NOT NULL AND NOT EXISTS (SELECT FROM proposals
        WHERE proposals.proposal_id = override_proposal AND state = 'approved')
"""


def _asked_of(check: Check) -> Truth:
    def asked(looked: Scene) -> list[str]:
        rows = broken_by(looked.tx, check, Tolerance().before(looked.now))
        return shown([" ".join(f"{name}={value}" for name, value in row.items()) for row in rows])

    return Truth(PROMISES[check.name], check.en, asked)


HUB_BOOKS: Mapping[str, Truth] = {
    **{check.name: _asked_of(check) for check in CHECKS if check.name not in WAITING},
    "no_money_moves_by_one": Truth(9, "no operator moves money without a second", by_query(_ALONE)),
}
