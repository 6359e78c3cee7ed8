"""Reads cases from a stream of bytes: one whole, or JSON lines one by one, within bounds."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from contracts.refusal import RefusalCode
from participants.policy.cases.fields import CaseFileWrong

CASE_MAX = 1_048_576
"""Bytes of one case; a longer one is refused without being held in memory."""


def read_case(stream: BinaryIO) -> bytes:
    return stream.read(CASE_MAX + 1)


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank with its number from 1, cut off one byte past the bound."""
    number = 0
    while line := stream.readline(CASE_MAX + 1):
        number += 1
        part = line
        while len(part) > CASE_MAX and not part.endswith(b"\n"):
            part = stream.readline(CASE_MAX + 1)
        if line.strip():
            yield number, line


def parsed(text: bytes) -> Any:
    """The JSON value; CaseFileWrong with field "case" when it is none, or gives a key twice."""
    if len(text.rstrip(b"\r\n")) > CASE_MAX:
        raise CaseFileWrong(RefusalCode.BODY_TOO_LARGE, "case", f"过大，最多 {CASE_MAX} 字节")
    try:
        return json.loads(text.decode("utf-8-sig").rstrip(), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise CaseFileWrong(RefusalCode.NOT_JSON, "case", "不是 UTF-8 编码") from error
    except json.JSONDecodeError as error:
        raise CaseFileWrong(RefusalCode.NOT_JSON, "case", _where(text, error)) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or brackets nested without end.
        told = "不是合理的 JSON：数字过长或嵌套过深"
        raise CaseFileWrong(RefusalCode.NOT_JSON, "case", told) from error


def _where(text: bytes, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "没有内容，应为一个 JSON 对象，例如 {}"
    return f"不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 个字符处"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        shown = twice if twice.isprintable() and len(twice) <= 40 else "?"
        raise CaseFileWrong(RefusalCode.FIELD_INVALID, shown, "这个键出现了两次")
    return found
