"""Dead letters: what could not be handled is kept, shown, and can be put back."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.delivery.broker import Record
from contracts.delivery.codec import KEY_HEADER, SIGNATURE_HEADER

Unfit = tuple[Record, "Fault", str]
"""A record, why it is buried, and a detail that quotes no content."""

_BURY = """
    INSERT INTO dead_letters
        (topic, partition, "offset", value_sha256, key, value, signed_with, signature,
         fault, detail, buried_at)
    VALUES %s
    ON CONFLICT (topic, partition, "offset", value_sha256) DO NOTHING
"""


class Fault(StrEnum):
    """Why a record was buried."""

    UNSIGNED = "unsigned"  # no signature came with it, or none that can be read
    UNKNOWN_KEY = "unknown_key"  # signed with a key that we do not hold
    KEY_NOT_VALID = "key_not_valid"  # signed with a key that has ended, or not begun
    BAD_SIGNATURE = "bad_signature"  # not what the key it names has signed: it was changed
    WRONG_SENDER = "wrong_sender"  # truly signed, by one who may not write this, or in a false name
    NOT_A_MESSAGE = "not_a_message"  # no head and body, or the body does not fit its kind
    UNKNOWN_KIND = "unknown_kind"  # nobody here subscribed to this kind on this topic
    ID_REUSED = "id_reused"  # a known message id with another body: somebody reuses ids
    BUG = "bug"  # our own code failed on it; the rest of its batch was handled


DISTRUSTED = frozenset(
    {
        Fault.UNSIGNED,
        Fault.UNKNOWN_KEY,
        Fault.KEY_NOT_VALID,
        Fault.BAD_SIGNATURE,
        Fault.WRONG_SENDER,
    }
)
"""Nobody whom we trust said it: an attack, or a key that one side has and the other has not."""


def bury(tx: Connection, unfit: Sequence[Unfit], now: datetime) -> None:
    """Keep these records as they came. Burying one twice changes nothing."""
    rows = [
        (
            *(r.topic, r.partition, r.offset, hashlib.sha256(r.value).digest()),
            *(r.key, r.value, *_signed(r), fault.value, detail[:2_000], now),
        )
        for r, fault, detail in unfit
    ]
    bulk.write_rows(tx, _BURY, "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


def _signed(record: Record) -> tuple[bytes | None, bytes | None]:
    """As it came, so that a replay is checked as the first time: a replay signs nothing."""
    named = dict(record.headers)
    return named.get(KEY_HEADER), named.get(SIGNATURE_HEADER)
