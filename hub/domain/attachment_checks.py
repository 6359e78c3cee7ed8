"""What is looked for inside a file before it is taken as an attachment: code, bombs, lies. Pure."""

import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

ENTRIES_MAX = 2_000
UNPACKED_MAX = 64 * 1_048_576
MARKUP_MAX = 4 * 1_048_576
"""How much of one part of an office file, or of all packed objects of a PDF, is looked at."""
_CHUNK = 4_096


class AttachmentRefused(Exception):
    """Why a file is not taken, in Chinese, without any of its content."""


_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
# What a PDF does by itself. Every script is of the type /JavaScript; a name as short as /JS would
# turn up in pictures by chance.
_PDF_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|XFA)(?![A-Za-z0-9])"
)
_PDF_ENCRYPTED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_PDF_STREAM = re.compile(rb"stream[ \t]{0,8}(?:\r\n|\r|\n)")
_PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
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
_CHARACTER = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
_BROKEN = (BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)
_MARKUP = re.compile(r"(?:\.rels|\.xml)$")
_RELATIONS = ".rels"


def check_pdf(content: bytes) -> None:
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
    for begin in _object_streams(content):
        found += _unpacked(content, begin, MARKUP_MAX + 1 - len(found))
        if len(found) > MARKUP_MAX:
            raise AttachmentRefused("PDF内容过大，无法检查")
    return bytes(found)


def _object_streams(content: bytes) -> Iterator[int]:
    """Where the data of each stream of packed objects begins.

    Its dictionary stands before it, behind whatever stream came before. Where a stream ends is not
    asked: the word for it may stand within its data, to hide what follows. Once over the file only,
    however many streams it has.
    """
    before = 0
    for stream in _PDF_STREAM.finditer(content):
        if b"/ObjStm" in _unescaped(content[before : stream.start()]):
            yield stream.end()
        before = stream.end()


def _unpacked(content: bytes, begin: int, bytes_max: int) -> bytes:
    """One deflated stream to its own end, by small portions of what is packed."""
    found, inflate = bytearray(), zlib.decompressobj()
    try:
        for at in range(begin, len(content), _CHUNK):
            found += inflate.decompress(content[at : at + _CHUNK], bytes_max - len(found))
            if inflate.eof or len(found) >= bytes_max:
                break
    except zlib.error as error:
        raise AttachmentRefused("PDF结构异常，无法检查") from error
    return bytes(found)


def check_png(content: bytes) -> None:
    if not content.endswith(_PNG_END):
        raise AttachmentRefused("图片不完整或其后附有其他内容")


def check_jpeg(content: bytes) -> None:
    if not content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        raise AttachmentRefused("图片不完整或其后附有其他内容")


def check_archive(content: bytes) -> None:
    with opened(content) as archive:
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
    if name.endswith(_RELATIONS) and part.file_size > MARKUP_MAX:
        raise AttachmentRefused("文件过大，无法检查")
    _check_markup(_read(archive, part))


def _check_markup(begin: bytes) -> None:
    """Only UTF-8, so that what is searched is what a reader reads; a word may be spelt by number."""
    if b"\x00" in begin[:4] or begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise AttachmentRefused("文件含宏、外部模板或外部对象")
    if _FORBIDDEN_MARKUP.search(_CHARACTER.sub(_spelt, begin)):
        raise AttachmentRefused("文件含宏、外部模板或外部对象")


def _spelt(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    return bytes([code]) if 0 < code < 0x80 else found[0]


def _read(archive: ZipFile, part: ZipInfo) -> bytes:
    """The first MARKUP_MAX bytes of a part; a sheet's own rows may be longer than that."""
    try:
        with archive.open(part) as one:
            return one.read(MARKUP_MAX)
    except _BROKEN as error:
        raise AttachmentRefused("文件已损坏") from error


def opened(content: bytes) -> ZipFile:
    """Refused: a broken archive."""
    try:
        return ZipFile(BytesIO(content))
    except _BROKEN as error:
        raise AttachmentRefused("文件已损坏") from error
