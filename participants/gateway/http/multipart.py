"""An upload (9101) sent as multipart/form-data, turned into the JSON request that it stands for."""

import base64
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value
from typing import Any

from contracts.refusal import RefusalCode, Refused
from participants.gateway.wire import jsontext

TEXT_PART, FILE_PART = "jsonstr", "file"
NODE, BYTES, NAME = "fsUploadIn", "in", "filename"
PARTS_MAX = 16
TYPE_MAX = 1_000
# What the parser of the standard library raises where a header's parameters are in disorder.
_STUMBLES = (TypeError, ValueError, LookupError)


def json_of(body: bytes, content_type: str) -> bytes:
    """The JSON request of the part jsonStr, with the part file in it as base64.

    Refused NOT_JSON when it is no such body, FIELD_MISSING without one of its two parts.
    """
    parts = dict(_parts(body, content_type))
    tree = _request_in(parts)
    if FILE_PART not in parts:
        raise Refused(RefusalCode.FIELD_MISSING, "文件(file)")
    file = parts[FILE_PART]
    _put(tree, base64.b64encode(_bytes_of(file)).decode(), _storable(_parameter(file, "filename")))
    return jsontext.encode(tree).encode()


def _parts(body: bytes, content_type: str) -> Iterator[tuple[str, Message]]:
    """Each part by the lower-case name of its field.

    The older policy of the parser: the newer one is strict about headers, and raises on some.
    """
    is_header = len(content_type) <= TYPE_MAX and content_type.isprintable()
    if not is_header or not content_type.isascii():
        raise Refused(RefusalCode.NOT_JSON)
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    try:
        parts = BytesParser(policy=compat32).parsebytes(head + body).get_payload()
    except _STUMBLES as error:
        raise Refused(RefusalCode.NOT_JSON) from error
    if not isinstance(parts, list) or len(parts) > PARTS_MAX:
        raise Refused(RefusalCode.NOT_JSON)
    for part in parts:
        if isinstance(part, Message):
            yield _parameter(part, "name").lower(), part


def _parameter(part: Message, name: str) -> str:
    """What a part's Content-Disposition says, '' for nothing."""
    try:
        found = part.get_param(name, "", header="content-disposition")
        return collapse_rfc2231_value(found) if found else ""
    except _STUMBLES as error:
        raise Refused(RefusalCode.NOT_JSON) from error


def _request_in(parts: dict[str, Message]) -> dict[str, Any]:
    if TEXT_PART not in parts:
        raise Refused(RefusalCode.FIELD_MISSING, "请求报文(jsonStr)")
    tree = jsontext.loads(_bytes_of(parts[TEXT_PART]))
    if not isinstance(tree, dict):
        raise Refused(RefusalCode.NOT_JSON)
    return tree


def _bytes_of(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):  # A part within a part.
        raise Refused(RefusalCode.NOT_JSON)
    return content


def _put(tree: dict[str, Any], content: str, filename: str) -> None:
    """Put the file where the JSON form of the request has it."""
    node = _input_of(tree)
    name = next((one for one in node if one.lower() == NODE.lower()), None)
    if name is not None:
        if not isinstance(node[name], dict):
            raise Refused(RefusalCode.FIELD_INVALID, f"文件({NODE})应为对象")
        node = node[name]
    for old in [one for one in node if one.lower() == BYTES]:
        del node[old]
    node[BYTES] = content
    if filename and not node.get(NAME):
        node[NAME] = filename


def _input_of(tree: dict[str, Any]) -> dict[str, Any]:
    """The input, an object even where it travelled as a text."""
    name = next((one for one in tree if one.lower() == "input"), "input")
    found = tree.get(name)
    if isinstance(found, str) and found.strip():
        found = jsontext.loads(found)
    if not isinstance(found, dict):
        raise Refused(RefusalCode.FIELD_MISSING, "交易输入(input)")
    tree[name] = found
    return found


def _storable(name: str) -> str:
    """A file's name without what is not text."""
    return name.encode(errors="ignore").decode().replace("\0", "")
