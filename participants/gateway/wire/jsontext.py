"""JSON in which no number is ever a float: numbers stay the text they were written as.

An amount goes out as `Number('12.30')` and appears as 12.30, two decimals and no quotes, because
its text is spliced into the document as it stands.
"""

import json
import re
from json.encoder import encode_basestring
from typing import Any, NoReturn

from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode, Refused

DEPTH_MAX = 16
NUMBER_MAX = 40
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
# A text as JSON writes it; json.dumps builds an encoder for every call with options.
_quoted = encode_basestring
_CONSTANTS = {True: "true", False: "false", None: "null"}


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


def yuan(amount_fen: int) -> Number:
    """-12340 as -123.40."""
    return Number(yuan_from_fen(amount_fen))


def loads(raw: bytes | str) -> Any:
    """Parse; Refused NOT_JSON, or FIELD_INVALID for text that no database can hold."""
    text = decoded(raw) if isinstance(raw, bytes) else raw
    try:
        tree = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(RefusalCode.NOT_JSON) from error
    _check(tree)
    return tree


def decoded(raw: bytes) -> str:
    """The text of a body, in UTF-8 with or without its mark; Refused NOT_JSON."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(RefusalCode.NOT_JSON) from error


def encode(tree: Any, *, quoted: bool = False) -> str:
    """The document; every dict, list, text, Number, int, bool and None that `tree` is made of.

    `quoted`: every Number in quotes, as some clients want their amounts.
    """
    match tree:
        case dict():
            pairs = (
                f"{_quoted(str(name))}:{encode(value, quoted=quoted)}"
                for name, value in tree.items()
            )
            return "{" + ",".join(pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(encode(item, quoted=quoted) for item in tree) + "]"
        case Number():
            return f'"{tree}"' if quoted else str(tree)
        case str():
            return _quoted(tree)
        case bool() | None:
            return _CONSTANTS[tree]
        case int():
            return str(tree)
    raise TypeError(type(tree).__name__)


def member(document: str, name: str) -> str | None:
    """A member of a JSON object as it is written there, the last of its name in any case.

    `document` has been parsed before: it is sound.
    """
    found, at = None, _skip(document, document.index("{") + 1)
    while document[at] != "}":
        called, at = _DECODER.raw_decode(document, at)
        start = _skip(document, _skip(document, at) + 1)
        _, at = _DECODER.raw_decode(document, start)
        if called.lower() == name:
            found = document[start:at]
        at = _skip(document, at)
        if document[at] == ",":
            at = _skip(document, at + 1)
    return found


def _skip(document: str, at: int) -> int:
    space = _SPACE.match(document, at)
    assert space is not None, "it matches the empty text, too"
    return space.end()


def _number(text: str) -> Number:
    if len(text) > NUMBER_MAX:
        raise ValueError("a number with too many digits")
    return Number(text)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _check(tree: Any) -> None:
    """No text with a NUL or half a surrogate pair (PostgreSQL takes neither), and no deep nest."""
    waiting = [(tree, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEPTH_MAX:
            raise Refused(RefusalCode.NOT_JSON, f"嵌套超过{DEPTH_MAX}层")
        if isinstance(item, dict):
            waiting += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list):
            waiting += [(part, depth + 1) for part in item]
        elif isinstance(item, str) and not _is_storable(item):
            raise Refused(RefusalCode.FIELD_INVALID, "文本含有不允许的字符")


def _is_storable(text: str) -> bool:
    return "\0" not in text and (text.isascii() or text.isprintable() or _has_no_surrogate(text))


def _has_no_surrogate(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
