"""A file that is kept for an institution: uploaded by it (9101), or made for it to fetch (9102)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FileKind(StrEnum):
    """Who made it."""

    UPLOADED = "uploaded"  # the institution, with 9101
    OFFERED = "offered"  # we, as the result of what it asked for


@dataclass(frozen=True, slots=True, repr=False)
class StoredFile:
    """`file_no` is the interface's file_qury_no, 26 characters. `repr` shows no content."""

    file_no: str
    institution: str
    kind: FileKind
    filename: str
    content: bytes
    made_at: datetime
    expires_at: datetime

    @property
    def content_sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()
