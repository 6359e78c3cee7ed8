"""The desk's queue: reviews of one state by filter, what is due first comes first, in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from contracts.codes import Channel, RegistrationCategory
from contracts.delivery import bulk
from contracts.ids import RegistrationId
from participants.insured.domain.review import Review, ReviewState
from participants.insured.store.reviews import ALL, review_of

_ORDER = "ORDER BY due_on, submitted_at, registration_id LIMIT %s"
_AFTER = """(due_on, submitted_at, registration_id) > (
    SELECT due_on, submitted_at, registration_id FROM registration_reviews
    WHERE registration_id = %s)"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which reviews are wanted; what is None does not matter. `overdue` only where they wait."""

    state: ReviewState = ReviewState.WAITING
    category: RegistrationCategory | None = None
    division: str | None = None
    channel: Channel | None = None
    overdue: bool | None = None


def page(
    tx: Connection, wanted: Filter, *, today: date, after: RegistrationId | None, most: int
) -> list[Review]:
    """At most `most` reviews that come after `after`; the longest overdue are the first."""
    texts, values = _conditions(wanted, today)
    if after is not None:
        texts.append(_AFTER)
        values.append(after)
    query = f"{ALL} WHERE {' AND '.join(texts)} {_ORDER}"
    return [review_of(row) for row in bulk.fetch(tx, query, (*values, most))]


def _conditions(wanted: Filter, today: date) -> tuple[list[str], list[Any]]:
    given: Sequence[tuple[str, Any]] = (
        ("state = %s", wanted.state.value),
        ("category = %s", wanted.category and wanted.category.value),
        ("insured_division = %s", wanted.division),
        ("channel = %s", wanted.channel and wanted.channel.value),
    )
    kept = [(text, value) for text, value in given if value is not None]
    if wanted.overdue is not None:
        # Not bound to a state here: only what waits can be overdue, and the caller asks for that.
        kept.append(("(state = 'waiting' AND due_on < %s) = " + str(wanted.overdue), today))
    return [text for text, _ in kept], [value for _, value in kept]
