"""Registrations under review, and what became of them."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection

from contracts.codes import Channel, InsuranceKind, RegistrationCategory
from contracts.delivery import bulk
from contracts.ids import PersonId, RegistrationId
from contracts.messages.registration import Material, RegistrationStanding
from contracts.refusal import BY_CODE
from participants.insured.domain.review import Review, ReviewState

# fmt: off
COLUMNS = ("registration_id", "person_id", "insured_division", "insurance_kind", "category",
           "place", "disease_code", "begins_on", "ends_on", "materials", "channel", "replaces",
           "submitted_at", "filed_by", "asked_at", "due_on", "state", "decided_at", "decided_by",
           "code", "reason", "standing", "ended_on", "told_at")
# fmt: on
MATERIALS = TypeAdapter(tuple[Material, ...])

ALL = f"SELECT {', '.join(COLUMNS)} FROM registration_reviews"
_OF = f"{ALL} WHERE registration_id = ANY(%s::uuid[])"
_LOCK = f"{_OF} ORDER BY registration_id FOR UPDATE"
_ADD = f"INSERT INTO registration_reviews ({', '.join(COLUMNS)}) VALUES %s"
_ADD_TEMPLATE = f"({', '.join(['%s'] * len(COLUMNS))})"
_MOVE = """
    UPDATE registration_reviews AS r SET materials = m.materials, state = m.state,
        decided_at = m.decided_at, decided_by = m.decided_by, code = m.code, reason = m.reason,
        standing = m.standing, ended_on = m.ended_on, told_at = m.told_at
    FROM (VALUES %s) AS m (registration_id, materials, state, decided_at, decided_by, code, reason,
                           standing, ended_on, told_at)
    WHERE r.registration_id = m.registration_id
"""
_MOVE_TEMPLATE = "(%s, %s::jsonb, %s, %s::timestamptz, %s, %s, %s, %s, %s::date, %s::timestamptz)"


def of(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Review]:
    return _by_id(bulk.fetch(tx, _OF, (list(ids),)))


def lock(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Review]:
    """Load and lock, in id order."""
    return _by_id(bulk.fetch(tx, _LOCK, (list(ids),)))


def add(tx: Connection, reviews: Sequence[Review]) -> None:
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, [_row(review) for review in reviews])


def move(tx: Connection, reviews: Sequence[Review]) -> None:
    """Write what may change about reviews that the caller has locked."""
    rows = [
        (
            one.registration_id,
            _json(one.materials),
            one.state.value,
            one.decided_at,
            one.decided_by,
            one.code and one.code.value,
            one.reason,
            one.standing and one.standing.value,
            one.ended_on,
            one.told_at,
        )
        for one in reviews
    ]
    bulk.write_rows(tx, _MOVE, _MOVE_TEMPLATE, rows)


def review_of(row: tuple[Any, ...]) -> Review:
    """A row of ALL."""
    at = dict(zip(COLUMNS, row, strict=True))
    return Review(
        **at
        | {
            "registration_id": RegistrationId(at["registration_id"]),
            "person_id": PersonId(at["person_id"]),
            "insurance_kind": InsuranceKind(at["insurance_kind"]),
            "category": RegistrationCategory(at["category"]),
            "materials": MATERIALS.validate_python(at["materials"]),
            "channel": Channel(at["channel"]),
            "state": ReviewState(at["state"]),
            "code": at["code"] and BY_CODE.get(at["code"]),
            "standing": at["standing"] and RegistrationStanding(at["standing"]),
        }
    )


def _by_id(rows: Sequence[tuple[Any, ...]]) -> dict[RegistrationId, Review]:
    found = map(review_of, rows)
    return {review.registration_id: review for review in found}


def _row(review: Review) -> tuple[Any, ...]:
    values = {name: getattr(review, name) for name in COLUMNS}
    values["materials"] = _json(review.materials)
    return tuple(getattr(value, "value", value) for value in values.values())


def _json(materials: tuple[Material, ...]) -> str:
    return MATERIALS.dump_json(materials).decode()
