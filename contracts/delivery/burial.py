"""Dead letters: what could not be handled is kept, shown, and can be put back."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.delivery.broker import Record

Unfit = tuple[Record, "Fault", str]
"""A record, why it is buried, and a detail that quotes no content."""

_BURY = """
    INSERT INTO dead_letters
        (topic, partition, "offset", value_sha256, key, value, fault, detail, buried_at) VALUES %s
    ON CONFLICT (topic, partition, "offset", value_sha256) DO NOTHING
"""


class Fault(StrEnum):
    """Why a record was buried."""

    NOT_A_MESSAGE = "not_a_message"  # no head and body, or the body does not fit its kind
    UNKNOWN_KIND = "unknown_kind"  # nobody here subscribed to this kind on this topic
    ID_REUSED = "id_reused"  # a known message id with another body: somebody reuses ids
    BUG = "bug"  # our own code failed on it; the rest of its batch was handled


def bury(tx: Connection, unfit: Sequence[Unfit], now: datetime) -> None:
    """Keep these records as they came. Burying one twice changes nothing."""
    rows = [
        (
            *(r.topic, r.partition, r.offset, hashlib.sha256(r.value).digest()),
            *(r.key, r.value, fault.value, detail[:2_000], now),
        )
        for r, fault, detail in unfit
    ]
    bulk.write_rows(tx, _BURY, "(%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
