"""Messages between the parties: each said by somebody, none buried, none contradicted."""

from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import text

from simulators.truth_checks.scene import Scene, by_query, shown
from simulators.truth_checks.truth import Truth

# Between honest parties these are never noted, whatever is late, lost, doubled or out of order.
CONTRADICTIONS = {
    "hub": ("repeated_id", "nothing_granted", "wrong_sender"),
    "insured": ("asked_differently", "another_person"),
    "treatment": ("not_from_the_hub", "unknown", "unsound", "kept_though_void"),
}
_KINDS = ", ".join(
    f"('{role}', '{kind}')" for role, kinds in CONTRADICTIONS.items() for kind in kinds
)
# A forged message is no word of a party: what it made somebody note is as it should be.
_CONTRADICTED = f"""
    SELECT party, kind, count(*) AS times FROM noted
    WHERE (split_part(party, '.', 1), kind) IN (VALUES {_KINDS})
        AND EXISTS (SELECT FROM said WHERE said.message_id = noted.message_id)
    GROUP BY party, kind
"""
_UNSAID = """
    SELECT heard.party, heard.message_id FROM heard
    WHERE NOT EXISTS (SELECT FROM said WHERE said.message_id = heard.message_id)
"""
_QUEUED_WITHOUT_WORDS = """
    SELECT party, message_id FROM unsent
    WHERE NOT EXISTS (SELECT FROM said
        WHERE (said.party, said.message_id) = (unsent.party, unsent.message_id))
"""
_SAID_WITH_VALUE = "SELECT message_id FROM outbox WHERE key = :key AND value = :value"
_OPEN_LETTERS = (
    'SELECT topic, "offset", fault, key, value FROM dead_letters WHERE replayed_at IS NULL'
)


def _genuine_letters(looked: Scene) -> list[str]:
    """A party's own words lie buried with their reader, word for word."""
    found = []
    for party, engine in looked.sides.named():
        with engine.connect() as tx:
            letters = tx.execute(text(_OPEN_LETTERS)).all()
            for letter in letters:
                value = bytes(letter.value)
                said = _said(looked, bytes(letter.key), value)
                if said is not None:
                    mark = sha256(value).hexdigest()[:8]
                    found.append(f"{party}: {letter.topic} {letter.fault} {said} {mark}")
    return shown(found)


def _said(looked: Scene, key: bytes, value: bytes) -> object | None:
    """The id of the message that somebody said in exactly these bytes."""
    try:
        words = {"key": key.decode(), "value": value.decode()}
    except UnicodeDecodeError:
        return None
    if "\0" in words["key"] + words["value"]:
        return None
    for _, engine in looked.sides.named():
        with engine.connect() as tx:
            row = tx.execute(text(_SAID_WITH_VALUE), words).first()
        if row is not None:
            found: object = row.message_id
            return found
    return None


# fmt: off
MESSAGES: Mapping[str, Truth] = {
    "only_poison_is_buried":    Truth(4, "no message that a party really said lies buried", _genuine_letters),  # noqa: E501
    "heard_was_said":           Truth(4, "whatever a party has handled, another party has said", by_query(_UNSAID)),  # noqa: E501
    "queue_has_its_words":      Truth(4, "whatever stands in a queue of messages can be sent", by_query(_QUEUED_WITHOUT_WORDS)),  # noqa: E501
    "nobody_is_contradicted":   Truth(4, "no party hears from an honest one what contradicts its books", by_query(_CONTRADICTED)),  # noqa: E501
}
# fmt: on
