"""Visits by the hospitals' own numbers: which are settled, and which were opened here after all."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import VisitId
from participants.treatment.domain.settlement import LIVE, NOT_KNOWN, OwnStanding, OwnVisit
from participants.treatment.domain.visit_life import Settled, VisitState

# There is no row to lock before the first settlement, so the number itself is locked: in one order,
# so that two batches cannot deadlock. The unique index is behind it.
_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
_STANDING = """
    SELECT hospital_code, person_id, own_visit_no, NULL::uuid,
        state <> 'settled' AND (lapsed_at IS NOT NULL OR undone_at IS NOT NULL)
    FROM settlements
    WHERE (hospital_code, person_id, own_visit_no)
        IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
      AND state = ANY(%s) AND NOT mid_stay AND own_visit_no IS NOT NULL
    UNION ALL
    SELECT hospital_code, person_id, own_visit_no, visit_id, false
    FROM visits
    WHERE (hospital_code, person_id, own_visit_no)
        IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
      AND own_visit_no IS NOT NULL AND withdrawn_at IS NULL AND state <> %s
"""
_LIVE = sorted(state.value for state in LIVE)


def lock(tx: Connection, visits: Iterable[OwnVisit]) -> dict[OwnVisit, OwnStanding]:
    """As `of`; what is settled stays so until the transaction ends."""
    wanted = sorted(set(visits))
    if wanted:
        bulk.fetch(tx, _LOCK, (sorted(map(_key_of, wanted)),))
    return of(tx, wanted)


def of(tx: Connection, visits: Iterable[OwnVisit]) -> dict[OwnVisit, OwnStanding]:
    """Those of these numbers that are known: settled neither void, reversed nor mid-stay, or of a
    visit that was opened, the latest where there are several.
    """
    wanted = sorted(set(visits))
    if not wanted:
        return {}
    columns = [list(column) for column in zip(*wanted, strict=True)]
    rows = bulk.fetch(tx, _STANDING, (*columns, _LIVE, *columns, VisitState.CANCELLED.value))
    found: dict[OwnVisit, OwnStanding] = {}
    for *number, visit_id, is_undoing in rows:
        one = OwnVisit(*number)
        found[one] = _joined(found.get(one, NOT_KNOWN), visit_id, is_undoing=is_undoing)
    return found


def _joined(before: OwnStanding, visit_id: VisitId | None, *, is_undoing: bool) -> OwnStanding:
    if visit_id is None:
        return OwnStanding(Settled.UNDOING if is_undoing else Settled.WHOLLY, before.visit_id)
    return OwnStanding(before.settled, max(visit_id, before.visit_id or visit_id))


def _key_of(visit: OwnVisit) -> int:
    digest = hashlib.sha256("\x1f".join(visit).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
