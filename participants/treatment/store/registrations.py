"""Registrations filed here and wishes to cancel them: added, locked, and told by the hub."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import MessageId, RegistrationId
from contracts.messages.registration import RegistrationTold, Wanted
from contracts.refusal import BY_CODE, RefusalCode
from participants.treatment.domain.filing import (
    Cancellation,
    CancellationAsked,
    Filed,
    Filing,
    FilingState,
    NewCancellation,
    NewFiling,
)

_ADD = """
    INSERT INTO registrations (registration_id, msgid, hospital_code, infno, person_id, wanted,
                               state, filed_at, answer_by) VALUES %s
"""
_COLUMNS = """
    registration_id, hospital_code, infno, person_id, wanted, state, code, detail, answer_by,
    told_at
"""
_OF = f"""
    SELECT {_COLUMNS} FROM registrations WHERE registration_id = ANY(%s::uuid[])
    ORDER BY registration_id
"""
_LOCK = f"{_OF} FOR UPDATE"
# A change that was refused says where the registration stands, and nothing new about itself.
_TELL = """
    UPDATE registrations SET state = told.state, told_at = told.at,
        code = CASE WHEN told.is_change THEN registrations.code ELSE told.code END,
        detail = CASE WHEN told.is_change THEN registrations.detail ELSE told.detail END
    FROM (VALUES %s) AS told (registration_id, state, at, is_change, code, detail)
    WHERE registrations.registration_id = told.registration_id
      AND coalesce(registrations.told_at, '-infinity') <= told.at
"""
_ADD_CANCELLATIONS = """
    INSERT INTO registration_cancellations
        (cancellation_id, registration_id, msgid, asked_at, answer_by) VALUES %s
"""
_CANCELLATION = "cancellation_id, registration_id, is_done, code, detail, answer_by"
_CANCELLATIONS = f"""
    SELECT {_CANCELLATION} FROM registration_cancellations
    WHERE cancellation_id = ANY(%s::uuid[])
"""
_OPEN = f"""
    SELECT {_CANCELLATION} FROM registration_cancellations
    WHERE registration_id = ANY(%s::uuid[]) AND NOT is_done AND code IS NULL
"""
# Whoever cancelled it: what this hospital wished has come true.
_CONCLUDE = f"""
    UPDATE registration_cancellations AS mine SET is_done = told.is_cancelled, told_at = told.at,
        code = CASE WHEN told.is_cancelled THEN NULL
                    ELSE coalesce(told.code, '{RefusalCode.OUT_OF_STEP.value}') END,
        detail = CASE WHEN told.is_cancelled THEN '' ELSE told.detail END
    FROM (VALUES %s) AS told (registration_id, change_id, is_cancelled, at, code, detail)
    WHERE mine.registration_id = told.registration_id AND NOT mine.is_done AND mine.code IS NULL
      AND (told.is_cancelled OR mine.cancellation_id = told.change_id)
    RETURNING cancellation_id
"""


def add(tx: Connection, filed: Sequence[tuple[Filed, NewFiling]], now: datetime) -> None:
    rows = [
        (
            stored.registration_id,
            one.msgid,
            one.hospital_code,
            one.infno,
            one.wanted.person_id,
            one.wanted.model_dump_json(),
            FilingState.SENT.value,
            now,
            stored.answer_by,
        )
        for stored, one in filed
    ]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


def of(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Filing]:
    return _read(tx, _OF, ids)


def lock(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Filing]:
    """Load and lock, in id order so that two batches cannot deadlock."""
    return _read(tx, _LOCK, ids)


def tell(tx: Connection, told: Iterable[RegistrationTold]) -> None:
    """Follow the hub's newest word on each; one row a registration."""
    newest = {one.registration_id: one for one in sorted(told, key=lambda one: one.at)}
    rows = [
        (id_, one.state.value, one.at, one.change_id is not None, _code(one), one.detail)
        for id_, one in newest.items()
    ]
    template = "(%s::uuid, %s, %s::timestamptz, %s::boolean, %s::text, %s)"
    bulk.write_rows(tx, _TELL, template, rows)


def add_cancellations(
    tx: Connection, asked: Sequence[tuple[CancellationAsked, NewCancellation]], now: datetime
) -> None:
    rows = [
        (stored.cancellation_id, one.registration_id, one.msgid, now, stored.answer_by)
        for stored, one in asked
    ]
    bulk.write_rows(tx, _ADD_CANCELLATIONS, "(%s::uuid, %s::uuid, %s, %s, %s)", rows)


def cancellations(tx: Connection, ids: Iterable[MessageId]) -> dict[MessageId, Cancellation]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: _cancellation(row) for row in bulk.fetch(tx, _CANCELLATIONS, (wanted,))}


def open_cancellations(
    tx: Connection, ids: Iterable[RegistrationId]
) -> dict[RegistrationId, Cancellation]:
    """The wish under way of each registration; ask after locking them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[1]: _cancellation(row) for row in bulk.fetch(tx, _OPEN, (wanted,))}


def conclude(tx: Connection, told: Iterable[RegistrationTold]) -> list[UUID]:
    """End the wishes that these words answer; their ids."""
    rows = [
        (
            one.registration_id,
            one.change_id,
            one.state.value == FilingState.CANCELLED.value,
            one.at,
            _code(one),
            one.detail,
        )
        for one in told
    ]
    template = "(%s::uuid, %s::uuid, %s::boolean, %s::timestamptz, %s::text, %s)"
    return [row[0] for row in bulk.write_and_return(tx, _CONCLUDE, template, rows)]


def _code(told: RegistrationTold) -> str | None:
    return None if told.code is None else told.code.value


def _read(
    tx: Connection, statement: str, ids: Iterable[RegistrationId]
) -> dict[RegistrationId, Filing]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: _filing(row) for row in bulk.fetch(tx, statement, (wanted,))}


def _filing(row: tuple[Any, ...]) -> Filing:
    id_, hospital_code, infno, person_id, wanted, state, code, detail, answer_by, told_at = row
    return Filing(
        registration_id=id_,
        hospital_code=hospital_code,
        infno=infno,
        person_id=person_id,
        wanted=Wanted.model_validate_json(wanted),
        state=FilingState(state),
        code=None if code is None else BY_CODE[code],
        detail=detail,
        answer_by=answer_by,
        told_at=told_at,
    )


def _cancellation(row: tuple[Any, ...]) -> Cancellation:
    id_, registration_id, is_done, code, detail, answer_by = row
    return Cancellation(
        cancellation_id=id_,
        registration_id=registration_id,
        is_done=is_done,
        code=None if code is None else BY_CODE[code],
        detail=detail,
        answer_by=answer_by,
    )
