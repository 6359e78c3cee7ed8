"""What must hold in the ledger: sums, adjustments, balances of closed days, and what was told."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.ids import id_of_effect
from contracts.message import Body
from contracts.messages.settlement import (
    ReleaseRequested,
    SettlementAnswered,
    SettlementConcluded,
)
from hub.domain.settlement import Event
from hub.store.checks import SOME_DAYS, SOME_SETTLEMENTS, Check, Row

_ADJUSTMENTS = """
    SELECT adjustment_id, adjustments.business_date, adjustments.amount_fen AS expected_fen,
        posting.amount_fen AS posted_fen
    FROM adjustments FULL JOIN (
        SELECT adjustment_id, business_date, insured_area, treatment_area, insurance_kind, fund,
            CASE WHEN from_area = insured_area THEN amount_fen ELSE -amount_fen END AS amount_fen
        FROM postings WHERE adjustment_id IS NOT NULL
    ) AS posting USING (adjustment_id)
    WHERE (adjustments.business_date, adjustments.insured_area, adjustments.treatment_area,
        adjustments.insurance_kind, adjustments.fund, adjustments.amount_fen)
        IS DISTINCT FROM (posting.business_date, posting.insured_area, posting.treatment_area,
        posting.insurance_kind, posting.fund, posting.amount_fen)
"""
_ACCOUNT = "insured_area, treatment_area, insurance_kind, fund"
_BALANCES = f"""
    WITH moved AS (
        SELECT business_date, {_ACCOUNT},
            coalesce(sum(amount_fen) FILTER (WHERE from_area = insured_area), 0)::bigint
                AS debit_fen,
            coalesce(sum(amount_fen) FILTER (WHERE from_area <> insured_area), 0)::bigint
                AS credit_fen,
            count(*) AS count
        FROM postings JOIN ledger_snapshots AS taken USING (business_date)
        WHERE {SOME_DAYS} GROUP BY business_date, {_ACCOUNT}
    ), stood AS (
        SELECT one.*, one.balance_fen - one.debit_fen + one.credit_fen AS before_fen,
            coalesce((SELECT balance_fen FROM ledger_balances AS earlier
                WHERE (earlier.insured_area, earlier.treatment_area, earlier.insurance_kind,
                    earlier.fund) = (one.insured_area, one.treatment_area, one.insurance_kind,
                    one.fund) AND earlier.business_date < one.business_date
                ORDER BY earlier.business_date DESC LIMIT 1), 0) AS earlier_fen
        FROM (SELECT * FROM ledger_balances WHERE {SOME_DAYS}) AS one
    )
    SELECT business_date, {_ACCOUNT},
        moved.debit_fen - moved.credit_fen AS moved_fen,
        stood.debit_fen - stood.credit_fen AS stored_fen, before_fen, earlier_fen
    FROM moved FULL JOIN stood USING (business_date, {_ACCOUNT})
    WHERE (moved.debit_fen, moved.credit_fen, moved.count, earlier_fen)
        IS DISTINCT FROM (stood.debit_fen, stood.credit_fen, stood.count, before_fen)
"""  # noqa: S608 - column names of ours
_SNAPSHOTS = f"""
    SELECT business_date, taken.debit_fen - taken.credit_fen AS stored_fen,
        coalesce(held.debit_fen - held.credit_fen, 0) AS held_fen, taken.count AS stored_count,
        coalesce(held.count, 0) AS held_count
    FROM (SELECT * FROM ledger_snapshots WHERE {SOME_DAYS}) AS taken LEFT JOIN (
        SELECT business_date, sum(debit_fen)::bigint AS debit_fen,
            sum(credit_fen)::bigint AS credit_fen, sum(count)::bigint AS count
        FROM ledger_balances WHERE {SOME_DAYS} GROUP BY business_date
    ) AS held USING (business_date)
    WHERE (taken.debit_fen, taken.credit_fen, taken.count) IS DISTINCT FROM
        (coalesce(held.debit_fen, 0), coalesce(held.credit_fen, 0), coalesce(held.count, 0))
"""  # noqa: S608 - column names of ours

TREATMENT, INSURED = "treatment_area", "insured_area"
# What the step into a final state says, and to whom. The same table as the services' own words; a
# settlement whose step is here without these messages is one that somebody was never told of.
_ANSWERED: tuple[tuple[type[Body], str], ...] = ((SettlementAnswered, TREATMENT),)
_BOTH: tuple[tuple[type[Body], str], ...] = (*_ANSWERED, (SettlementConcluded, INSURED))
_VOID: tuple[tuple[type[Body], str], ...] = (*_ANSWERED, (ReleaseRequested, INSURED))
TOLD: dict[Event, tuple[tuple[type[Body], str], ...]] = {
    Event.REJECT: _ANSWERED,
    Event.REFUSE: _ANSWERED,
    Event.SETTLE: _BOTH,
    Event.EXPIRE: _VOID,
    Event.WITHDRAW: _VOID,
    Event.RELEASE: _BOTH,
    Event.KEEP: _ANSWERED,
}
_CONCLUSIONS = f"""
    SELECT settlement_id, event, to_state, at, message_id, treatment_area, insured_area
    FROM (SELECT * FROM settlement_steps WHERE {SOME_SETTLEMENTS}) AS steps
    JOIN settlements USING (settlement_id)
    WHERE from_state <> to_state AND to_state NOT IN ('routed', 'reversing')
"""  # noqa: S608 - states of ours
_UNSAID = """
    SELECT id FROM unnest(%s::uuid[]) AS id
    WHERE NOT EXISTS (SELECT FROM outbox WHERE message_id = id)
"""


def _untold(tx: Connection, steps: Sequence[Row]) -> list[Row]:
    """The steps whose words are not in the outbox, which keeps all that the hub ever said."""
    expected = {id_: (step, kind) for step in steps for kind, id_ in _words(step)}
    # As one text: ten thousand ids one by one take the driver longer than the query.
    asked = "{" + ",".join(id_.hex for id_ in expected) + "}"
    unsaid = [(id_, *expected[id_]) for (id_,) in bulk.fetch(tx, _UNSAID, (asked,))]
    return [
        {
            "settlement_id": step["settlement_id"],
            "state": step["to_state"],
            "untold": kind,
            "message_id": id_,
        }
        for id_, step, kind in unsaid
    ]


def _words(step: Row) -> list[tuple[str, UUID]]:
    """The kinds and ids of the messages that this step must have said."""
    cause = step["message_id"] or step["settlement_id"]
    found: list[tuple[str, UUID]] = []
    for body, to in TOLD[Event(step["event"])]:
        area = AreaCode(step[to])
        topic = topics.treatment_answers(area) if to is TREATMENT else topics.insured_work(area)
        found.append((body.KIND, id_of_effect(cause, f"{body.KIND} to {topic}")))
    return found


LEDGER_CHECKS: tuple[Check, ...] = (
    Check(
        "adjustments_are_posted",
        "每笔账务调整有且仅有一条与之一致的分录",
        "every adjustment has exactly the one posting it says",
        _ADJUSTMENTS,
    ),
    Check(
        "balances_of_days_hold",
        "已日终各日的账户发生额和余额可由分录重算",
        "the movements and balances of every closed day can be recomputed from its postings",
        _BALANCES,
    ),
    Check(
        "snapshots_of_days_hold",
        "已日终各日的账户快照合计一致",
        "the control totals of every closed day are those of its balances",
        _SNAPSHOTS,
    ),
    Check(
        "final_states_are_told",
        "每个终态均已通知就医地和参保地（通知已入发送队列或已送达）",
        "no settlement reached a final state without its notices queued or delivered",
        _CONCLUSIONS,
        sift=_untold,
    ),
)
