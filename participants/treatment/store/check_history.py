"""What this area has of persons before a check: their fee lines by item and day, their stays."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from contracts.codes import VisitKind
from contracts.delivery import bulk
from contracts.ids import PersonId, VisitId, short_text_of
from participants.treatment.domain.catalogue import HospitalApproval
from participants.treatment.domain.prescription import History, PastItem, PastStay
from participants.treatment.domain.settlement import LIVE

# A refund is a line of its own with a negative count: what was given back is not history.
_ITEMS = """
    SELECT visits.person_id, visits.hospital_code, visit_id, item_code, fee_date,
           sum(count_e4)::bigint, bool_or(approval = %s)
    FROM visits JOIN fee_lines USING (visit_id)
    WHERE visits.person_id = ANY(%s) AND visits.withdrawn_at IS NULL
      AND visits.state <> 'cancelled' AND item_code = ANY(%s) AND fee_date >= %s
    GROUP BY visits.person_id, visits.hospital_code, visit_id, item_code, fee_date
    HAVING sum(count_e4) > 0 ORDER BY fee_date, visit_id
"""
# Many systems tell the day of discharge with the final bill only.
_STAYS = """
    SELECT person_id, hospital_code, visit_id, admitted_on, left_on
    FROM visits CROSS JOIN LATERAL (
        SELECT coalesce(visits.discharged_on, (
            SELECT max(bill.discharged_on) FROM settlements AS bill
            WHERE bill.visit_id = visits.visit_id AND NOT bill.mid_stay AND bill.state = ANY(%s)
        )) AS left_on
    ) AS stay
    WHERE person_id = ANY(%s) AND visit_kind = %s AND withdrawn_at IS NULL
      AND state <> 'cancelled' AND coalesce(left_on, 'infinity') >= %s
    ORDER BY admitted_on, visit_id
"""
_PEOPLE = """
    SELECT hospital_code, visit_id, person_id FROM visits
    WHERE visit_id = ANY(%s::uuid[]) AND hospital_code = ANY(%s) AND withdrawn_at IS NULL
"""
_LIVE = sorted(state.value for state in LIVE)


def of(
    tx: Connection, people: Iterable[PersonId], codes: Iterable[str], since: date
) -> dict[PersonId, History]:
    """What these persons have of these items and of stays since a day; two queries for all."""
    wanted = sorted(set(people))
    if not wanted:
        return {}
    approved = HospitalApproval.APPROVED.value
    items: dict[PersonId, list[PastItem]] = {}
    for person_id, hospital, visit_id, code, on, count_e4, is_approved in bulk.fetch(
        tx, _ITEMS, (approved, wanted, sorted(set(codes)), since)
    ):
        past = PastItem(hospital, short_text_of(visit_id), code, on, count_e4, is_approved)
        items.setdefault(person_id, []).append(past)
    stays: dict[PersonId, list[PastStay]] = {}
    for person_id, hospital, visit_id, begins_on, ends_on in bulk.fetch(
        tx, _STAYS, (_LIVE, wanted, VisitKind.INPATIENT.value, since)
    ):
        stay = PastStay(hospital, short_text_of(visit_id), begins_on, ends_on)
        stays.setdefault(person_id, []).append(stay)
    return {one: History(items.get(one, ()), stays.get(one, ())) for one in wanted}


def people_of(
    tx: Connection, visits: Iterable[VisitId], hospitals: Iterable[str]
) -> dict[tuple[str, VisitId], PersonId]:
    """Whose visits these are, by the hospital that opened them and the visit."""
    wanted = sorted(set(visits))
    if not wanted:
        return {}
    rows = bulk.fetch(tx, _PEOPLE, (wanted, sorted(set(hospitals))))
    return {(hospital, visit_id): person_id for hospital, visit_id, person_id in rows}
