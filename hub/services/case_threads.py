"""The thread of a case: what its parties say to each other, and the files they show."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.clock import shanghai_date_of
from contracts.codes import Role
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.attachment_checks import AttachmentRefused
from hub.domain.attachments import kind_of, safe_name
from hub.domain.case_clock import CaseParameters, parameters_on
from hub.domain.case_states import ENDED, CaseEvent
from hub.domain.cases import Case, Entry
from hub.domain.identity_numbers import holds_identity_number
from hub.services.case_parties import party_of
from hub.store import case_threads as store
from hub.store.case_threads import Attachment

TEXT_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it comes in; `institution`: for which hospital a treatment area speaks."""

    entry_id: UUID
    text: str
    institution: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it comes in."""

    attachment_id: UUID
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Thread:
    """All that was said and shown, in order."""

    messages: tuple[Entry, ...]
    attachments: tuple[Attachment, ...]


def say(
    tx: Connection, case: Case, said: Said, by: Principal, *, keys: Sealer, now: datetime
) -> Entry:
    """A party's message in a locked case. The same id and text again: the same message.

    Refused: OUT_OF_STEP when the case has ended, CONFLICTING_REPLAY, and as `write`.
    """
    if is_said(tx, case, said, by, keys=keys, event=None):
        found = store.find_message(tx, said.entry_id, keys)
        assert found is not None, said.entry_id
        return found
    if case.state in ENDED:
        raise Refused(RefusalCode.OUT_OF_STEP, case.state.value)
    return write(tx, case, said, by, keys=keys, now=now)


def is_said(
    tx: Connection,
    case: Case,
    said: Said,
    by: Principal,
    *,
    keys: Sealer,
    event: CaseEvent | None,
) -> bool:
    """Whether this very message was written before, for the same step.

    Refused: CONFLICTING_REPLAY.
    """
    there = store.find_message(tx, said.entry_id, keys)
    if there is None:
        return False
    same = there.says_the_same_as(_entry(case, said, by, there.at))
    if not same or store.event_with(tx, said.entry_id) is not event:
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(said.entry_id))
    return True


def write(
    tx: Connection, case: Case, said: Said, by: Principal, *, keys: Sealer, now: datetime
) -> Entry:
    """Add a message to a locked case.

    Refused: FIELD_INVALID for an identity number or another's hospital, FIELD_MISSING and
    FIELD_TOO_LONG, OUT_OF_STEP when the thread is full, CONFLICTING_REPLAY for an id in use.
    """
    _check_text(said.text)
    _check_institution(tx, case, said, by)
    if store.counts(tx, case.case_id)[0] >= _parameters(case).messages_max:
        raise Refused(RefusalCode.OUT_OF_STEP, "留言已达上限")
    entry = _entry(case, said, by, now)
    if not store.add_message(tx, entry, keys):
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(said.entry_id))
    return entry


def attach(
    tx: Connection, case: Case, upload: Upload, by: Principal, *, keys: Sealer, now: datetime
) -> Attachment:
    """A party's file in a locked case, checked by its content. Again the same: the same.

    Refused: ATTACHMENT_REFUSED, OUT_OF_STEP when the case has ended, CONFLICTING_REPLAY.
    """
    wanted = _checked(case, upload, by, now)
    there = store.find_attachment(tx, upload.attachment_id, keys)
    if there is not None:
        return _same(there, wanted)
    if case.state in ENDED:
        raise Refused(RefusalCode.OUT_OF_STEP, case.state.value)
    most = _parameters(case).attachments_max
    if store.counts(tx, case.case_id)[1] >= most:
        raise Refused(RefusalCode.ATTACHMENT_REFUSED, f"每个事项最多{most}个附件")
    if not store.add_attachment(tx, wanted, upload.content, keys):
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(upload.attachment_id))
    return wanted


def fetch(
    tx: Connection, case: Case, attachment_id: UUID, keys: Sealer
) -> tuple[Attachment, bytes]:
    """A file of this case, as it came. Refused: FILE_UNKNOWN."""
    found = store.find_attachment(tx, attachment_id, keys)
    if found is None or found.case_id != case.case_id:
        raise Refused(RefusalCode.FILE_UNKNOWN)
    content = store.content_of(tx, attachment_id, keys)
    assert hashlib.sha256(content).digest() == found.sha256, f"attachment {attachment_id} differs"
    return found, content


def thread(tx: Connection, case: Case, keys: Sealer) -> Thread:
    return Thread(
        tuple(store.messages(tx, case.case_id, keys)),
        tuple(store.attachments(tx, case.case_id, keys)),
    )


def shown_by(tx: Connection, case: Case, party: str, keys: Sealer) -> int:
    """How many files a party has shown in a case."""
    return sum(one.party == party for one in store.attachments(tx, case.case_id, keys))


def _entry(case: Case, said: Said, by: Principal, at: datetime) -> Entry:
    who = (party_of(by), by.subject, at)
    return Entry(said.entry_id, case.case_id, *who, said.text, said.institution)


def _parameters(case: Case) -> CaseParameters:
    return parameters_on(shanghai_date_of(case.opened_at))


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused(RefusalCode.FIELD_MISSING, "text")
    if len(text) > TEXT_MAX:
        raise Refused(RefusalCode.FIELD_TOO_LONG, "text")
    if "\x00" in text:
        raise Refused(RefusalCode.FIELD_INVALID, "text")
    if holds_identity_number(text):
        raise Refused(RefusalCode.FIELD_INVALID, "text：请勿填写证件号码，以结算编号指称")


def _check_institution(tx: Connection, case: Case, said: Said, by: Principal) -> None:
    """A hospital speaks through its treatment area, in cases about its own settlements."""
    if said.institution is None:
        return
    speaks = party_of(by).startswith(f"{Role.TREATMENT}.")
    if not speaks or said.institution not in store.hospitals_of(tx, case.case_id):
        raise Refused(RefusalCode.FIELD_INVALID, "institution")


def _checked(case: Case, upload: Upload, by: Principal, now: datetime) -> Attachment:
    most = _parameters(case).attachment_max_bytes
    if not 0 < len(upload.content) <= most:
        raise Refused(RefusalCode.ATTACHMENT_REFUSED, f"文件不能为空，且不超过{most}字节")
    try:
        kind = kind_of(upload.content, upload.name)
    except AttachmentRefused as error:
        raise Refused(RefusalCode.ATTACHMENT_REFUSED, str(error)) from error
    return Attachment(
        attachment_id=upload.attachment_id,
        case_id=case.case_id,
        party=party_of(by),
        by=by.subject,
        at=now,
        name=safe_name(upload.name, kind),
        kind=kind,
        size_bytes=len(upload.content),
        sha256=hashlib.sha256(upload.content).digest(),
    )


def _same(there: Attachment, wanted: Attachment) -> Attachment:
    mine = (wanted.case_id, wanted.party, wanted.by, wanted.name, wanted.sha256)
    if mine != (there.case_id, there.party, there.by, there.name, there.sha256):
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(wanted.attachment_id))
    return there
