"""Repairs of breaks: an area books what the hub ordered, no more and no less, and it helps."""

from collections.abc import Mapping

from contracts.messages.values import PARTS
from simulators.truth_checks.scene import by_query
from simulators.truth_checks.truth import Truth


def _row(side: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{side}.{column}" for column in columns)


_FEN = ("total_fen", *PARTS)
# What bookkeepers write by hand, in simulations, stands under its own id: nobody's message.
_BOOKED_OTHERWISE = f"""
    SELECT 'never ordered' AS what, order_id, role, area, settlement_id FROM obeyed
    WHERE message_id <> order_id AND NOT EXISTS (SELECT FROM repair_orders AS given
        WHERE given.undoes IS NOT DISTINCT FROM obeyed.undoes
            AND (given.order_id, given.role, given.area, given.settlement_id, given.sign)
            = (obeyed.order_id, obeyed.role, obeyed.area, obeyed.settlement_id, obeyed.sign))
    UNION ALL
    SELECT 'not booked', order_id, role, area, settlement_id FROM repair_orders
    WHERE answered_at IS NOT NULL AND code IS NULL AND role || '.' || area = ANY(:parties)
        AND order_id NOT IN (SELECT order_id FROM obeyed)
    UNION ALL
    SELECT 'booked otherwise', order_id, obeyed.role, obeyed.area, obeyed.settlement_id
    FROM obeyed JOIN repair_orders USING (order_id)
        JOIN settlements AS hub ON hub.settlement_id = obeyed.settlement_id
    WHERE obeyed.business_date IS NOT NULL
        AND (obeyed.business_date, {_row("obeyed", _FEN)}) IS DISTINCT FROM
        (CASE obeyed.sign WHEN 1 THEN settled_on ELSE reversed_on END, {_row("hub", _FEN)})
"""
# What has worked left no break behind; what is taken back is taken back whole.
_HALF_DONE = """
    SELECT 'worked, and the break is there' AS what, repair_id, repairs.kind, repairs.state
    FROM repairs JOIN breaks USING (break_id)
    WHERE repairs.state = 'worked' AND resolved_at IS NULL
    UNION ALL
    SELECT 'undone, and its order stands', repair_id, repairs.kind, repairs.state
    FROM repairs JOIN repair_orders AS done USING (repair_id)
    WHERE repairs.state IN ('undoing', 'undone') AND undoes IS NULL
        AND answered_at IS NOT NULL AND code IS NULL
        AND NOT EXISTS (SELECT FROM repair_orders AS contrary WHERE contrary.undoes = done.order_id)
    UNION ALL
    SELECT 'not undone, and its order is', repair_id, repairs.kind, repairs.state
    FROM repairs JOIN repair_orders USING (repair_id)
    WHERE undoes IS NOT NULL AND repairs.state NOT IN ('undoing', 'undone')
"""

# fmt: off
REPAIRS: Mapping[str, Truth] = {
    "orders_are_booked_as_given": Truth(8, "an area books as the hub ordered it, and books nothing as an order that was none", by_query(_BOOKED_OTHERWISE)),  # noqa: E501
    "repairs_are_done_whole":     Truth(8, "a repair that worked left no break, and one that was undone is undone in every order", by_query(_HALF_DONE)),  # noqa: E501
}
# fmt: on
