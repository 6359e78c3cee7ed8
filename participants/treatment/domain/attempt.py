"""A hospital's message id: used once, answered once, and remembered even when it was withdrawn."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class MessageKey(NamedTuple):
    """A message id is a hospital's own: another's same id is simply another message."""

    hospital_code: str
    msgid: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a hospital. `content_sha256`: 32 bytes over what it asks for."""

    msgid: str
    hospital_code: str
    infno: str
    content_sha256: bytes

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


class ClaimKind(StrEnum):
    """What a message id is to us when it arrives."""

    NEW = "new"  # never seen: act
    REPLAY = "replay"  # the same request again: give the stored reply
    CLASH = "clash"  # another request under a used id: CONFLICTING_REPLAY
    WITHDRAWN = "withdrawn"  # 冲正 came before it, or undid it: WITHDRAWN_BEFORE


@dataclass(frozen=True, slots=True)
class Claim:
    """`reply_json` and `subject_id` with a replay only; no reply means still under way.

    `subject_id`: the settlement, trial or enquiry whose answer the first attempt waits for.
    """

    kind: ClaimKind
    reply_json: str | None = None
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An attempt as the database has it. A tombstone has no content.

    `subject_id`: the settlement, trial or enquiry that it asked about.
    """

    msgid: str
    hospital_code: str
    infno: str
    content_sha256: bytes | None
    reply_json: str | None
    subject_id: UUID | None
    is_withdrawn: bool

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)

    def claim_of(self, attempt: Attempt) -> Claim:
        """What this stored attempt makes of a later one with its message id."""
        if self.is_withdrawn:
            return Claim(ClaimKind.WITHDRAWN)
        if self.content_sha256 != attempt.content_sha256:
            return Claim(ClaimKind.CLASH)
        return Claim(ClaimKind.REPLAY, self.reply_json, self.subject_id)
