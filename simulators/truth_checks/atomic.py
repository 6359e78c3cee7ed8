"""What belongs together was written in one transaction: no crash can have come in between.

Steps, words, postings and what was heard are rows that are only ever added, so the transaction that
wrote each of them stands in it (`xmin`). Whether rows agree says nothing about this: a process that
writes them one after the other agrees with itself, until it dies between them.
"""

from collections.abc import Mapping

from simulators.truth_checks.scene import by_query
from simulators.truth_checks.truth import Truth

_DECIDING = """settlement_steps AS steps JOIN settlements USING (settlement_id)
    WHERE steps.from_state <> steps.to_state
        AND steps.to_state IN ('settled', 'rejected', 'expired', 'withdrawn', 'reversed')"""
# What the treatment area is told stands under the settlement's id; a no to a cancellation as well.
_SAID_APART = f"""
    SELECT settlement_id, steps.event, steps.to_state, steps.at FROM {_DECIDING}
        AND NOT EXISTS (SELECT FROM outbox WHERE outbox.key = settlement_id::text
            AND outbox.topic = 'treatment.' || treatment_area || '.answers'
            AND outbox.xmin = steps.xmin)
"""
_BOOKED_APART = """
    SELECT settlement_id, kind, posted_at FROM postings
    WHERE settlement_id IS NOT NULL AND NOT EXISTS (SELECT FROM settlement_steps AS steps
        WHERE steps.settlement_id = postings.settlement_id AND steps.xmin = postings.xmin
            AND steps.to_state = CASE kind WHEN 'settlement' THEN 'settled' ELSE 'reversed' END)
"""
# A question may begin a cancellation that comes later: then its message is heard in another one.
_HEARD_APART = """
    SELECT settlement_id, steps.event, steps.at, steps.message_id
    FROM settlement_steps AS steps WHERE message_id IS NOT NULL AND event <> 'cancel'
        AND NOT EXISTS (SELECT FROM inbox WHERE inbox.message_id = steps.message_id
            AND inbox.xmin = steps.xmin)
"""

# fmt: off
ATOMIC: Mapping[str, Truth] = {
    "said_as_it_is_decided":   Truth(4, "the transaction that decides about a settlement also says so", by_query(_SAID_APART)),  # noqa: E501
    "booked_as_it_is_decided": Truth(3, "the transaction that settles or reverses also posts it", by_query(_BOOKED_APART)),  # noqa: E501
    "heard_as_it_is_done":     Truth(10, "the transaction that does what a message asks also remembers that it was heard", by_query(_HEARD_APART)),  # noqa: E501
}
# fmt: on
