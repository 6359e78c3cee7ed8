"""9101 and 9102: a file makes the way there and back, and what is no such file is refused."""

import base64
import io
import json
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.refusal import RefusalCode, Refused
from participants.gateway.http.multipart import json_of
from participants.gateway.wire.file_bytes import bytes_in
from participants.treatment.domain.keeping import Keeping
from participants.treatment.domain.packed import pack, rows_of, unpack
from participants.treatment.services import files, housekeeping
from tests.gateway.street import HOSPITAL, Street, envelope
from tests.support.tables import rows

TEXT = "S1\tM1\t100.00\nS2\tnull\t-50.00\n"
BOUNDARY = "----9101"
SMALL = Keeping(file_max_bytes=2_000, text_max_bytes=4_000, ratio_max=100, rows_max=50)


def zipped(*entries: tuple[str, bytes], packed: bool = True) -> bytes:
    content = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(content, "w", kind) as archive:
        for name, text in entries:
            archive.writestr(name, text)
    return content.getvalue()


FILE = zipped(("明细.txt", TEXT.encode()))


def upload(street: Street, content: Any, **changes: Any) -> dict[str, Any]:
    node = {"in": content, "filename": "明细.zip", "fixmedins_code": HOSPITAL, **changes}
    return street.call("9101", input={"fsUploadIn": node})


def fetch(street: Street, file_no: str, **changes: Any) -> Any:
    """The raw response of 9102; `changes` replace fields of the envelope or of its node."""
    node = {"file_qury_no": file_no, "filename": "x.zip", "fixmedins_code": HOSPITAL}
    node |= {name: changes.pop(name) for name in list(changes) if name in node}
    changes = {"fixmedins_code": changes.pop("institution", HOSPITAL), **changes}
    return street.post(json.dumps(envelope("9102", input={"fsDownloadIn": node}, **changes)))


AS_SENT = {
    "byte values": list(FILE),
    "Java's byte values": [one - 256 if one > 127 else one for one in FILE],
    "base64": base64.b64encode(FILE).decode(),
    "base64 in lines": base64.encodebytes(FILE).decode(),
    "base64 for the web": base64.urlsafe_b64encode(FILE).decode().rstrip("="),
}


@pytest.mark.parametrize("how", AS_SENT)
def test_a_file_comes_back_as_it_was_sent(street: Street, how: str) -> None:
    reply = upload(street, AS_SENT[how])
    assert reply["infcode"] == 0, reply
    output = reply["output"]
    assert list(output) == ["file_qury_no", "filename", "fixmedins_code", "dld_endtime"]
    assert output["filename"] == "明细.zip"
    for own_code in (HOSPITAL, "plc"):
        response = fetch(street, output["file_qury_no"], fixmedins_code=own_code)
        assert response.content == FILE
        assert response.headers["content-type"].startswith("application/octet-stream")


def test_a_file_may_come_in_parts(street: Street) -> None:
    node = {"filename": "", "fixmedins_code": HOSPITAL}
    text = json.dumps(envelope("9101", input={"fsUploadIn": node}))
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    response = street.post(in_parts(text.encode(), FILE), **{"Content-Type": kind})
    reply = json.loads(response.text)
    assert reply["infcode"] == 0, reply
    assert reply["output"]["filename"] == "明细.zip"
    assert fetch(street, reply["output"]["file_qury_no"]).content == FILE


def test_the_same_upload_again_is_the_same_file(street: Street) -> None:
    node = {"in": list(FILE), "filename": "明细.zip", "fixmedins_code": HOSPITAL}
    document = envelope("9101", input={"fsUploadIn": node})
    first, again = street.said(document), street.said(document)
    assert first["output"] == again["output"]
    assert street.rows("SELECT count(*) FROM files") == [(1,)]


def test_nobody_else_fetches_it_and_not_for_ever(street: Street) -> None:
    file_no = upload(street, list(FILE))["output"]["file_qury_no"]
    others = [
        (fetch(street, file_no, institution="H31010100002", fixmedins_code="plc"), "1020"),
        (fetch(street, file_no, institution="H31010100002"), "1013"),
        (fetch(street, "A" * 26), "1020"),
        (fetch(street, "C1301V00000000ffffffff"), "1020"),
    ]
    for response, code in others:
        reply = json.loads(response.text)
        assert reply["infcode"] == -1
        assert reply["err_msg"].startswith(f"[{code}]"), reply
    with street.engine.begin() as tx:
        later = datetime.now(UTC) + timedelta(days=8)
        assert files.of(tx, [file_no], later) == {}
        assert housekeeping.forget(tx, later, Keeping()) == 1
    assert json.loads(fetch(street, file_no).text)["err_msg"].startswith("[1020]")


WRONG = {
    "not a zip": (b"hello", "应为ZIP"),
    "nothing": (b"", "应为ZIP"),
    "cut short": (FILE[:-30], "应为ZIP"),
    "two files": (zipped(("a.txt", b"1"), ("b.txt", b"2")), "实有2个"),
    "no file": (zipped(), "实有0个"),
    "a path": (zipped(("../a.txt", b"1")), "目录"),
    "a folder": (zipped(("x/a.txt", b"1")), "目录"),
    "a drive": (zipped(("c:a.txt", b"1")), "目录"),
    "a program": (zipped(("a.exe", b"1")), "TXT"),
    "not text": (zipped(("a.txt", b"1\t2\n\xff\xfe")), "第2行不是UTF-8"),
    "a NUL": (zipped(("a.txt", b"1\n2\n\x00")), "第3行"),
    "a bomb": (zipped(("a.txt", b"0" * 3_000_000)), "解压后过大"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_such_file_is_refused_in_words(street: Street, what: str) -> None:
    content, why = WRONG[what]
    reply = upload(street, list(content), filename="a.zip")
    assert reply["err_msg"].startswith("[1021]"), reply
    assert why in reply["err_msg"]
    assert street.rows("SELECT count(*) FROM files") == [(0,)]


FIELDS = """
    change                         | code | says
    in=                            | 1004 | 文件数据(in)
    in=一个文件                    | 1006 | 字节数组或Base64
    in=[1,2,300]                   | 1006 | 字节数组或Base64
    in=[1,2,"x"]                   | 1006 | 字节数组或Base64
    in={}                          | 1006 | 字节数组或Base64
    in=true                        | 1006 | 字节数组或Base64
    filename=                      | 1004 | 文件名(filename)
    fixmedins_code=H31010100002    | 1013 | 与报文不一致
"""


@pytest.mark.parametrize("case", rows(FIELDS), ids=lambda case: case["change"])
def test_wrong_fields_of_an_upload_are_named(street: Street, case: dict[str, str]) -> None:
    name, _, value = case["change"].partition("=")
    said = json.loads(value) if value[:1] in {"[", "{", "t"} else value
    reply = upload(street, list(FILE), **{name: said})
    assert reply["err_msg"].startswith(f"[{case['code']}]"), reply
    assert case["says"] in reply["err_msg"]


LIMITS = {
    "packed": (zipped(("a.txt", Random(1).randbytes(3_000).hex().encode()), packed=False), "1KB"),
    "unpacked": (zipped(("a.txt", b"ab\n" * 2_000)), "解压后过大"),
    "ratio": (zipped(("a.txt", b"0" * 3_999)), "解压后过大"),
    "lines": (zipped(("a.txt", b"\n".join(str(n).encode() for n in range(60)))), "最多50行"),
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_limits_are_kept(what: str) -> None:
    content, why = LIMITS[what]
    with pytest.raises(Refused, match=why) as no:
        unpack(content, SMALL)
    assert no.value.code is RefusalCode.FILE_MALFORMED


def test_an_archive_that_lies_about_its_size_is_not_unpacked_beyond_the_limit() -> None:
    content = bytearray(zipped(("a.txt", b"ab\n" * 40_000)))
    true_size, lie = (120_000).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert content.count(true_size) == 2
    liar = bytes(content).replace(true_size, lie)
    with pytest.raises(Refused, match="1021"):
        unpack(liar, Keeping(text_max_bytes=4_000))


def test_an_institution_keeps_so_many_files_and_no_more(street: Street) -> None:
    keeping = Keeping(uploads_max=2)
    wishes = [files.Upload(HOSPITAL, "a.zip", FILE)] * 3
    with street.engine.begin() as tx:
        kept = files.upload(tx, wishes, datetime.now(UTC), keeping)
    assert [getattr(one, "code", None) for one in kept] == [None, None, RefusalCode.RATE_LIMITED]


LINES = """
    text                | says
    a\\tb\\tc            | 第1行应有2列，实有3列
    a\\tb\\nc            | 第2行应有2列，实有1列
    a\\tb\\n\\nc\\td       | 第2行应有2列，实有1列
"""


@pytest.mark.parametrize("case", rows(LINES), ids=lambda case: case["text"])
def test_a_wrong_line_is_named(case: dict[str, str]) -> None:
    text = case["text"].replace("\\t", "\t").replace("\\n", "\n")
    with pytest.raises(Refused, match=case["says"]):
        rows_of(text, ["one", "two"])


def test_what_a_hospital_uploaded_is_read_by_its_columns(street: Street) -> None:
    file_no = upload(street, list(FILE))["output"]["file_qury_no"]
    now, columns = datetime.now(UTC), ["setl_id", "mdtrt_id", "amount"]
    with street.engine.begin() as tx:
        found = files.read_rows(tx, HOSPITAL, file_no, columns, now)
        assert found == [
            {"setl_id": "S1", "mdtrt_id": "M1", "amount": "100.00"},
            {"setl_id": "S2", "mdtrt_id": "", "amount": "-50.00"},
        ]
        with pytest.raises(Refused, match="1020"):
            files.read_rows(tx, "H31010100002", file_no, columns, now)
        with pytest.raises(Refused, match="第1行应有2列，实有3列"):
            files.read_rows(tx, HOSPITAL, file_no, columns[:2], now)


def test_what_we_offer_is_fetched_by_its_hospital(street: Street) -> None:
    with street.engine.begin() as tx:
        made = files.offer(tx, HOSPITAL, "结果.zip", [["S1", ""], ["S2", "x"]], datetime.now(UTC))
    content = fetch(street, made.file_no, filename=made.filename).content
    assert unpack(content, Keeping()) == "S1\tnull\nS2\tx\n"
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["结果.txt"]


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=20))
def test_rows_packed_are_the_rows_unpacked(table: list[tuple[str, str, str]]) -> None:
    text = unpack(pack("a", table), Keeping())
    said = [["" if cell.lower() == "null" else cell for cell in row] for row in table]
    assert [list(row.values()) for row in rows_of(text, ["a", "b", "c"])] == said


@given(st.binary(max_size=300))
def test_any_bytes_are_a_text_or_refused(content: bytes) -> None:
    _unpacked_or_refused(content)


@given(st.integers(0, 2**32))
def test_a_damaged_archive_is_a_text_or_refused(seed: int) -> None:
    chance, content = Random(seed), bytearray(FILE)
    for _ in range(chance.randint(1, 5)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    _unpacked_or_refused(bytes(content))


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=9), st.lists, max_leaves=9))
def test_whatever_is_said_to_be_bytes_is_bytes_or_nothing(said: Any) -> None:
    assert isinstance(bytes_in(said), bytes | None)


@given(st.binary(max_size=200))
def test_a_part_is_the_very_bytes_that_were_sent(content: bytes) -> None:
    text = json.dumps({"infno": "9101", "input": {"fsUploadIn": {}}}).encode()
    found = json.loads(
        json_of(in_parts(text, content), f"multipart/form-data; boundary={BOUNDARY}")
    )
    assert base64.b64decode(found["input"]["fsUploadIn"]["in"]) == content


@given(st.integers(0, 2**32))
def test_damaged_parts_are_a_request_or_refused(seed: int) -> None:
    chance = Random(seed)
    body = bytearray(in_parts(b'{"input":{"fsUploadIn":{}}}', b"PK\x03\x04"))
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(body))
        piece = chance.choice([b'"', b"\r\n", b"*0*=", b"\xff", b"multipart/mixed;", b"utf-8''"])
        body[at : at + chance.randint(0, 9)] = piece
    kind = kind[: chance.randrange(len(kind) + 1)] + chance.choice(["", "*0*=x", '"', ";"])
    with suppress(Refused):
        json.loads(json_of(bytes(body), kind))


PARTS = """
    missing | code
    jsonStr | 1004
    file    | 1004
"""


@pytest.mark.parametrize("case", rows(PARTS), ids=lambda case: case["missing"])
def test_a_part_that_is_not_there_is_missed(case: dict[str, str]) -> None:
    body = in_parts(b'{"input":{}}', b"x").replace(f'"{case["missing"]}"'.encode(), b'"other"')
    with pytest.raises(Refused, match=case["code"]):
        json_of(body, f"multipart/form-data; boundary={BOUNDARY}")


def in_parts(text: bytes, content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="jsonStr"\r\n\r\n'.encode()
    middle = (
        f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
        "filename*=utf-8''%E6%98%8E%E7%BB%86.zip\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    return head + text + middle + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def _unpacked_or_refused(content: bytes) -> None:
    with suppress(Refused):
        assert isinstance(unpack(content, Keeping()), str)
