"""Every step of every registration, as it came; never changed."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import MessageId, PersonId, RegistrationId
from contracts.messages.registration import Change, RegistrationStanding
from contracts.refusal import BY_CODE
from participants.insured.domain.history import Entry, HistoryStep

# fmt: off
COLUMNS = ("registration_id", "person_id", "at", "step", "by", "why", "code", "standing",
           "change", "change_id")
# fmt: on
_LISTED = ", ".join(COLUMNS)
_ADD = f"INSERT INTO registration_history ({_LISTED}) VALUES %s"
_TEMPLATE = f"({', '.join(['%s'] * len(COLUMNS))})"
_ALL = f"SELECT {_LISTED} FROM registration_history"
_OF = f"{_ALL} WHERE registration_id = %s ORDER BY history_id LIMIT %s"
_WISH = f"{_ALL} WHERE change_id = %s AND step = 'change_asked'"


def add(tx: Connection, entries: Iterable[Entry]) -> None:
    bulk.write_rows(tx, _ADD, _TEMPLATE, [_row(entry) for entry in entries])


def of(tx: Connection, id_: RegistrationId, most: int) -> list[Entry]:
    """The first `most` steps, oldest first."""
    return _entries(bulk.fetch(tx, _OF, (id_, most)))


def wish(tx: Connection, change_id: MessageId) -> Entry | None:
    """The change that the desk asked for under this id, if it did."""
    return next(iter(_entries(bulk.fetch(tx, _WISH, (change_id,)))), None)


def _row(entry: Entry) -> tuple[Any, ...]:
    values = (getattr(entry, name) for name in COLUMNS)
    return tuple(getattr(value, "value", value) for value in values)


def _entries(rows: Sequence[tuple[Any, ...]]) -> list[Entry]:
    return [_entry(dict(zip(COLUMNS, row, strict=True))) for row in rows]


def _entry(at: dict[str, Any]) -> Entry:
    return Entry(
        **at
        | {
            "registration_id": RegistrationId(at["registration_id"]),
            "person_id": PersonId(at["person_id"]),
            "step": HistoryStep(at["step"]),
            "code": at["code"] and BY_CODE.get(at["code"]),
            "standing": at["standing"] and RegistrationStanding(at["standing"]),
            "change": at["change"] and Change(at["change"]),
        }
    )
