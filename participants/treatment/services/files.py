"""Files that go between institutions and us: 9101 brings them, 9102 fetches them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.ids import new_id, short_text_of
from contracts.refusal import RefusalCode, Refused
from participants.treatment.domain.keeping import KEEPING, Keeping
from participants.treatment.domain.packed import each_row, pack, unpack
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.stored_file import FileKind, StoredFile
from participants.treatment.store import files as store


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """A file as an institution sends it; `repr` shows no content."""

    institution: str
    filename: str
    content: bytes


def upload(
    tx: Connection, uploads: Sequence[Upload], now: datetime, keeping: Keeping = KEEPING
) -> list[StoredFile | Refusal]:
    """Keep these files, 9101. Each is a ZIP of one text; its columns are read when it is used.

    Refusals: FILE_MALFORMED, RATE_LIMITED (too many files of one institution are kept).
    """
    kept = store.uploads(tx, (one.institution for one in uploads), now)
    results: list[StoredFile | Refusal] = []
    for one in uploads:
        result = _checked(one, kept.get(one.institution, 0), now, keeping)
        if isinstance(result, StoredFile):
            kept[one.institution] = kept.get(one.institution, 0) + 1
        results.append(result)
    store.add(tx, [one for one in results if isinstance(one, StoredFile)])
    return results


def offer(
    tx: Connection,
    institution: str,
    filename: str,
    rows: Iterable[Sequence[str]],
    now: datetime,
    *,
    keeping: Keeping = KEEPING,
) -> StoredFile:
    """Keep rows of text for an institution to fetch with 9102, as `filename` (a .zip).

    What goes into an answer is `file_no`, `filename` and `expires_at`.
    """
    content = pack(filename.removesuffix(".zip"), rows)
    made = _stored(Upload(institution, filename, content), FileKind.OFFERED, now, keeping)
    store.add(tx, [made])
    return made


def read_rows(
    tx: Connection,
    institution: str,
    file_qury_no: str,
    columns: Sequence[str],
    now: datetime,
    *,
    keeping: Keeping = KEEPING,
) -> list[dict[str, str]]:
    """The lines of a file that the institution uploaded, by column, an empty value as ''.

    Refused FILE_UNKNOWN, or FILE_MALFORMED with the line, '第3行应有7列，实有6列'.
    """
    return list(stream_rows(tx, institution, file_qury_no, columns, now, keeping=keeping))


def stream_rows(
    tx: Connection,
    institution: str,
    file_qury_no: str,
    columns: Sequence[str],
    now: datetime,
    *,
    keeping: Keeping = KEEPING,
) -> Iterator[dict[str, str]]:
    """As `read_rows`, one after the other; refused when it is called, or at the line."""
    found = of(tx, [file_qury_no], now).get(file_qury_no)
    is_theirs = found is not None and found.institution == institution
    if found is None or not is_theirs or found.kind is not FileKind.UPLOADED:
        raise Refused(RefusalCode.FILE_UNKNOWN, f"文件查询号(file_qury_no){file_qury_no}")
    return each_row(unpack(found.content, keeping), columns)


def of(tx: Connection, file_nos: Iterable[str], now: datetime) -> dict[str, StoredFile]:
    """Those of these files that are still kept, whoever's they are."""
    return store.of(tx, file_nos, now)


def _checked(one: Upload, kept: int, now: datetime, keeping: Keeping) -> StoredFile | Refusal:
    if kept >= keeping.uploads_max:
        return Refusal(RefusalCode.RATE_LIMITED, f"已保存{kept}个文件，请待到期后再上传")
    try:
        unpack(one.content, keeping)
    except Refused as no:
        return Refusal(no.code, no.detail)
    return _stored(one, FileKind.UPLOADED, now, keeping)


def _stored(one: Upload, kind: FileKind, now: datetime, keeping: Keeping) -> StoredFile:
    return StoredFile(
        file_no=short_text_of(new_id()),
        institution=one.institution,
        kind=kind,
        filename=one.filename,
        content=one.content,
        made_at=now,
        expires_at=now + keeping.file_for,
    )
