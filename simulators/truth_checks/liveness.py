"""What is still on its way: work between states, and messages unsent or unread."""

from collections.abc import Mapping

from simulators.truth_checks.scene import Scene

_READER = "split_part(topic, '.', 1) || '.' || split_part(topic, '.', 2)"
_HAS_READER = f"(topic LIKE 'hub.%' OR {_READER} = ANY(:parties))"
# How each party has what ended, once nothing is on its way any more. What fits no pair was said and
# read, and nobody did anything about it.
AT_REST: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rejected": (("refused", "withdrawn"), ("none", "refused", "released")),
    "expired": (("expired",), ("refused", "released", "tombstone")),
    "withdrawn": (("withdrawn",), ("refused", "released", "tombstone")),
    "settled": (("settled",), ("settled",)),
    "reversed": (("reversed",), ("released",)),
}
_TREATMENT, _INSURED = (
    ", ".join(f"('{hub}', '{other}')" for hub, sides in AT_REST.items() for other in sides[n])
    for n in (0, 1)
)
# What waits, and one of its kind: over the hub's tables and what is gathered. A party that is not
# among the sides is not waited for.
WAITING: Mapping[str, str] = {
    "between states at the hub": """
        SELECT state AS what, settlement_id AS one FROM settlements
        WHERE state IN ('routed', 'reversing')""",
    "release awaited by the hub": """
        SELECT insured_area || ' ' || reason AS what, settlement_id AS one
        FROM releases_awaited JOIN settlements USING (settlement_id)
        WHERE insured_area = ANY(:insured)""",
    "between states at a treatment area": """
        SELECT treatment_area || ' ' || state AS what, settlement_id AS one FROM treated
        WHERE state IN ('requested', 'withdrawing', 'reversing')""",
    "between states at an insured area": """
        SELECT insured_area || ' ' || state AS what, settlement_id AS one FROM granted
        WHERE state = 'granted'""",
    "sides not alike": f"""
        SELECT 'hub ' || hub.state || ', treatment ' || coalesce(treated.state, 'none')
            || ', insured ' || coalesce(granted.state, 'none') AS what, settlement_id AS one
        FROM settlements AS hub LEFT JOIN treated USING (settlement_id)
            LEFT JOIN granted USING (settlement_id)
        WHERE hub.treatment_area = ANY(:treatment)
                AND (hub.state, coalesce(treated.state, 'none')) NOT IN (VALUES {_TREATMENT})
            OR hub.insured_area = ANY(:insured)
                AND (hub.state, coalesce(granted.state, 'none')) NOT IN (VALUES {_INSURED})""",
    "registration not heard of": """
        SELECT filed.treatment_area || ' ' || filed.state AS what, registration_id AS one
        FROM filed LEFT JOIN registrations AS hub USING (registration_id)
        WHERE filed.state IS DISTINCT FROM hub.state""",
    "unsent": f"""
        SELECT unsent.party || ' to ' || topic AS what, message_id AS one
        FROM unsent JOIN said USING (party, message_id) WHERE {_HAS_READER}""",
    "unread": f"""
        SELECT topic AS what, message_id AS one FROM said
        WHERE NOT EXISTS (SELECT FROM unsent WHERE unsent.message_id = said.message_id)
        AND NOT EXISTS (SELECT FROM heard WHERE heard.message_id = said.message_id)
        AND {_HAS_READER}""",
    "comparison not agreed": """
        SELECT role || '.' || area || ' ' || state AS what, business_date AS one
        FROM reconciliation_sides
        WHERE state <> 'agreed' AND role || '.' || area = ANY(:parties)""",
    "closed and not compared": """
        SELECT 'day' AS what, business_date AS one FROM business_days WHERE state = 'closed'
        AND business_date NOT IN (SELECT business_date FROM reconciliations)""",
}
_COUNTED = """
    SELECT what, count(*) AS many, min(one::text) AS one FROM ({}) AS waiting
    GROUP BY what ORDER BY what
"""


def waiting(looked: Scene) -> list[str]:
    """One line for each kind of thing that waits: how many, and one of them."""
    return [
        f"{kind}: {row['many']} {row['what']}, {row['one']}"
        for kind, query in WAITING.items()
        for row in looked.rows(_COUNTED.format(query))
    ]
