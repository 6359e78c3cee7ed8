"""The thread of a case: messages and attachments, sealed, added and never edited."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import Fund
from contracts.delivery import bulk
from contracts.ids import SettlementId
from contracts.sealing import Sealer
from hub.domain.attachments import AttachmentKind
from hub.domain.case_states import CaseEvent
from hub.domain.cases import Entry

_ADD_MESSAGE = """
    INSERT INTO case_messages (entry_id, case_id, position, party, by, at, text_sealed, institution)
    SELECT %s, %s, 1 + count(*), %s, %s, %s, %s, %s FROM case_messages WHERE case_id = %s
    ON CONFLICT (entry_id) DO NOTHING
"""
_MESSAGE = "entry_id, case_id, party, by, at, text_sealed, institution"
_FIND_MESSAGE = f"SELECT {_MESSAGE} FROM case_messages WHERE entry_id = %s"  # noqa: S608
_MESSAGES = f"SELECT {_MESSAGE} FROM case_messages WHERE case_id = %s ORDER BY position"  # noqa: S608
_FIRST = f"""
    SELECT {_MESSAGE} FROM case_messages WHERE case_id = ANY(%s::uuid[]) AND position = 1
"""  # noqa: S608 - column names of ours
_EVENT = "SELECT event FROM case_steps WHERE entry_id = %s"
_COUNTS = """
    SELECT (SELECT count(*) FROM case_messages WHERE case_id = %s),
        (SELECT count(*) FROM case_attachments WHERE case_id = %s)
"""
_ADD_ATTACHMENT = """
    INSERT INTO case_attachments (attachment_id, case_id, position, party, by, at, name_sealed,
        kind, size_bytes, sha256, content_sealed)
    SELECT %s, %s, 1 + count(*), %s, %s, %s, %s, %s, %s, %s, %s
    FROM case_attachments WHERE case_id = %s
    ON CONFLICT (attachment_id) DO NOTHING
"""
_ATTACHMENT = "attachment_id, case_id, party, by, at, name_sealed, kind, size_bytes, sha256"
_FIND_ATTACHMENT = f"""
    SELECT {_ATTACHMENT} FROM case_attachments WHERE attachment_id = %s
"""  # noqa: S608 - column names of ours
_ATTACHMENTS = f"""
    SELECT {_ATTACHMENT} FROM case_attachments WHERE case_id = %s ORDER BY position
"""  # noqa: S608 - column names of ours
_HOSPITALS = """
    SELECT DISTINCT hospital_code FROM settlements WHERE settlement_id IN
        (SELECT settlement_id FROM case_settlements WHERE case_id = %s)
"""
_CONTENT = "SELECT content_sealed FROM case_attachments WHERE attachment_id = %s"
# Bills are locked in the order of their ids, so that two cases never wait for each other.
_BILLS = f"""
    SELECT settlement_id, insured_area, treatment_area, insurance_kind, visit_kind, hospital_code,
        total_fen, state, {", ".join(f"{fund.value}_fen" for fund in Fund)}
    FROM settlements WHERE settlement_id = ANY(%s::uuid[]) ORDER BY settlement_id
    FOR NO KEY UPDATE
"""  # noqa: S608 - column names of ours


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is kept of a file, beside its content."""

    attachment_id: UUID
    case_id: UUID
    party: str
    by: str
    at: datetime
    name: str
    kind: AttachmentKind
    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Bill:
    """What a case must know of a settlement; `funds` in fen."""

    settlement_id: SettlementId
    insured_area: str
    treatment_area: str
    insurance_kind: str
    visit_kind: str
    hospital_code: str
    total_fen: int
    state: str
    funds: dict[Fund, int]


def add_message(tx: Connection, entry: Entry, keys: Sealer) -> bool:
    """Whether it is new."""
    said = (entry.party, entry.by, entry.at, keys.seal(entry.text), entry.institution)
    row = (entry.entry_id, entry.case_id, *said, entry.case_id)
    return bulk.run(tx, _ADD_MESSAGE, row) == 1


def find_message(tx: Connection, entry_id: UUID, keys: Sealer) -> Entry | None:
    return next((_entry(row, keys) for row in bulk.fetch(tx, _FIND_MESSAGE, (entry_id,))), None)


def event_with(tx: Connection, entry_id: UUID) -> CaseEvent | None:
    """The step that a message gives the reason of, if it does."""
    return next((CaseEvent(row[0]) for row in bulk.fetch(tx, _EVENT, (entry_id,))), None)


def messages(tx: Connection, case_id: UUID, keys: Sealer) -> list[Entry]:
    return [_entry(row, keys) for row in bulk.fetch(tx, _MESSAGES, (case_id,))]


def first_messages(tx: Connection, ids: Iterable[UUID], keys: Sealer) -> dict[UUID, Entry]:
    """What each case was opened with."""
    return {row[1]: _entry(row, keys) for row in bulk.fetch(tx, _FIRST, (list(ids),))}


def counts(tx: Connection, case_id: UUID) -> tuple[int, int]:
    """How many messages and attachments a case has."""
    ((said, attached),) = bulk.fetch(tx, _COUNTS, (case_id, case_id))
    return said, attached


def add_attachment(tx: Connection, one: Attachment, content: bytes, keys: Sealer) -> bool:
    """Whether it is new."""
    who = (one.attachment_id, one.case_id, one.party, one.by, one.at)
    what = (keys.seal(one.name), one.kind.value, one.size_bytes, one.sha256)
    row = (*who, *what, keys.seal_bytes(content), one.case_id)
    return bulk.run(tx, _ADD_ATTACHMENT, row) == 1


def find_attachment(tx: Connection, attachment_id: UUID, keys: Sealer) -> Attachment | None:
    found = bulk.fetch(tx, _FIND_ATTACHMENT, (attachment_id,))
    return next((_attachment(row, keys) for row in found), None)


def attachments(tx: Connection, case_id: UUID, keys: Sealer) -> list[Attachment]:
    return [_attachment(row, keys) for row in bulk.fetch(tx, _ATTACHMENTS, (case_id,))]


def content_of(tx: Connection, attachment_id: UUID, keys: Sealer) -> bytes:
    ((sealed,),) = bulk.fetch(tx, _CONTENT, (attachment_id,))
    return keys.open_bytes(bytes(sealed))


def hospitals_of(tx: Connection, case_id: UUID) -> set[str]:
    """Where the settlements of a case were made."""
    return {row[0] for row in bulk.fetch(tx, _HOSPITALS, (case_id,))}


def lock_bills(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Bill]:
    """The settlements by id, which nobody moves before this transaction ends."""
    return {SettlementId(row[0]): _bill(row) for row in bulk.fetch(tx, _BILLS, (list(ids),))}


def _entry(row: tuple[Any, ...], keys: Sealer) -> Entry:
    entry_id, case_id, party, by, at, sealed, institution = row
    return Entry(entry_id, case_id, party, by, at, keys.open(sealed), institution)


def _attachment(row: tuple[Any, ...], keys: Sealer) -> Attachment:
    attachment_id, case_id, party, by, at, name, kind, size_bytes, sha256 = row
    return Attachment(
        attachment_id=attachment_id,
        case_id=case_id,
        party=party,
        by=by,
        at=at,
        name=keys.open(name),
        kind=AttachmentKind(kind),
        size_bytes=size_bytes,
        sha256=bytes(sha256),
    )


def _bill(row: tuple[Any, ...]) -> Bill:
    return Bill(
        settlement_id=SettlementId(row[0]),
        insured_area=row[1],
        treatment_area=row[2],
        insurance_kind=row[3],
        visit_kind=row[4],
        hospital_code=row[5],
        total_fen=row[6],
        state=row[7],
        funds=dict(zip(Fund, row[8:], strict=True)),
    )
