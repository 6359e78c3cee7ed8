"""Accidents that hospitals registered; one a message."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import PersonId
from participants.treatment.domain.accident import Accident, NewAccident

_ADD = """
    INSERT INTO accidents (accident_id, msgid, hospital_code, person_id, insured_division,
        happened_on, begins_on, ends_on, third_party, sealed_report, filed_at) VALUES %s
"""
_ADD_TEMPLATE = "(%s::uuid, %s, %s, %s, %s, %s::date, %s::date, %s::date, %s, %s, %s)"
_OF = """
    SELECT hospital_code, person_id, begins_on, ends_on, third_party, filed_at FROM accidents
    WHERE (person_id, hospital_code) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    ORDER BY filed_at DESC, accident_id DESC
"""


def add(tx: Connection, filed: Sequence[tuple[UUID, NewAccident]], now: datetime) -> None:
    rows = [
        (
            accident_id,
            one.msgid,
            one.hospital_code,
            one.person_id,
            one.insured_division,
            one.happened_on,
            one.begins_on,
            one.ends_on,
            one.third_party,
            one.sealed_report,
            now,
        )
        for accident_id, one in filed
    ]
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, rows)


def of(
    tx: Connection, pairs: Iterable[tuple[str, PersonId]]
) -> dict[tuple[str, PersonId], list[Accident]]:
    """By hospital and person, the newest first."""
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    people, hospitals = [person for _, person in wanted], [hospital for hospital, _ in wanted]
    found: dict[tuple[str, PersonId], list[Accident]] = {}
    for row in bulk.fetch(tx, _OF, (people, hospitals)):
        one = Accident(*row)
        found.setdefault((one.hospital_code, one.person_id), []).append(one)
    return found
