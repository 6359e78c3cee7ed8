"""Visits by the hospitals' own numbers, never opened here: which of them are settled."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.settlement import LIVE, OwnVisit

# There is no row to lock before the first settlement, so the number itself is locked: in one order,
# so that two batches cannot deadlock. The unique index is behind it.
_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
_SETTLED = """
    SELECT hospital_code, person_id, own_visit_no FROM settlements
    WHERE (hospital_code, person_id, own_visit_no)
        IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
      AND state = ANY(%s) AND NOT mid_stay AND own_visit_no IS NOT NULL
"""
_LIVE = sorted(state.value for state in LIVE)


def lock_settled(tx: Connection, visits: Iterable[OwnVisit]) -> set[OwnVisit]:
    """As `settled`; the answer holds until the transaction ends."""
    wanted = sorted(set(visits))
    if wanted:
        bulk.fetch(tx, _LOCK, (sorted(map(_key_of, wanted)),))
    return settled(tx, wanted)


def settled(tx: Connection, visits: Iterable[OwnVisit]) -> set[OwnVisit]:
    """Those of these visits that have a settlement which is neither void, reversed nor mid-stay."""
    wanted = sorted(set(visits))
    if not wanted:
        return set()
    columns = [list(column) for column in zip(*wanted, strict=True)]
    return {OwnVisit(*row) for row in bulk.fetch(tx, _SETTLED, (*columns, _LIVE))}


def _key_of(visit: OwnVisit) -> int:
    digest = hashlib.sha256("\x1f".join(visit).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
