"""Attachments of a case: what a file is by its content, and what is refused. Pure.

A name and a declared type prove nothing: the first bytes say what it is, the rest must fit it, and
what could run something when it is opened is not taken.
"""

import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from hub.domain.identity_numbers import without_identity_numbers

NAME_MAX = 100
ENTRIES_MAX = 2_000
UNPACKED_MAX = 64 * 1_048_576
MARKUP_MAX = 4 * 1_048_576
"""How much of one part of an office file, or of all packed objects of a PDF, is looked at."""


class AttachmentKind(StrEnum):
    """What an attachment may be; its media type and extensions are in KINDS."""

    PDF = "pdf"  # 版式文件
    OFD = "ofd"  # 版式文件 (GB/T 33190), as electronic invoices are
    PNG = "png"  # 图片
    JPEG = "jpeg"  # 图片
    XLSX = "xlsx"  # 电子表格, without macros
    DOCX = "docx"  # 文字文档, without macros


@dataclass(frozen=True, slots=True)
class KindFacts:
    media_type: str
    extensions: tuple[str, ...]


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
KINDS: Mapping[AttachmentKind, KindFacts] = {
    AttachmentKind.PDF: KindFacts("application/pdf", ("pdf",)),
    AttachmentKind.OFD: KindFacts("application/ofd", ("ofd",)),
    AttachmentKind.PNG: KindFacts("image/png", ("png",)),
    AttachmentKind.JPEG: KindFacts("image/jpeg", ("jpg", "jpeg")),
    AttachmentKind.XLSX: KindFacts(f"{_OPEN_XML}.spreadsheetml.sheet", ("xlsx",)),
    AttachmentKind.DOCX: KindFacts(f"{_OPEN_XML}.wordprocessingml.document", ("docx",)),
}


class AttachmentRefused(Exception):
    """Why a file is not taken, in Chinese, without any of its content."""


_ARCHIVE, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
# What a PDF does by itself. Every script is of the type /JavaScript; a name as short as /JS would
# turn up in pictures by chance.
_PDF_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|XFA)(?![A-Za-z0-9])"
)
_PDF_ENCRYPTED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PDF_HEADER_MAX = 1_024
# Parts of an office file that carry code or other programs' objects, in lower case.
_FORBIDDEN_PARTS = re.compile(
    r"vbaproject|vbadata|macrosheets|dialogsheets|activex|embeddings/|ctrlprops|customui"
    r"|externallinks|connections\.xml|\.(?:exe|dll|js|vbs|bat|cmd|ps1|jar|html?|svg|hta)$"
    r"|^(?!.*printersettings/).*\.bin$"
)
_FORBIDDEN_MARKUP = re.compile(
    rb"macroenabled|vbaproject|attachedtemplate|relationships/oleobject|relationships/package"
    rb"|relationships/frame|ddeauto|<ddelink|<!doctype|<!entity",
    re.IGNORECASE,
)
_BROKEN = (BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)
_MARKUP = re.compile(r"(?:\.rels|\.xml)$")


def kind_of(content: bytes, name: str) -> AttachmentKind:
    """What the content is. AttachmentRefused: unknown, active, broken, or named as something else."""
    kind = _by_its_bytes(content)
    _CHECKS[kind](content)
    extension = name.rpartition(".")[2].lower()
    if extension not in KINDS[kind].extensions:
        raise AttachmentRefused(f"文件扩展名与内容不符，内容为{kind.value.upper()}")
    return kind


def safe_name(name: str, kind: AttachmentKind) -> str:
    """A name for lists and for saving: no path, no control or steering characters, no identity
    number, at most NAME_MAX characters, with an extension of its kind.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFKC", name))[-1]
    plain = "".join(c for c in last if unicodedata.category(c)[0] not in {"C", "Z"} or c == " ")
    stem = re.sub(r'[<>:"|?*%]', "_", plain.rpartition(".")[0])
    stem = without_identity_numbers(stem).strip(" .")
    if not stem or re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", stem):
        stem = f"附件{stem}"
    extension = KINDS[kind].extensions[0]
    return f"{stem[: NAME_MAX - len(extension) - 1].rstrip(' .')}.{extension}"


def _by_its_bytes(content: bytes) -> AttachmentKind:
    for start, kind in (
        (b"%PDF-", AttachmentKind.PDF),
        (b"\x89PNG\r\n\x1a\n", AttachmentKind.PNG),
        (b"\xff\xd8\xff", AttachmentKind.JPEG),
    ):
        if content.startswith(start):
            return kind
    if content.startswith(_OLD_OFFICE):
        raise AttachmentRefused("不接收旧版或加密的Office文件，请另存为xlsx、docx或pdf")
    if content.startswith(_ARCHIVE):
        return _kind_of_archive(content)
    raise AttachmentRefused("只接收PDF、OFD、PNG、JPEG、XLSX、DOCX文件")


def _kind_of_archive(content: bytes) -> AttachmentKind:
    names = set(_opened(content).namelist())
    for main, kind in (
        ("xl/workbook.xml", AttachmentKind.XLSX),
        ("word/document.xml", AttachmentKind.DOCX),
        ("OFD.xml", AttachmentKind.OFD),
    ):
        if main in names:
            return kind
    raise AttachmentRefused("不接收压缩包")


def _check_pdf(content: bytes) -> None:
    if not content.rstrip(b"\r\n\x00 ").endswith(b"%%EOF"):
        raise AttachmentRefused("PDF文件不完整")
    plain = _unescaped(content)
    if _PDF_ENCRYPTED.search(plain):
        raise AttachmentRefused("不接收加密的PDF")
    if _PDF_ACTIVE.search(plain) or _PDF_ACTIVE.search(_unescaped(_packed_objects(content))):
        raise AttachmentRefused("PDF含脚本、动作或内嵌文件")


def _unescaped(content: bytes) -> bytes:
    """With the escapes of PDF names undone, which may spell a word in another way."""
    return _PDF_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), content)


def _packed_objects(content: bytes) -> bytes:
    """The objects that lie in compressed streams: what else lies in streams does nothing."""
    found = bytearray()
    for match in _PDF_STREAM.finditer(content):
        header = content[max(0, match.start() - _PDF_HEADER_MAX) : match.start()]
        if b"/ObjStm" not in _unescaped(header.rpartition(b"endobj")[2]):
            continue
        try:
            found += zlib.decompressobj().decompress(match[1], MARKUP_MAX - len(found) + 1)
        except zlib.error as error:
            raise AttachmentRefused("PDF结构异常，无法检查") from error
        if len(found) > MARKUP_MAX:
            raise AttachmentRefused("PDF内容过大，无法检查")
    return bytes(found)


def _check_png(content: bytes) -> None:
    if not content.endswith(_PNG_END):
        raise AttachmentRefused("图片不完整或其后附有其他内容")


def _check_jpeg(content: bytes) -> None:
    if not content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        raise AttachmentRefused("图片不完整或其后附有其他内容")


def _check_archive(content: bytes) -> None:
    with _opened(content) as archive:
        parts = archive.infolist()
        if len(parts) > ENTRIES_MAX or sum(part.file_size for part in parts) > UNPACKED_MAX:
            raise AttachmentRefused("文件解压后过大")
        for part in parts:
            _check_part(archive, part)


def _check_part(archive: ZipFile, part: ZipInfo) -> None:
    name = part.filename.lower()
    is_packed_plainly = part.compress_type in {ZIP_STORED, ZIP_DEFLATED}
    if ".." in name or name.startswith("/") or part.flag_bits & 1 or not is_packed_plainly:
        raise AttachmentRefused("文件结构异常或已加密")
    if _FORBIDDEN_PARTS.search(name):
        raise AttachmentRefused("文件含宏、脚本、内嵌对象或外部链接")
    if not _MARKUP.search(name):
        return
    begin = _read(archive, part)
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")) or _FORBIDDEN_MARKUP.search(begin):
        raise AttachmentRefused("文件含宏、外部模板或外部对象")


def _read(archive: ZipFile, part: ZipInfo) -> bytes:
    """The first MARKUP_MAX bytes of a part; a sheet's own rows may be longer than that."""
    try:
        with archive.open(part) as opened:
            return opened.read(MARKUP_MAX)
    except _BROKEN as error:
        raise AttachmentRefused("文件已损坏") from error


def _opened(content: bytes) -> ZipFile:
    try:
        return ZipFile(BytesIO(content))
    except _BROKEN as error:
        raise AttachmentRefused("文件已损坏") from error


_CHECKS: Mapping[AttachmentKind, Callable[[bytes], None]] = {
    AttachmentKind.PDF: _check_pdf,
    AttachmentKind.OFD: _check_archive,
    AttachmentKind.PNG: _check_png,
    AttachmentKind.JPEG: _check_jpeg,
    AttachmentKind.XLSX: _check_archive,
    AttachmentKind.DOCX: _check_archive,
}
