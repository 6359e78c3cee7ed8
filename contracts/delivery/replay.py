"""Puts buried letters back on their topics: a key's letters together, and in their order."""

from dataclasses import dataclass

from sqlalchemy import Engine

from contracts.clock import Clock
from contracts.delivery import bulk
from contracts.delivery.broker import Headers, Sender, SendFailed
from contracts.delivery.codec import KEY_HEADER, SIGNATURE_HEADER

_KEYS = """
    SELECT DISTINCT topic, key FROM dead_letters
    WHERE replayed_at IS NULL AND topic = %s AND (%s::text IS NULL OR fault = %s::text)
"""
_LETTERS = """
    SELECT topic, partition, "offset", key, value, signed_with, signature FROM dead_letters
    WHERE replayed_at IS NULL AND topic = %s AND key = %s
    ORDER BY partition, "offset" FOR UPDATE
"""
_DONE = """
    UPDATE dead_letters SET replayed_at = %s
    WHERE topic = %s AND key = %s AND replayed_at IS NULL
"""
SENT_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Replay:
    """Whoever handled a letter in the meantime sees a replay: the inbox makes it nothing.

    A letter goes out with the signature it came with, and is checked as the first time: what was
    distrusted comes through only where its key has been made known since.
    """

    engine: Engine
    sender: Sender
    clock: Clock

    def topic(self, topic: str, fault: str | None = None) -> int:
        """Put back every open letter of each key that has one of this fault; how many."""
        with self.engine.connect() as tx:
            keys = [bytes(row[1]) for row in bulk.fetch(tx, _KEYS, (topic, fault, fault))]
        return sum(self.key(topic, key) for key in keys)

    def key(self, topic: str, key: bytes) -> int:
        """Put back all open letters of one key, in order; SendFailed leaves them buried."""
        with self.engine.begin() as tx:
            letters = bulk.fetch(tx, _LETTERS, (topic, key))
            sent = [
                self.sender.send(row[0], bytes(row[3]), bytes(row[4]), _headers(row[5], row[6]))
                for row in letters
            ]
            self.sender.flush(SENT_WITHIN_S)
            if not all(delivery.is_done and not delivery.failed() for delivery in sent):
                raise SendFailed(f"{topic}: the broker did not take {len(sent)} letters")
            bulk.run(tx, _DONE, (self.clock.now(), topic, key))
        return len(letters)


def _headers(signed_with: memoryview | None, signature: memoryview | None) -> Headers:
    named = ((KEY_HEADER, signed_with), (SIGNATURE_HEADER, signature))
    return [(name, bytes(value)) for name, value in named if value is not None]
