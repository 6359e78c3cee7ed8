"""One final state on three sides: which states of the parties can stand side by side."""

from collections.abc import Mapping

from simulators.truth_checks.scene import by_query
from simulators.truth_checks.truth import Truth

NONE = "none"
"""No such settlement there."""

# While messages are on their way the treatment area may be behind the hub, never ahead of it.
# fmt: off
HUB_AND_TREATMENT: Mapping[str, tuple[str, ...]] = {
    NONE:        ("requested", "withdrawing", "withdrawn"),
    "routed":    ("requested", "withdrawing"),
    "rejected":  ("requested", "withdrawing", "refused", "withdrawn"),
    "expired":   ("requested", "withdrawing", "expired"),
    "withdrawn": ("withdrawing", "withdrawn"),
    "settled":   ("requested", "withdrawing", "settled", "reversing"),
    "reversing": ("withdrawing", "settled", "reversing"),
    "reversed":  ("withdrawing", "settled", "reversing", "reversed"),
}
# With `*`: only as long as the hub awaits the insured area's word on a release.
HUB_AND_INSURED: Mapping[str, tuple[str, ...]] = {
    NONE:        (NONE,),
    "routed":    (NONE, "granted", "refused"),
    "rejected":  (NONE, "refused", "granted*", "released"),
    "expired":   (f"{NONE}*", "refused", "granted*", "released", "tombstone"),
    "withdrawn": (f"{NONE}*", "refused", "granted*", "released", "tombstone"),
    "settled":   ("granted", "settled"),
    "reversing": ("granted*", "settled*", "released*"),
    "reversed":  ("released",),
}
# fmt: on


def _pairs(table: Mapping[str, tuple[str, ...]]) -> str:
    """The rows of a VALUES: the hub's state, the other's, and whether a release must be awaited."""
    rows = ((hub, other) for hub, others in table.items() for other in others)
    return ", ".join(
        f"('{hub}', '{other.rstrip('*')}', {str(other.endswith('*')).lower()})"
        for hub, other in rows
    )


_WITH_TREATMENT = f"""
    SELECT settlement_id, coalesce(hub.state, '{NONE}') AS hub,
        coalesce(treated.state, '{NONE}') AS at_treatment
    FROM (SELECT * FROM settlements WHERE treatment_area = ANY(:treatment)) AS hub
    FULL JOIN treated USING (settlement_id)
    WHERE NOT EXISTS (
        SELECT FROM (VALUES {_pairs(HUB_AND_TREATMENT)}) AS fits (hub, other, awaited)
        WHERE fits.hub = coalesce(hub.state, '{NONE}')
            AND fits.other = coalesce(treated.state, '{NONE}'))
"""
_WITH_INSURED = f"""
    SELECT settlement_id, coalesce(hub.state, '{NONE}') AS hub,
        coalesce(granted.state, '{NONE}') AS at_insured,
        awaited.settlement_id IS NOT NULL AS release_awaited
    FROM (SELECT * FROM settlements WHERE insured_area = ANY(:insured)) AS hub
    FULL JOIN granted USING (settlement_id)
    LEFT JOIN releases_awaited AS awaited USING (settlement_id)
    WHERE NOT EXISTS (
        SELECT FROM (VALUES {_pairs(HUB_AND_INSURED)}) AS fits (hub, other, awaited)
        WHERE fits.hub = coalesce(hub.state, '{NONE}')
            AND fits.other = coalesce(granted.state, '{NONE}')
            AND (NOT fits.awaited OR awaited.settlement_id IS NOT NULL))
"""
# Ended once, and undone at most once: steps never come back to where something was decided.
_ENDED_TWICE = """
    SELECT settlement_id, count(*) FILTER (WHERE to_state IN ('rejected', 'expired', 'withdrawn')
            OR from_state = 'routed' AND to_state = 'settled') AS ended,
        count(*) FILTER (WHERE to_state = 'reversed') AS reversed
    FROM settlement_steps WHERE from_state <> to_state GROUP BY settlement_id
    HAVING count(*) FILTER (WHERE to_state IN ('rejected', 'expired', 'withdrawn')
            OR from_state = 'routed' AND to_state = 'settled') > 1
        OR count(*) FILTER (WHERE to_state = 'reversed') > 1
"""
_STEPS_OF_TREATMENT = """
    SELECT settlement_id, state, steps, walked.taken, walked.ends_in
    FROM settlements LEFT JOIN (
        SELECT settlement_id, count(*) AS taken, bool_and(is_linked) AS is_linked,
            (array_agg(to_state ORDER BY position DESC))[1] AS ends_in
        FROM (
            SELECT settlement_id, position, to_state,
                from_state = lag(to_state, 1, 'requested') OVER (
                    PARTITION BY settlement_id ORDER BY position) AS is_linked
            FROM settlement_steps
        ) AS linked GROUP BY settlement_id
    ) AS walked USING (settlement_id)
    WHERE coalesce(walked.taken, 0) <> steps OR coalesce(walked.ends_in, 'requested') <> state
        OR NOT coalesce(walked.is_linked, true)
"""
# The hospital was told at T that nothing came of it, or that it is undone: so it has to stay.
_VOID_AND_SETTLED = """
    SELECT settlement_id, state, lapsed_at, undone_at FROM treated
    WHERE state = 'settled' AND (lapsed_at IS NOT NULL OR undone_at IS NOT NULL)
"""
_NEVER_ANYTHING = """
    SELECT settlement_id, 'a grant after its tombstone' AS what FROM workings
    JOIN grants USING (settlement_id) WHERE grants.state = 'tombstone'
    UNION ALL
    SELECT settlement_id, 'a tombstone that was calculated' FROM grants
    WHERE state = 'tombstone' AND (calculated_at IS NOT NULL OR total_fen <> 0)
    UNION ALL
    SELECT settlement_id, 'a grant after the hub was told that there is none' FROM grants
    WHERE state IN ('granted', 'settled', 'released') AND EXISTS (
        SELECT FROM outbox WHERE topic = 'hub.calculations' AND key = settlement_id::text
            AND strpos(value, '"kind":"benefit_released"') > 0
            AND strpos(value, '"was_granted":' || 'false') > 0)
"""
_CLAIMED_BY_WITHDRAWAL = """
    SELECT settlement_id, state, refusal_code FROM settlement_claims
    JOIN settlements USING (settlement_id)
    WHERE claimed_by = 'withdrawal' AND (state <> 'rejected' OR refusal_code <> '1011')
    UNION ALL
    SELECT settlement_id, state, 'it was answered as withdrawn before it came'
    FROM settlements WHERE state NOT IN ('rejected', 'withdrawn') AND EXISTS (
        SELECT FROM outbox WHERE topic = 'treatment.' || treatment_area || '.answers'
            AND key = settlement_id::text AND queued_at < received_at
            AND strpos(value, '"outcome":"withdrawn"') > 0)
"""
_MADE_AFTER_TOMBSTONE = """
    SELECT treated.settlement_id, msgid, state FROM asked
    JOIN treated USING (treatment_area, hospital_code, msgid) WHERE asked.is_tombstone
"""
# Who files may be behind the hub, never ahead; who insures decided what holds, and once.
_REGISTRATIONS_APART = """
    SELECT registration_id, hub.state AS hub, filed.state AS at_treatment,
        reviewed.state AS at_insured
    FROM registrations AS hub LEFT JOIN filed USING (registration_id)
    LEFT JOIN reviewed USING (registration_id)
    WHERE filed.state = 'rejected' AND hub.state <> 'rejected'
        OR filed.state NOT IN ('sent', 'submitted', 'rejected')
            AND hub.state IN ('submitted', 'rejected')
        OR reviewed.state <> 'accepted' AND hub.state IN ('active', 'suspended', 'superseded')
        OR filed.person_id <> hub.person_id OR reviewed.person_id <> hub.person_id
    UNION ALL
    SELECT registration_id, NULL, filed.state, NULL FROM filed
    WHERE state <> 'sent' AND registration_id NOT IN (SELECT registration_id FROM registrations)
"""

# fmt: off
STATES: Mapping[str, Truth] = {
    "hub_and_treatment_agree":   Truth(1, "what the treatment area has of a settlement follows from what the hub has", by_query(_WITH_TREATMENT)),  # noqa: E501
    "hub_and_insured_agree":     Truth(1, "what the insured area has of a settlement follows from what the hub has, and nothing is held for a void one", by_query(_WITH_INSURED)),  # noqa: E501
    "a_settlement_ends_once":    Truth(1, "a settlement ends once, and is undone at most once", by_query(_ENDED_TWICE)),  # noqa: E501
    "treatment_steps_link_up":   Truth(1, "a settlement's steps at its treatment area link up and end in its state", lambda looked: looked.at("treatment", _STEPS_OF_TREATMENT)),  # noqa: E501
    "void_stays_void":           Truth(2, "what a hospital was told to be void or undone at T never stands as settled again", by_query(_VOID_AND_SETTLED)),  # noqa: E501
    "registrations_agree":       Truth(1, "a registration holds only when its insured area said so, and its hospital is never told more than the hub knows", by_query(_REGISTRATIONS_APART)),  # noqa: E501
    "insured_tombstones_hold":   Truth(10, "what was released before it was asked for is never granted", lambda looked: looked.at("insured", _NEVER_ANYTHING)),  # noqa: E501
    "hub_tombstones_hold":       Truth(10, "a bill whose withdrawal came first is refused by the hub", by_query(_CLAIMED_BY_WITHDRAWAL)),  # noqa: E501
    "treatment_tombstones_hold": Truth(10, "a message that was withdrawn before it came makes no settlement", by_query(_MADE_AFTER_TOMBSTONE)),  # noqa: E501
}
# fmt: on
