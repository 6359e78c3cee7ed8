"""What must hold in the books of the advance fund: each promise as one query for what breaks it."""

from hub.store.checks import Check

# Every posting follows from an issued change, a payment or a receipt, and each of these has its
# one posting: so owed + on the way + held is always what the notices agreed on. A change counts as
# issued by the amount that one person proposed and another approved, and by nothing else.
_IDENTITY = """
    WITH moved AS (
        SELECT change_id, NULL::uuid AS payment_id,
            CASE advance_changes.kind WHEN 'opening' THEN 'opening' ELSE 'notice' END AS cause,
            abs(amount_fen) AS amount_fen
        FROM advance_changes JOIN proposals AS agreed ON agreed.proposal_id = issue_id
        WHERE (agreed.state, agreed.kind) = ('approved', 'advance_top_up')
            AND agreed.decided_by <> agreed.proposed_by
            AND agreed.content -> 'changes' ->> change_id::text = amount_fen::text
        UNION ALL
        SELECT change_id, payment_id, 'payment', amount_fen FROM advance_payments
        UNION ALL
        SELECT change_id, payment_id, 'receipt', amount_fen FROM advance_payments
        WHERE received_on IS NOT NULL
    ), routes (cause, is_up, from_account, to_account) AS (VALUES
        ('opening', true, 'granted', 'held'), ('notice', true, 'granted', 'owed'),
        ('payment', true, 'owed', 'in_transit'), ('receipt', true, 'in_transit', 'held'),
        ('notice', false, 'held', 'returning'), ('payment', false, 'returning', 'coming_back'),
        ('receipt', false, 'coming_back', 'granted')
    ), expected AS (
        SELECT change_id, payment_id, moved.cause, insured_area, treatment_area, from_account,
            to_account, moved.amount_fen
        FROM moved JOIN advance_changes AS change USING (change_id)
        JOIN routes ON routes.cause = moved.cause AND routes.is_up = (change.amount_fen > 0)
    ), posted AS (
        SELECT change_id, payment_id, cause, insured_area, treatment_area, from_account,
            to_account, amount_fen FROM advance_postings
    )
    SELECT DISTINCT change_id, payment_id, cause FROM (
        (TABLE expected EXCEPT ALL TABLE posted) UNION ALL (TABLE posted EXCEPT ALL TABLE expected)
    ) AS differing
"""
_STATES = """
    SELECT change_id, state, amount_fen, paid.fen AS paid_fen, received.fen AS received_fen
    FROM advance_changes AS change
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen), 0)::bigint AS fen
        FROM advance_payments AS p WHERE p.change_id = change.change_id) AS paid
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen), 0)::bigint AS fen
        FROM advance_payments AS p WHERE p.change_id = change.change_id
        AND received_on IS NOT NULL) AS received
    WHERE kind <> 'opening' AND CASE state
        WHEN 'issued' THEN paid.fen >= abs(amount_fen)
        WHEN 'paid' THEN paid.fen <> abs(amount_fen) OR received.fen = abs(amount_fen)
        WHEN 'received' THEN received.fen <> abs(amount_fen)
        ELSE paid.fen <> 0 END
"""

ADVANCE_CHECKS: tuple[Check, ...] = (
    Check(
        "advance_identity",
        "预付金各账户均由已签发的额度调整、付款和到账逐笔形成，额度＝未付＋在途＋在管",
        "advances hold exactly what notices, payments and receipts made of them",
        _IDENTITY,
    ),
    Check(
        "advance_states_hold",
        "每笔预付金额度调整的状态与其付款、到账一致",
        "every change of an advance is as far as its payments and receipts are",
        _STATES,
    ),
)
