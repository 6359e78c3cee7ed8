"""Accidents 意外伤害备案 2507: registered, and what they declare for a visit that comes of one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import PersonId, new_id
from participants.treatment.domain.accident import NewAccident, accident_refusal
from participants.treatment.domain.results import Refusal
from participants.treatment.store import accidents as store
from participants.treatment.store import institutions

Stay = tuple[str, PersonId, date]
"""(hospital, person, the day of admission)."""


def file(tx: Connection, accidents: Sequence[NewAccident], now: datetime) -> list[UUID | Refusal]:
    """Register each; its id is the trt_dcla_detl_sn. Every message id must have been claimed.

    Refusals: UNKNOWN_INSTITUTION, FIELD_INVALID, UNKNOWN_AREA, DATES_IMPOSSIBLE.
    """
    known = institutions.of(tx, (one.hospital_code for one in accidents))
    today = shanghai_date_of(now)
    results: list[UUID | Refusal] = [
        accident_refusal(one, today, is_registered=one.hospital_code in known) or new_id()
        for one in accidents
    ]
    pairs = zip(results, accidents, strict=True)
    store.add(tx, [(id_, one) for id_, one in pairs if isinstance(id_, UUID)], now)
    return results


def declared(tx: Connection, stays: Iterable[Stay]) -> dict[Stay, str]:
    """'third_party' or 'no_third_party' for each stay that begins while an accident of the person
    is registered at that hospital; the newest registration counts. Others are not in it.
    """
    wanted = set(stays)
    found = store.of(tx, ((hospital, person) for hospital, person, _ in wanted))
    told = {
        (hospital, person, day): [
            one for one in found.get((hospital, person), ()) if one.holds_on(day)
        ]
        for hospital, person, day in wanted
    }
    return {stay: holding[0].flag for stay, holding in told.items() if holding}
