"""Checks an input against its fields: what comes out is text, whole numbers, days and instants."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from contracts.clock import SHANGHAI
from contracts.money import FEN_MAX
from contracts.refusal import RefusalCode, Refused
from participants.gateway.wire.dictionaries import dictionaries
from participants.gateway.wire.fields import Field, FieldType, Node, Shape
from participants.gateway.wire.file_bytes import bytes_in

LINES_MAX = 2_000
TWICE_TOLD_MAX = 3
_EMPTY = frozenset({"", "null", "NULL"})
_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?", re.ASCII)

Value = str | int | date | datetime | bytes


@dataclass(frozen=True, slots=True)
class Row:
    """The filled fields of one node, empty ones left out.

    Text as text; a number as a whole number of its last decimal (N(16,2) in fen, N(16,4) in
    ten-thousandths, N(16,6) in millionths); D as a day; DT as an aware instant, Shanghai time;
    B as bytes.
    `lists`: the rows that it holds, by the name of their node.
    """

    values: Mapping[str, Value]
    lists: Mapping[str, tuple["Row", ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return str(self.values.get(name, ""))

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        assert value is None or isinstance(value, int), name
        return value

    def day(self, name: str) -> date | None:
        """The day of a D or DT field, in Shanghai."""
        value = self.values.get(name)
        assert value is None or isinstance(value, date), name
        return value.date() if isinstance(value, datetime) else value

    def file(self, name: str) -> bytes:
        value = self.values.get(name, b"")
        assert isinstance(value, bytes), name
        return value

    def rows(self, name: str) -> tuple["Row", ...]:
        return self.lists.get(name, ())

    def content(self) -> dict[str, Any]:
        """All that it says, in the order of the names."""
        inner = {name: [row.content() for row in rows] for name, rows in self.lists.items()}
        return dict(sorted({**self.values, **inner}.items()))


@dataclass(frozen=True, slots=True)
class Input:
    """A checked input: its one-row nodes, and its lists of rows."""

    nodes: Mapping[str, Row] = field(default_factory=dict)
    lists: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)


def checked_input(shape: Shape, raw: Mapping[str, Any]) -> Input:
    """The input as our values; Refused with FIELD_MISSING, FIELD_TOO_LONG, FIELD_INVALID,
    AMOUNT_MALFORMED or AMOUNT_NEGATIVE, each naming the field in Chinese and by its name.
    """
    given = by_name(raw)
    nodes, lists = {}, {}
    for node in shape.nodes:
        found = _found(node, given)
        if node.many:
            lists[node.name] = _rows(node, found, given)
        elif found is not None:
            nodes[node.name] = checked_row(node, found, given)
    return Input(nodes, lists)


def by_name(raw: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """The members of an object by their names in lower case; Refused FIELD_INVALID where one is
    there in two spellings: whoever looks first would believe another than who looks next.
    """
    given = {name.lower(): value for name, value in raw.items()}
    if len(given) != len(raw):
        spelt = Counter(name.lower() for name in raw)
        twice = sorted(name for name, count in spelt.items() if count > 1)
        told = "、".join(name[:40] for name in twice[:TWICE_TOLD_MAX])
        raise Refused(RefusalCode.FIELD_INVALID, f"{at}字段{told}以不同大小写重复出现")
    return given


def checked_row(node: Node, raw: Any, beside: Mapping[str, Any] | None = None, at: str = "") -> Row:
    """One row; `beside` are the other nodes by lower-case name, `at` says which row of a list."""
    if not isinstance(raw, dict):
        raise Refused(RefusalCode.FIELD_INVALID, f"{at}{node.zh}({node.name})应为对象")
    given = by_name(raw, at)
    filled = [(f, given[f.name.lower()]) for f in node.fields if not _is_empty(given, f)]
    missing = [f for f in node.fields if _is_missed(f, given, beside or {})]
    if missing:
        names = "、".join(f.told() for f in missing)
        raise Refused(RefusalCode.FIELD_MISSING, at + names)
    values = {f.name: _value(f, value, at) for f, value in filled}
    return Row(values, {inner.name: _held(inner, given, at) for inner in node.nodes})


def _found(node: Node, given: Mapping[str, Any]) -> Any:
    """The node's content; its fields may also lie directly under the input, as some clients do."""
    found = given.get(node.name.lower())
    if not node.many and isinstance(found, list) and len(found) == 1:
        found = found[0]  # Several vendors wrap every node in a list.
    if found is not None and found != "":
        return found
    if node.required and node.many:
        raise Refused(RefusalCode.FIELD_MISSING, f"{node.zh}({node.name})")
    if node.required:
        return {name: value for name, value in given.items() if not isinstance(value, dict)}
    return None


def _held(node: Node, given: Mapping[str, Any], at: str) -> tuple[Row, ...]:
    """The rows of a node within a row; some systems send one row as an object, or "" for none."""
    found = given.get(node.name.lower())
    is_none = isinstance(found, str) and found.strip() in _EMPTY
    return _rows(node, None if is_none else found, given, f"{at}{node.zh}")


def _rows(node: Node, found: Any, given: Mapping[str, Any], at: str = "") -> tuple[Row, ...]:
    rows = [] if found is None else [found] if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise Refused(RefusalCode.FIELD_INVALID, f"{node.zh}({node.name})应为数组")
    if len(rows) > LINES_MAX:
        detail = f"{node.zh}({node.name})一次最多{LINES_MAX}条"
        raise Refused(RefusalCode.FIELD_TOO_LONG, detail)
    if node.required and not rows:
        raise Refused(RefusalCode.FIELD_MISSING, f"{at or node.zh}({node.name})")
    numbered = enumerate(rows, start=1)
    return tuple(checked_row(node, row, given, f"{at}第{n}条 ") for n, row in numbered)


def _is_empty(given: Mapping[str, Any], field_: Field) -> bool:
    value = given.get(field_.name.lower())
    if field_.many and value == []:
        return True
    return value is None or (isinstance(value, str) and value.strip() in _EMPTY)


def _is_missed(field_: Field, given: Mapping[str, Any], beside: Mapping[str, Any]) -> bool:
    if not field_.required or not _is_empty(given, field_):
        return False
    return field_.unless is None or not beside.get(field_.unless)


def _value(field_: Field, raw: Any, at: str) -> Value:
    if field_.type is FieldType.BYTES:
        return _bytes(field_, raw, at)
    if field_.many and isinstance(raw, list) and all(isinstance(one, str) for one in raw):
        raw = ",".join(raw)
    if not isinstance(raw, str):  # A number is text already; what is left is a flag or a node.
        raise _wrong(RefusalCode.FIELD_INVALID, field_, at)
    text = raw.strip()
    match field_.type:
        case FieldType.NUMBER | FieldType.INTEGER:
            return _number(field_, text, at)
        case FieldType.DATE:
            return _moment(field_, text, at).date()
        case FieldType.DATETIME:
            return _moment(field_, text, at)
        case FieldType.DIGITS if not (text.isascii() and text.isdigit()):
            raise _wrong(RefusalCode.FIELD_INVALID, field_, at, "应为数字")
        case FieldType.TEXT | FieldType.DIGITS:
            return _text(field_, text, at)
        case FieldType.FLAG:
            raise AssertionError(f"{field_.name}: only answers have flags of this type")


def _bytes(field_: Field, raw: Any, at: str) -> bytes:
    found = bytes_in(raw)
    if found is None:
        raise _wrong(RefusalCode.FIELD_INVALID, field_, at, "应为字节数组或Base64文本")
    return found


def _text(field_: Field, text: str, at: str) -> str:
    if len(text) > field_.length:
        raise _wrong(RefusalCode.FIELD_TOO_LONG, field_, at, f"最多{field_.length}个字符")
    if field_.dictionary and not dictionaries()[field_.dictionary].allows(text):
        raise _wrong(RefusalCode.FIELD_INVALID, field_, at, "不在代码表中")
    return text


def _number(field_: Field, text: str, at: str) -> int:
    amount = field_.scale == 2
    malformed = RefusalCode.AMOUNT_MALFORMED if amount else RefusalCode.FIELD_INVALID
    match = _NUMBER.fullmatch(text)
    if match is None or len(match.group(3) or "") > field_.scale:
        raise _wrong(malformed, field_, at, f"最多{field_.scale}位小数")
    sign, whole, decimals = match.group(1), match.group(2), match.group(3) or ""
    if len(whole.lstrip("0")) > field_.length - field_.scale:
        raise _wrong(RefusalCode.FIELD_TOO_LONG, field_, at)
    number = int(whole + decimals.ljust(field_.scale, "0"))
    if sign and number and not field_.signed:
        raise _wrong(RefusalCode.AMOUNT_NEGATIVE, field_, at)
    if amount and number > FEN_MAX:
        raise _wrong(RefusalCode.FIELD_TOO_LONG, field_, at, "金额过大")
    return -number if sign else number


def _moment(field_: Field, text: str, at: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    why = "应为 yyyy-MM-dd HH:mm:ss 或 yyyy-MM-dd"
    if match is None:
        raise _wrong(RefusalCode.FIELD_INVALID, field_, at, why)
    written = " ".join(filter(None, match.groups()))
    try:
        return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)
    except ValueError as error:
        raise _wrong(RefusalCode.FIELD_INVALID, field_, at, why) from error


def _wrong(code: RefusalCode, field_: Field, at: str, why: str = "") -> Refused:
    return Refused(code, at + field_.told() + why)
