"""Files of institutions: kept whole, and forgotten when their time is over."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.stored_file import FileKind, StoredFile

_COLUMNS = "file_no, hospital_code, kind, filename, content, made_at, expires_at"
_OF = f"SELECT {_COLUMNS} FROM files WHERE file_no = ANY(%s) AND expires_at > %s"
_ADD = f"INSERT INTO files ({_COLUMNS}, content_sha256, size_bytes) VALUES %s"
_COUNT = """
    SELECT hospital_code, count(*) FROM files
    WHERE hospital_code = ANY(%s) AND kind = 'uploaded' AND expires_at > %s GROUP BY hospital_code
"""
_FORGET = "DELETE FROM files WHERE expires_at <= %s"


def add(tx: Connection, files: Sequence[StoredFile]) -> None:
    bulk.write_rows(tx, _ADD, "(%s, %s, %s, %s, %s, %s, %s, %s, %s)", [_row(one) for one in files])


def of(tx: Connection, file_nos: Iterable[str], now: datetime) -> dict[str, StoredFile]:
    """Those of these files that are still kept."""
    wanted = sorted(set(file_nos))
    return {row[0]: _file(row) for row in bulk.fetch(tx, _OF, (wanted, now))}


def uploads(tx: Connection, institutions: Iterable[str], now: datetime) -> dict[str, int]:
    """How many uploads of each are kept; who has none is left out."""
    wanted = sorted(set(institutions))
    return {row[0]: row[1] for row in bulk.fetch(tx, _COUNT, (wanted, now))}


def forget(tx: Connection, now: datetime) -> int:
    """Delete what has expired; how many there were."""
    return bulk.run(tx, _FORGET, (now,))


def _row(one: StoredFile) -> tuple[Any, ...]:
    facts = (one.file_no, one.institution, one.kind.value, one.filename, one.content)
    return (*facts, one.made_at, one.expires_at, one.content_sha256, len(one.content))


def _file(row: tuple[Any, ...]) -> StoredFile:
    file_no, institution, kind, filename, content, made_at, expires_at = row
    return StoredFile(
        file_no=file_no,
        institution=institution,
        kind=FileKind(kind),
        filename=filename,
        content=bytes(content),
        made_at=made_at,
        expires_at=expires_at,
    )
