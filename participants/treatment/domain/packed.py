"""Files of the interface: a ZIP of one UTF-8 text, a row a line, TABs between, no header."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence

from contracts.refusal import RefusalCode, Refused
from participants.treatment.domain.keeping import Keeping

EMPTY = "null"
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # The same rows are the same bytes, whenever they are packed.
_IS_ENCRYPTED = 0x1
# What a damaged archive may raise, down to the decompressor's own complaints.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip
_SEPARATORS = str.maketrans({"\t": " ", "\r": " ", "\n": " "})


def pack(name: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A ZIP that holds `name`.txt; an empty value is written as null."""
    text = "".join("\t".join(_cell(value) for value in row) + "\n" for row in rows)
    entry = zipfile.ZipInfo(f"{name}.txt", _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(entry, text.encode())
    return content.getvalue()


def unpack(content: bytes, keeping: Keeping) -> str:
    """The text in a ZIP; Refused FILE_MALFORMED, in words, for whatever is not exactly that.

    Never unpacks more than `text_max_bytes`, whatever the archive says of itself.
    """
    if len(content) > keeping.file_max_bytes:
        raise _malformed(f"压缩文件最大{keeping.file_max_bytes // 1024}KB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entry = _only_entry(archive, keeping)
            with archive.open(entry) as stream:
                raw = stream.read(keeping.text_max_bytes + 1)
    except Refused:
        raise
    except _BROKEN as error:
        raise _malformed("应为ZIP压缩文件") from error
    if len(raw) > keeping.text_max_bytes:
        raise _too_large(keeping)
    return _text_of(raw, keeping)


def rows_of(text: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Every line by its columns, null as ''; Refused FILE_MALFORMED names the line that is wrong.

    Blank lines at the end are nothing; one in between is a fault.
    """
    return list(each_row(text, columns))


def each_row(text: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """As `rows_of`, one after the other."""
    lines = text.rstrip("\r\n").split("\n") if text.strip("\r\n") else []
    for number, line in enumerate(lines, start=1):
        cells = line.rstrip("\r").split("\t")
        if len(cells) != len(columns):
            raise _malformed(f"第{number}行应有{len(columns)}列，实有{len(cells)}列")
        yield _named(columns, cells)


def _named(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {
        name: "" if cell.strip().lower() == EMPTY else cell.strip()
        for name, cell in zip(columns, cells, strict=True)
    }


def _only_entry(archive: zipfile.ZipFile, keeping: Keeping) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) != 1:
        raise _malformed(f"压缩文件内应只有一个TXT文件，实有{len(entries)}个")
    entry = entries[0]
    if any(mark in entry.filename for mark in ("/", "\\", ":", "..")):
        raise _malformed("压缩文件内不得含目录")
    if not entry.filename.lower().endswith(".txt"):
        raise _malformed("压缩文件内应为TXT文件")
    if entry.flag_bits & _IS_ENCRYPTED or entry.compress_type not in _METHODS:
        raise _malformed("压缩文件不得加密，压缩方式应为deflate")
    packed_bytes = max(1, entry.compress_size)
    too_dense = entry.file_size > keeping.ratio_max * packed_bytes
    if entry.file_size > keeping.text_max_bytes or too_dense:
        raise _too_large(keeping)
    return entry


def _text_of(raw: bytes, keeping: Keeping) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _malformed(f"第{line}行不是UTF-8文本") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _malformed(f"第{line}行含有不允许的字符")
    if text.count("\n") > keeping.rows_max:
        raise _malformed(f"最多{keeping.rows_max}行")
    return text


def _cell(value: str) -> str:
    return value.translate(_SEPARATORS) or EMPTY


def _too_large(keeping: Keeping) -> Refused:
    return _malformed(f"解压后过大，最大{keeping.text_max_bytes // 1024}KB")


def _malformed(why: str) -> Refused:
    return Refused(RefusalCode.FILE_MALFORMED, why)
