"""Attachments: what is taken and what is refused, by content and never by name."""

import zlib
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from reportlab.pdfgen.canvas import Canvas

from hub.domain.attachment_checks import AttachmentRefused
from hub.domain.attachments import NAME_MAX, AttachmentKind, kind_of, safe_name
from hub.domain.identity_numbers import holds_identity_number, without_identity_numbers

NUMBER = "11010519491231002X"  # the example of GB 11643


def a_pdf(extra: bytes = b"") -> bytes:
    file = BytesIO()
    canvas = Canvas(file)
    canvas.drawString(100, 700, "evidence")
    canvas.save()
    return file.getvalue().replace(b"%%EOF", extra + b"\n%%EOF")


def a_sheet() -> bytes:
    file = BytesIO()
    Workbook().save(file)
    return file.getvalue()


def an_archive(*parts: tuple[str, bytes], base: bytes | None = None) -> bytes:
    file = BytesIO(base or b"")
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def packed(objects: bytes) -> bytes:
    head = b"9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode >>\nstream\n"
    return head + zlib.compress(objects) + b"\nendstream endobj"


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
# The dictionary stands far before its stream; and the data seems to end before its script.
FAR = packed(b"/JavaScript").replace(b" >>\nstream", b" " * 5_000 + b">>\nstream")
HEAD, BODY = b"<< /Type /ObjStm >> stream\r\n", zlib.compress(b"endstream /JavaScript", 0)
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40 + b"\xff\xd9"
DOCX = an_archive(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>"))
OFD = an_archive(("OFD.xml", b"<ofd:OFD/>"))
TAKEN = {
    "小结.pdf": (a_pdf(), AttachmentKind.PDF),
    "明细.xlsx": (a_sheet(), AttachmentKind.XLSX),
    "说明.DOCX": (DOCX, AttachmentKind.DOCX),
    "发票.ofd": (OFD, AttachmentKind.OFD),
    "票据.png": (PNG, AttachmentKind.PNG),
    "票据.jpg": (JPEG, AttachmentKind.JPEG),
    "票据.JPEG": (JPEG, AttachmentKind.JPEG),
    "打印.xlsx": (
        an_archive(("xl/printerSettings/printerSettings1.bin", b"p"), base=a_sheet()),
        AttachmentKind.XLSX,
    ),
}
# The name it comes with, and its content; each is refused whatever the name says.
REFUSED = {
    "nothing.pdf": b"",
    "program.pdf": b"MZ" + b"\x00" * 100,
    "shell.pdf": b"#!/bin/sh\nrm -rf ~\n",
    "page.pdf": b"<html><script>alert(1)</script></html>",
    "picture.svg": b"<svg onload='alert(1)'/>",
    "old.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "table.csv": b"=cmd|' /C calc'!A0\n",
    "archive.zip": an_archive(("a.txt", b"a")),
    "named otherwise.docx": a_sheet(),
    "really a picture.pdf": PNG,
    "twice.pdf.exe": a_pdf(),
    "cut.pdf": a_pdf()[:-40],
    "script.pdf": a_pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>"),
    "escaped script.pdf": a_pdf(b"<< /S /Java#53cript >>"),
    "launches.pdf": a_pdf(b"<< /S /Launch /F (cmd.exe) >>"),
    "holds a file.pdf": a_pdf(b"<< /Type /EmbeddedFile >>"),
    "hidden script.pdf": a_pdf(packed(b"1 0 << /S /JavaScript /JS (app.alert(1)) >>")),
    "odd packing.pdf": a_pdf(b"<< /Type /ObjStm >>\nstream\nnot deflated\nendstream"),
    "hidden far below.pdf": a_pdf(FAR),
    "ends too soon.pdf": a_pdf(HEAD + BODY + b"endstream"),
    "two endings.pdf": a_pdf(b"<< /Type /ObjStm /X (endobj) >>\nstream\n" + BODY + b"\nendstream"),
    "bomb.pdf": a_pdf(packed(b" " * (5 * 1_048_576))),
    "encrypted.pdf": a_pdf(b"trailer << /Encrypt 5 0 R >>"),
    "more behind.png": PNG + b"<script>",
    "more behind.jpg": JPEG + b"PK\x03\x04",
    "macro.xlsx": an_archive(("xl/vbaProject.bin", b"v"), base=a_sheet()),
    "old macro.xlsx": an_archive(("xl/macrosheets/sheet1.xml", b"<x/>"), base=a_sheet()),
    "object.xlsx": an_archive(("xl/embeddings/oleObject1.bin", b"o"), base=a_sheet()),
    "control.xlsx": an_archive(("xl/activeX/activeX1.xml", b"<x/>"), base=a_sheet()),
    "link.xlsx": an_archive(("xl/externalLinks/externalLink1.xml", b"<x/>"), base=a_sheet()),
    "script inside.ofd": an_archive(("Doc_0/run.js", b"alert(1)"), base=OFD),
    "macro type.docx": an_archive(
        ("word/settings.xml", b"application/vnd.ms-word.document.macroEnabled.main+xml"), base=DOCX
    ),
    "template.docx": an_archive(
        ("word/_rels/settings.xml.rels", b'Type="x/attachedTemplate" Target="http://x/a.dotm"'),
        base=DOCX,
    ),
    "spelt by number.docx": an_archive(
        ("word/_rels/a.xml.rels", b'Type="x/relationships/ole&#79;bj&#x65;ct"'), base=DOCX
    ),
    "far down.docx": an_archive(
        ("word/_rels/a.xml.rels", b" " * 4_194_304 + b'Type="x/attachedTemplate"'), base=DOCX
    ),
    "entities.docx": an_archive(("word/a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]>'), base=DOCX),
    "utf-16.docx": an_archive(("word/a.xml", "<a/>".encode("utf-16")), base=DOCX),
    "utf-16 unmarked.docx": an_archive(("word/a.xml", "<a/>".encode("utf-16-le")), base=DOCX),
    "climbs.docx": an_archive(("../../etc/passwd", b"x"), base=DOCX),
    "bomb.docx": an_archive(("word/a.bmp", b"\x00" * (65 * 1_048_576)), base=DOCX),
    "broken.docx": DOCX[:-20],
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_sound_is_taken_for_what_it_is(name: str) -> None:
    content, kind = TAKEN[name]
    assert kind_of(content, name) is kind


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_run_or_is_not_what_it_says_is_refused(name: str) -> None:
    with pytest.raises(AttachmentRefused):
        kind_of(REFUSED[name], name)


def test_a_file_full_of_streams_is_looked_at_once_and_not_from_each_of_them() -> None:
    # Half a million beginnings without an end: each looked for to the end would take hours.
    content = b"%PDF-1.7\n" + b"stream\n" * 500_000 + b"%%EOF"
    assert kind_of(content, "a.pdf") is AttachmentKind.PDF


NAMES = {
    "出院小结.pdf": "出院小结.pdf",
    "C:\\Users\\a\\小结.pdf": "小结.pdf",
    "../../etc/小结.pdf": "小结.pdf",
    "／etc／小结.pdf": "小结.pdf",
    "a\u202efdp.exe.pdf": "afdp.exe.pdf",
    "a\r\nSet-Cookie: x.pdf": "aSet-Cookie_ x.pdf",
    "<b>.pdf": "_b_.pdf",
    "CON.pdf": "附件CON.pdf",
    "....pdf": "附件.pdf",
    ".pdf": "附件.pdf",
    f"张某{NUMBER}.pdf": "张某***.pdf",
    f"{'长' * 300}.pdf": f"{'长' * 96}.pdf",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_made_safe(name: str) -> None:
    assert safe_name(name, AttachmentKind.PDF) == NAMES[name]


@given(name=st.text(max_size=300), kind=st.sampled_from(AttachmentKind))
def test_any_name_becomes_one_that_can_be_saved_and_shown(name: str, kind: AttachmentKind) -> None:
    safe = safe_name(name, kind)
    assert 0 < len(safe) <= NAME_MAX
    assert not set(safe) & set('/\\<>:"|?*%\r\n\x00')
    assert not safe.startswith(".")
    assert safe_name(safe, kind) == safe


@given(content=st.binary(max_size=400), start=st.sampled_from([b"", b"%PDF-", b"PK\x03\x04", PNG]))
def test_any_content_is_taken_or_refused_and_nothing_else(content: bytes, start: bytes) -> None:
    with suppress(AttachmentRefused):
        assert kind_of(start + content, "a.pdf") is AttachmentKind.PDF


@given(cut=st.integers(0, 4_000), flip=st.integers(0, 255))
def test_a_damaged_office_file_is_taken_or_refused_and_nothing_else(cut: int, flip: int) -> None:
    content = bytearray(a_sheet())
    content[cut % len(content)] = flip
    with suppress(AttachmentRefused):
        assert kind_of(bytes(content), "a.xlsx") is AttachmentKind.XLSX


TEXTS = {
    f"患者{NUMBER}的住院费用": True,
    "患者１１０１０５１９４９１２３１００２Ｘ": True,
    "患者110105 19491231 002x": True,
    "患者110105491231002": True,
    "流水号110105194912310021": False,  # its check character is wrong
    "银行流水6222021234567890123": False,
    "结算编号0195f3c2-7b1a-7000-8000-000000000001": False,
    "2026年3月31日，30000.01元": False,
}


@pytest.mark.parametrize("text", TEXTS)
def test_identity_numbers_are_seen_and_serial_numbers_are_not(text: str) -> None:
    assert holds_identity_number(text) is TEXTS[text]


def test_an_identity_number_is_masked() -> None:
    assert without_identity_numbers(f"张某{NUMBER}小结") == "张某***小结"
