"""Registrations under review."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.delivery import bulk
from contracts.ids import PersonId, RegistrationId
from contracts.refusal import RefusalCode
from participants.insured.domain.review import Review, ReviewState

# fmt: off
COLUMNS = ("registration_id", "person_id", "insured_division", "insurance_kind", "category",
           "place", "begins_on", "ends_on", "materials", "asked_at", "state", "decided_at",
           "decided_by", "code", "reason")
# fmt: on
CODES = {code.value: code for code in RefusalCode}

_ALL = f"SELECT {', '.join(COLUMNS)} FROM registration_reviews"
_LOCK = f"{_ALL} WHERE registration_id = ANY(%s::uuid[]) ORDER BY registration_id FOR UPDATE"
_LISTED = f"{_ALL} WHERE state = %s ORDER BY asked_at, registration_id LIMIT %s"
_ADD = f"INSERT INTO registration_reviews ({', '.join(COLUMNS)}) VALUES %s"
_ADD_TEMPLATE = f"({', '.join(['%s'] * len(COLUMNS))})"
_DECIDE = """
    UPDATE registration_reviews SET state = %s, decided_at = %s, decided_by = %s, code = %s,
        reason = %s WHERE registration_id = %s AND state = 'waiting'
"""


def lock(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Review]:
    """Load and lock, in id order."""
    found = [_review(row) for row in bulk.fetch(tx, _LOCK, (list(ids),))]
    return {review.registration_id: review for review in found}


def listed(tx: Connection, state: ReviewState, most: int) -> list[Review]:
    """Reviews in a state, the oldest first."""
    return [_review(row) for row in bulk.fetch(tx, _LISTED, (state.value, most))]


def add(tx: Connection, reviews: Sequence[Review]) -> None:
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, [_row(review) for review in reviews])


def decide(tx: Connection, review: Review) -> None:
    """Write a decision over a locked review that still waited."""
    code = None if review.code is None else review.code.value
    said = (review.state.value, review.decided_at, review.decided_by, code, review.reason)
    touched = bulk.run(tx, _DECIDE, (*said, review.registration_id))
    assert touched == 1, "only a review that waits under our lock is decided"


def _row(review: Review) -> tuple[Any, ...]:
    values = {name: getattr(review, name) for name in COLUMNS}
    values["materials"] = list(review.materials)
    return tuple(getattr(value, "value", value) for value in values.values())


def _review(row: tuple[Any, ...]) -> Review:
    at = dict(zip(COLUMNS, row, strict=True))
    return Review(
        **at
        | {
            "registration_id": RegistrationId(at["registration_id"]),
            "person_id": PersonId(at["person_id"]),
            "insurance_kind": InsuranceKind(at["insurance_kind"]),
            "category": RegistrationCategory(at["category"]),
            "materials": tuple(at["materials"]),
            "state": ReviewState(at["state"]),
            "code": CODES.get(at["code"]),
        }
    )
