"""Whether an output is exactly what its field table says: names, their order, types, and filled."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from participants.gateway.wire.dictionaries import dictionaries
from participants.gateway.wire.fields import Field, FieldType, Node, Shape
from participants.gateway.wire.jsontext import Number

_NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?", re.ASCII)
_TEXTS = {
    FieldType.DATE: re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    FieldType.DATETIME: re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII),
    FieldType.DIGITS: re.compile(r"\d+", re.ASCII),
}
_NUMERIC = frozenset({FieldType.NUMBER, FieldType.INTEGER})


def departures(shape: Shape, output: Mapping[str, Any]) -> list[str]:
    """How an output departs from its table, a sentence each; [] when it is as it must be.

    `output` as `jsontext.loads` gives it: its numbers are the text that they were written as.
    """
    direct = next((node for node in shape.out if not node.name), None)
    nodes = tuple(node for node in shape.out if node.name)
    fields = direct.fields if direct else ()
    allowed = [*(field.name for field in fields), *(node.name for node in nodes)]
    optional = {node.name for node in nodes if not node.required}
    found = list(_of_names("output", list(output), allowed, optional))
    for field in fields:
        if field.name in output:
            found += _of_value("output", field, output[field.name])
    for node in nodes:
        if node.name in output:
            found += _of_node(node.name, node, output[node.name])
    return found


def _of_names(
    where: str, given: list[str], allowed: list[str], optional: set[str]
) -> Iterator[str]:
    for name in given:
        if name not in allowed:
            yield f"{where}: {name} is not in the table"
    for name in allowed:
        if name not in given and name not in optional:
            yield f"{where}: {name} is missing"
    known = [name for name in given if name in allowed]
    if known != [name for name in allowed if name in given]:
        yield f"{where}: the order is {' '.join(known)}"


def _of_node(where: str, node: Node, content: Any) -> Iterator[str]:
    if node.many and isinstance(content, list):
        for number, row in enumerate(content):
            yield from _of_row(f"{where}[{number}]", node, row)
    elif node.many:
        yield f"{where}: not a list"
    else:
        yield from _of_row(where, node, content)


def _of_row(where: str, node: Node, row: Any) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"{where}: not an object"
        return
    allowed = [*(field.name for field in node.fields), *(inner.name for inner in node.nodes)]
    yield from _of_names(where, list(row), allowed, set())
    for field in node.fields:
        if field.name in row:
            yield from _of_value(where, field, row[field.name])
    for inner in node.nodes:
        if inner.name in row:
            yield from _of_node(f"{where}.{inner.name}", inner, row[inner.name])


def _of_value(where: str, field: Field, value: Any) -> Iterator[str]:
    if value is None or value == "":
        if field.required:
            yield f"{where}: {field.name} is empty"
        return
    values = value if field.many and isinstance(value, list) else [value]
    for one in values:
        why = _wrong_number(field, one) if field.type in _NUMERIC else _wrong_other(field, one)
        if why:
            yield f"{where}: {field.name} {why}: {type(one).__name__} {str(one)[:40]!r}"


def _wrong_number(field: Field, value: Any) -> str | None:
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return "is no number"
    whole, decimals = match.group(1).lstrip("0"), match.group(2) or ""
    if len(decimals) > field.scale:
        return f"has more than {field.scale} decimals"
    return "is too long" if len(whole) > field.length - field.scale else None


def _wrong_other(field: Field, value: Any) -> str | None:
    if field.type is FieldType.FLAG:
        return None if isinstance(value, bool) else "is not true or false"
    if not isinstance(value, str) or isinstance(value, Number):
        return "is no text"
    if field.type in _TEXTS:
        return None if _TEXTS[field.type].fullmatch(value) else f"is no {field.type.name.lower()}"
    if len(value) > field.length:
        return f"has more than {field.length} characters"
    if field.dictionary and not dictionaries()[field.dictionary].allows(value):
        return f"is not in {field.dictionary}"
    return None
