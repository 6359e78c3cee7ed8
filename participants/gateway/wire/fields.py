"""What each transaction takes and answers, read from data/fields: nodes, and their fields."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from participants.gateway.wire.dictionaries import dictionaries

PREFLIGHT = "preflight"
"""The one shape that is not a transaction of the national interface."""


class FieldType(StrEnum):
    """How the interface types a field."""

    TEXT = "S"  # 字符型 any characters, up to the length
    NUMBER = "N"  # 数值型 digits before and after the point
    DATE = "D"  # 日期型 yyyy-MM-dd
    DATETIME = "DT"  # 日期时间型 yyyy-MM-dd HH:mm:ss
    INTEGER = "I"  # 整数型
    DIGITS = "Nn"  # 数字串 digits only, as text
    BYTES = "B"  # 文件数据 a file: byte values, or base64 text
    FLAG = "L"  # 逻辑型 true or false; in answers only


@dataclass(frozen=True, slots=True)
class Field:
    """One row: `length` in characters or digits, `scale` in decimals; `unless`: the node that
    makes a required field needless; `private`: names and numbers of a person; `signed`: a number
    that may be negative, as refunds are; `many`: a list of texts, kept with commas between them.
    """

    name: str
    zh: str
    type: FieldType
    length: int
    scale: int
    dictionary: str | None
    required: bool
    unless: str | None
    private: bool
    signed: bool
    many: bool = False

    def told(self) -> str:
        return f"{self.zh}({self.name})"


@dataclass(frozen=True, slots=True)
class Node:
    """A named part of the input: one row of fields, or with `many` a list of rows.

    `nodes`: the lists of rows that each of its rows holds beside its fields.
    """

    name: str
    zh: str
    many: bool
    required: bool
    fields: tuple[Field, ...]
    nodes: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What one transaction takes, in `nodes`, and what it answers, in `out`; none is `{}`.

    A node of `out` without a name: its fields lie directly in the output. Of an answer's field,
    `required` says that it is never empty.
    """

    infno: str
    name: str
    nodes: tuple[Node, ...]
    out: tuple[Node, ...] = ()


@cache
def shapes() -> dict[str, Shape]:
    """Every transaction's shape by its number, and 'envelope'; one file a family."""
    found: dict[str, Shape] = {}
    folder = files("participants.gateway").joinpath("data/fields")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for infno, row in tomllib.loads(file.read_text("utf-8")).items():
            assert infno not in found, f"{infno} stands in two files"
            found[infno] = Shape(infno, row["name"], _nodes(row, "nodes"), _nodes(row, "out"))
    return found


def _nodes(row: dict[str, Any], side: str) -> tuple[Node, ...]:
    return tuple(_node(name, node) for name, node in row.get(side, {}).items())


def _node(name: str, row: dict[str, Any]) -> Node:
    rows, inner = tuple(_field(field) for field in row["fields"]), _nodes(row, "nodes")
    names = [*(one.name for one in rows), *(one.name for one in inner)]
    assert len(set(names)) == len(names), f"{name}: a field stands twice"
    many, required = row.get("many", False), row.get("required", False)
    return Node(name, row["zh"], many, required, rows, inner)


def _field(row: dict[str, Any]) -> Field:
    dictionary = row.get("dict")
    assert dictionary is None or dictionary in dictionaries(), dictionary
    return Field(
        name=row["name"],
        zh=row["zh"],
        type=FieldType(row["type"]),
        length=row.get("length", 19),
        scale=row.get("scale", 0),
        dictionary=dictionary,
        required=row.get("required", False),
        unless=row.get("unless"),
        private=row.get("private", False),
        signed=row.get("signed", False),
        many=row.get("many", False),
    )
