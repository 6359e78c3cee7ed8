"""Money between treasuries: what is owed is what was cleared, and each payment counts once."""

from collections.abc import Mapping

from simulators.truth_checks.scene import by_query
from simulators.truth_checks.truth import Truth

# An obligation says what was paid and received of it; its payments say so too, one by one.
_COUNTED_OTHERWISE = """
    SELECT 'obligation' AS what, obligation_id AS id, paid_fen, sum.paid AS sum_paid_fen,
        received_fen, sum.received AS sum_received_fen
    FROM obligations LEFT JOIN LATERAL (
        SELECT coalesce(sum(sent.amount_fen) FILTER (WHERE gone.payment_id IS NULL), 0) AS paid,
            coalesce(sum(got.amount_fen), 0) AS received
        FROM clearing_payments AS sent LEFT JOIN clearing_receipts AS got USING (payment_id)
        LEFT JOIN clearing_withdrawals AS gone USING (payment_id)
        WHERE sent.obligation_id = obligations.obligation_id
    ) AS sum ON true
    WHERE (paid_fen, received_fen) <> (sum.paid, sum.received) OR paid_fen > amount_fen
    UNION ALL
    SELECT 'receipt', payment_id, sent.amount_fen, NULL, got.amount_fen, NULL
    FROM clearing_payments AS sent JOIN clearing_receipts AS got USING (payment_id)
    LEFT JOIN clearing_withdrawals AS gone USING (payment_id)
    WHERE gone.payment_id IS NOT NULL OR got.amount_fen <> sent.amount_fen
    UNION ALL
    SELECT concat_ws(' ', 'slip', payer, bank_name, serial), NULL, sum(amount_fen), count(*),
        NULL, NULL
    FROM clearing_payments LEFT JOIN clearing_withdrawals AS gone USING (payment_id)
    WHERE gone.payment_id IS NULL GROUP BY payer, bank_name, serial HAVING count(*) > 1
"""
# However transfers are netted, each area comes out as the lines of the run say: to pay or to get.
_OWED_OTHERWISE = """
    WITH standing AS (
        SELECT run_id, version FROM clearing_runs WHERE confirmed_at IS NOT NULL
    ), lines AS (
        SELECT run_id, insured_area, treatment_area, payable_fen
        FROM clearing_lines JOIN standing USING (run_id, version)
    ), cleared AS (
        SELECT run_id, area, sum(fen) AS fen FROM (
            SELECT run_id, treatment_area AS area, payable_fen AS fen FROM lines
            UNION ALL SELECT run_id, insured_area, -payable_fen FROM lines
        ) AS of_area GROUP BY run_id, area
    ), owed AS (
        SELECT run_id, area, sum(fen) AS fen FROM (
            SELECT run_id, to_area AS area, amount_fen AS fen FROM obligations
            UNION ALL SELECT run_id, from_area, -amount_fen FROM obligations
        ) AS of_area GROUP BY run_id, area
    )
    SELECT run_id, area, cleared.fen AS cleared_fen, owed.fen AS owed_fen
    FROM cleared FULL JOIN owed USING (run_id, area)
    WHERE coalesce(cleared.fen, 0) <> coalesce(owed.fen, 0)
    UNION ALL
    SELECT run_id, from_area || ' ' || to_area, NULL, amount_fen
    FROM obligations LEFT JOIN standing USING (run_id, version) WHERE standing.run_id IS NULL
"""
# A run is paid when the last of its money has come: not before, and not later.
_PAID_OTHERWISE = """
    SELECT run_id, state, sum(amount_fen) AS owed_fen, sum(received_fen) AS received_fen
    FROM clearing_runs LEFT JOIN obligations USING (run_id) WHERE confirmed_at IS NOT NULL
    GROUP BY run_id, state, paid_at
    HAVING (paid_at IS NOT NULL) <> (coalesce(sum(amount_fen - received_fen), 0) = 0)
    UNION ALL
    SELECT run_id, 'paid ' || paid_at || ', and received ' || max(got.at), NULL, NULL
    FROM clearing_runs JOIN obligations USING (run_id)
    JOIN clearing_payments USING (obligation_id) JOIN clearing_receipts AS got USING (payment_id)
    GROUP BY run_id, paid_at HAVING paid_at < max(got.at)
"""

# fmt: off
PAYMENTS: Mapping[str, Truth] = {
    "payments_count_once":     Truth(9, "an obligation is paid by its payments that stand, each bank slip once, and received by their receipts", by_query(_COUNTED_OTHERWISE)),  # noqa: E501
    "owed_as_cleared":         Truth(9, "each area owes and is owed by a run that stands what the lines of the run say", by_query(_OWED_OTHERWISE)),  # noqa: E501
    "paid_when_all_has_come":  Truth(9, "a run is paid when all that it says is owed was received, and not before", by_query(_PAID_OTHERWISE)),  # noqa: E501
}
# fmt: on
