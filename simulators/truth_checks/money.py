"""Every fen: the same on three sides, adding up everywhere, and posted as it was settled."""

from collections.abc import Mapping

from sqlalchemy import Engine, text

from contracts.codes import AreaCode, Fund
from contracts.messages.values import PARTS
from participants.treatment.store.columns import BILL_PARTS
from simulators.truth_checks.scene import Scene, by_query, shown
from simulators.truth_checks.sides import Account
from simulators.truth_checks.truth import Truth

_SUM, _BILL_SUM = " + ".join(PARTS), " + ".join(BILL_PARTS)
_FACTS = ("person_id", "insured_division", "insurance_kind", "visit_kind", "hospital_code")
_ASKED = (*_FACTS, "treatment_area", "total_fen", *BILL_PARTS)
_BORNE = (*PARTS, "deductible_fen")


def _row(side: str, columns: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"{side}.{column}" for column in columns) + ")"


_TREATMENT_DIFFERS = f"""
    SELECT settlement_id, hub.state, hub.total_fen, treated.total_fen AS treatment_total_fen,
        hub.pool_fen, treated.pool_fen AS treatment_pool_fen, hub.settled_on,
        treated.business_date AS treatment_settled_on, hub.reversed_on,
        treated.reversed_on AS treatment_reversed_on
    FROM settlements AS hub JOIN treated USING (settlement_id)
    WHERE {_row("hub", _ASKED)} IS DISTINCT FROM {_row("treated", _ASKED)}
        OR treated.state IN ('settled', 'reversing', 'reversed')
            AND {_row("hub", _BORNE)} IS DISTINCT FROM {_row("treated", _BORNE)}
        OR hub.settled_on <> treated.business_date OR hub.reversed_on <> treated.reversed_on
"""
_CASE = ("person_id", "insured_area", "treatment_area", "insurance_kind", "visit_kind")
_INSURED_DIFFERS = f"""
    SELECT settlement_id, hub.state, granted.state AS grant_state, hub.total_fen,
        granted.total_fen AS grant_total_fen, hub.pool_fen, granted.pool_fen AS grant_pool_fen,
        hub.settled_on, granted.settled_on AS grant_settled_on, hub.reversed_on,
        granted.reversed_on AS grant_reversed_on
    FROM settlements AS hub JOIN granted USING (settlement_id)
    WHERE granted.state <> 'tombstone' AND
            {_row("hub", (*_CASE, "total_fen", "in_scope_fen"))} IS DISTINCT FROM
            {_row("granted", (*_CASE, "total_fen", "in_scope_fen"))}
        OR hub.state IN ('settled', 'reversing', 'reversed') AND
            {_row("hub", _BORNE)} IS DISTINCT FROM {_row("granted", _BORNE)}
        OR hub.settled_on <> granted.settled_on OR hub.reversed_on <> granted.reversed_on
        OR hub.settled_on IS NULL AND granted.settled_on IS NOT NULL
        OR hub.reversed_on IS NULL AND granted.reversed_on IS NOT NULL
"""
_DO_NOT_ADD_UP = f"""
    SELECT 'hub' AS party, settlement_id, total_fen, {_SUM} AS parts_fen FROM settlements
    WHERE state <> 'rejected' AND total_fen <> {_BILL_SUM}
        OR state IN ('settled', 'reversing', 'reversed') AND total_fen <> {_SUM}
        OR least({", ".join((*BILL_PARTS, *_BORNE))}) < 0 OR deductible_fen > total_fen
    UNION ALL
    SELECT 'treatment.' || treatment_area, settlement_id, total_fen, {_SUM} FROM treated
    WHERE total_fen <> {_BILL_SUM}
        OR state IN ('settled', 'reversing', 'reversed') AND total_fen <> {_SUM}
        OR least({", ".join((*BILL_PARTS, *_BORNE))}) < 0 OR deductible_fen > total_fen
    UNION ALL
    SELECT 'insured.' || insured_area, settlement_id, total_fen, {_SUM} FROM granted
    WHERE state IN ('granted', 'settled', 'released') AND total_fen <> {_SUM}
        OR state IN ('refused', 'tombstone') AND {_SUM} <> 0
        OR least({", ".join(_BORNE)}) < 0
"""
_LINES_DO_NOT_ADD_UP = f"""
    SELECT settlement_id, total_fen, lines.fen AS lines_fen FROM settlements JOIN (
        SELECT settlement_id, sum(total_fen) AS fen, sum({_BILL_SUM}) AS split_fen
        FROM fee_lines WHERE settlement_id IS NOT NULL GROUP BY settlement_id
    ) AS lines USING (settlement_id)
    WHERE lines.fen <> total_fen OR lines.split_fen <> total_fen
"""
_FUND_ROWS = ", ".join(f"('{fund.value}', {fund.value}_fen)" for fund in Fund)
# What a treatment area has booked, fund by fund and day by day, is what the ledger says it is owed:
# reckoned from the areas' rows, while the hub's own check goes by the hub's.
_LEDGER_DIFFERS = f"""
    WITH booked AS (
        SELECT treated.*, hub.insured_area FROM treated
        JOIN settlements AS hub USING (settlement_id)
    ), owed AS (
        SELECT day, insured_area, treatment_area, fund, sum(sign * fen) AS fen FROM booked
        CROSS JOIN LATERAL (VALUES (business_date, 1), (reversed_on, -1)) AS moved (day, sign)
        CROSS JOIN LATERAL (VALUES {_FUND_ROWS}) AS of_fund (fund, fen)
        WHERE day IS NOT NULL AND fen > 0
        GROUP BY day, insured_area, treatment_area, fund
    ), posted AS (
        SELECT postings.business_date AS day, postings.insured_area, postings.treatment_area, fund,
            sum(CASE WHEN to_area = postings.treatment_area THEN amount_fen
                ELSE -amount_fen END) AS fen
        FROM postings JOIN booked USING (settlement_id)
        WHERE postings.business_date = CASE kind WHEN 'settlement' THEN booked.business_date
            ELSE booked.reversed_on END
        GROUP BY 1, 2, 3, 4
    )
    SELECT day, insured_area, treatment_area, fund, owed.fen AS owed_fen, posted.fen AS posted_fen
    FROM owed FULL JOIN posted USING (day, insured_area, treatment_area, fund)
    WHERE coalesce(owed.fen, 0) <> coalesce(posted.fen, 0)
"""
# Everything that moved, by pair and by day: what the insured areas owe is what the others are owed.
_POSITIONS = """
    WITH entries AS (
        SELECT business_date, insured_area, treatment_area, to_area AS area, amount_fen AS fen
        FROM postings
        UNION ALL
        SELECT business_date, insured_area, treatment_area, from_area, -amount_fen FROM postings
    )
    SELECT business_date, insured_area, treatment_area, sum(fen) AS sum_fen FROM entries
    JOIN participants USING (area) GROUP BY 1, 2, 3 HAVING sum(fen) <> 0
    UNION ALL
    SELECT business_date, insured_area, treatment_area, sum(fen) FROM entries
    WHERE area NOT IN (insured_area, treatment_area) GROUP BY 1, 2, 3
"""
_ACCOUNTS = """
    SELECT person_id, insurance_kind, account_balance_fen + coalesce((
        SELECT sum(account_fen) FROM grants WHERE grants.state IN ('granted', 'settled')
            AND (grants.person_id, grants.insurance_kind)
                = (insurances.person_id, insurances.insurance_kind)), 0)::bigint
    FROM insurances
"""


def accounts_of(insured: Mapping[AreaCode, Engine]) -> dict[Account, int]:
    """What each personal account would hold if nothing had been paid from it, fen."""
    found: dict[Account, int] = {}
    for area, engine in insured.items():
        with engine.connect() as tx:
            rows = tx.execute(text(_ACCOUNTS)).all()
        found |= {(area, person, kind): fen for person, kind, fen in rows}
    return found


def _accounts_differ(looked: Scene) -> list[str]:
    before = looked.sides.accounts
    after = accounts_of(looked.sides.insured) if before else {}
    return shown(
        [
            f"insured.{area}: account {kind} of {person} is {after.get(key, 0) - fen} fen off"
            for key, fen in sorted(before.items())
            for area, person, kind in [key]
            if after.get(key) != fen
        ]
    )


# fmt: off
MONEY: Mapping[str, Truth] = {
    "treatment_has_the_same_fen": Truth(6, "bill, parts and days are the same at the treatment area as at the hub", by_query(_TREATMENT_DIFFERS)),  # noqa: E501
    "insured_has_the_same_fen":   Truth(6, "bill, parts and days are the same at the insured area as at the hub", by_query(_INSURED_DIFFERS)),  # noqa: E501
    "parts_add_up":               Truth(6, "the parts of a bill add up to the bill on every side", by_query(_DO_NOT_ADD_UP)),  # noqa: E501
    "fee_lines_add_up":           Truth(6, "the fee lines of a settlement add up to its bill", lambda looked: looked.at("treatment", _LINES_DO_NOT_ADD_UP)),  # noqa: E501
    "ledger_is_what_areas_booked": Truth(3, "the ledger owes a treatment area, fund by fund and day by day, what it has booked itself", by_query(_LEDGER_DIFFERS)),  # noqa: E501
    "positions_sum_to_zero":      Truth(3, "what is owed and what is owing sum to zero for every day and pair", by_query(_POSITIONS)),  # noqa: E501
    "accounts_hold_the_rest":     Truth(10, "a personal account holds what it held before, less what live grants took", _accounts_differ),  # noqa: E501
}
# fmt: on
