"""Ways to spoil a request: what it says, how it is written, and the bytes that arrive."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

from participants.gateway.wire.fields import shapes

DEEP = 5_000
MANY = 700
# fmt: off
ODD: tuple[Any, ...] = (
    None, "", "null", " ", "\x00", "a\x00b", "\ud800", "医\udfff院", "\u202e反", "\ufeff", "\u2028",
    "e\u0301", "\U0001f3e5" * 40, "长" * 3_000, "0", "-0", "-1", "1e9", "1E400", "NaN", "Infinity",
    "9" * 400, "0x10", "\uff11\uff12", "\u0663", "1,000.00", "1.005", ".5", "5.", "2026-02-30",
    "9999-12-31", "0001-01-01 00:00:00", "2026-03-01 24:00:00", "2026-03-01T09:00:00+08:00",
    "990000", "310000'; DROP TABLE visits;--", "%s%n", "${jndi:ldap://x}", "<script>",
    "../../etc/passwd", "{}", "[]", True, False, 0, -1, 1.5, 1e308, 2**63, -(2**63) - 1, 10**60,
    [], {}, [None], {"": ""}, [[[]]], {"a": {"b": {}}},
)
# fmt: on
_NAMES = sorted({f.name for s in shapes().values() for n in s.nodes for f in n.fields})
Place = tuple[Any, Any]  # a container, and the key or index in it


def places(tree: Any) -> list[Place]:
    """Everything in a document that can be replaced, from the outside in."""
    return list(_places(tree))


def _places(tree: Any) -> Iterator[Place]:
    keys: Any = list(tree) if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], dict | list) and len(str(tree[key])) < 100_000:
            yield from _places(tree[key])


def _replaced(random: Random, _document: Any, place: Place) -> None:
    place[0][place[1]] = deepcopy(random.choice(ODD))


def _removed(_random: Random, _document: Any, place: Place) -> None:
    del place[0][place[1]]


def _swapped(random: Random, document: Any, place: Place) -> None:
    other = random.choice(places(document))
    value = deepcopy(other[0][other[1]])
    place[0][place[1]] = value


def _wrapped(random: Random, _document: Any, place: Place) -> None:
    value = place[0][place[1]]
    place[0][place[1]] = random.choice([[value], {"data": value}, [value, value]])


def _added(random: Random, _document: Any, place: Place) -> None:
    if isinstance(place[0], dict):
        name = random.choice([*_NAMES, "\x00", "长" * 300, "__proto__", "\ud800"])
        place[0][name] = deepcopy(random.choice(ODD))


def _renamed(random: Random, _document: Any, place: Place) -> None:
    if isinstance(place[0], dict):
        name = random.choice([str(place[1]).upper(), f" {place[1]}", random.choice(_NAMES)])
        place[0][name] = place[0].pop(place[1])


def _multiplied(random: Random, _document: Any, place: Place) -> None:
    value = place[0][place[1]]
    if isinstance(value, list):
        place[0][place[1]] = value * random.choice([2, 3, MANY])
    elif isinstance(value, str):
        place[0][place[1]] = value * random.choice([2, 50])


def _lengthened(random: Random, _document: Any, place: Place) -> None:
    value = place[0][place[1]]
    if isinstance(value, str):
        at = random.randrange(len(value) + 1)
        place[0][place[1]] = value[:at] + random.choice("0x医 \x00\u202e-.") + value[at:]


_OF_TREES: tuple[Callable[[Random, Any, Place], None], ...] = (
    _replaced, _replaced, _replaced, _removed, _swapped, _wrapped, _added, _renamed, _multiplied,
    _lengthened,
)  # fmt: skip


def spoilt(document: dict[str, Any], random: Random, times: int) -> dict[str, Any]:
    """A copy of it with so many things changed; names of the envelope go as others do."""
    found = deepcopy(document)
    for _ in range(times):
        all_of_it = places(found)
        if not all_of_it:
            break
        # Half of the time inside the input, where most of it is, half anywhere.
        inner = places(found["input"]) if isinstance(found.get("input"), dict) else []
        place = random.choice(inner if inner and random.random() < 0.5 else all_of_it)
        random.choice(_OF_TREES)(random, found, place)
    return found


def written(document: Any) -> str:
    """JSON with everything in it that Python would write, lone surrogates and NaN too."""
    return json.dumps(document, ensure_ascii=False)


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _flipped(random: Random, body: bytes) -> bytes:
    found = bytearray(body)
    for _ in range(random.choice([1, 3, 30])):
        if found:
            found[random.randrange(len(found))] = random.randrange(256)
    return bytes(found)


def _inserted(random: Random, body: bytes) -> bytes:
    at = random.randrange(len(body) + 1)
    odd = [
        b"\x00",
        b"\xff\xfe",
        b"\\ud800",
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b"9" * 5_000,
        b"1e999999999",
    ]
    return body[:at] + random.choice([*odd, random.randbytes(8)]) + body[at:]


def _recoded(random: Random, body: bytes) -> bytes:
    text = body.decode("utf-8", "replace")
    code = random.choice(["gbk", "gb18030", "utf-16", "utf-32", "utf-8-sig", "latin-1"])
    return text.encode(code, "replace")


def _doubled_name(random: Random, body: bytes) -> bytes:
    """A name that stands twice: the last one counts, in most of the world."""
    names = [name for name in _ENVELOPE if b'"%s":' % name in body]
    if not names:
        return body
    name = random.choice(names)
    odd = json.dumps(random.choice(ODD[:40])).encode()
    return body.replace(b'"%s":' % name, b'"%s": %s, "%s":' % (name, odd, name), 1)


def _other(random: Random, body: bytes) -> bytes:
    return random.choice([
        b"", b" ", b"null", b"[]", b"0", b'""', b"[" * DEEP, b'{"input":' * DEEP, body + body,
        b"[" + body + b"]", b"<xml/>", random.randbytes(200), b"\xef\xbb\xbf" + body,
        body.replace(b'"', b"'"), body.replace(b":", b"=", 1), b"/* */" + body, body + b",",
        body.replace(b'"2', b"NaN", 1), body.replace(b'"', b'\\"', 1),
    ])  # fmt: skip


_ENVELOPE = [
    name.encode() for name in ("infno", "msgid", "input", "fixmedins_code", "data", "psn_no")
]
_OF_BYTES = (_cut, _flipped, _inserted, _recoded, _doubled_name, _other)


def damaged(body: bytes, random: Random) -> bytes:
    return random.choice(_OF_BYTES)(random, body)
