"""Attachments of a case: what a file is by its content, and what is refused. Pure.

A name and a declared type prove nothing: the first bytes say what it is, the rest must fit it, and
what could run something when it is opened is not taken.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.domain.attachment_checks import (
    AttachmentRefused,
    check_archive,
    check_jpeg,
    check_pdf,
    check_png,
    opened,
)
from hub.domain.identity_numbers import without_identity_numbers

NAME_MAX = 100


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

_ARCHIVE, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


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
    names = set(opened(content).namelist())
    for main, kind in (
        ("xl/workbook.xml", AttachmentKind.XLSX),
        ("word/document.xml", AttachmentKind.DOCX),
        ("OFD.xml", AttachmentKind.OFD),
    ):
        if main in names:
            return kind
    raise AttachmentRefused("不接收压缩包")


_CHECKS: Mapping[AttachmentKind, Callable[[bytes], None]] = {
    AttachmentKind.PDF: check_pdf,
    AttachmentKind.OFD: check_archive,
    AttachmentKind.PNG: check_png,
    AttachmentKind.JPEG: check_jpeg,
    AttachmentKind.XLSX: check_archive,
    AttachmentKind.DOCX: check_archive,
}
