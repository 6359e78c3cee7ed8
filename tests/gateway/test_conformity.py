"""An output is its table, name by name; and every departure from it is found."""

from typing import Any

import pytest

from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire.conformity import departures
from participants.gateway.wire.fields import Field, FieldType, Node, Shape, shapes
from participants.gateway.wire.jsontext import Number, loads

# What the interface defines without an output: its answer is {}. 9102's is the file itself.
WITHOUT_OUTPUT = {
    "2202", "2203", "2205", "2302", "2402", "2403", "2404", "2405", "2502", "2504", "2506", "2601",
    "3103", "3204", "3261", "3262", "3301", "3302", "9102",
}  # fmt: skip


def test_every_transaction_has_the_table_of_its_output() -> None:
    bare = {infno for infno in TRANSACTIONS if not shapes()[infno].out}
    assert bare == WITHOUT_OUTPUT & set(TRANSACTIONS)


def test_every_transaction_that_the_issue_names_is_there() -> None:
    named = {
        "9001", "9002", "1101", "1201", "1901", *map(str, range(1301, 1320)), "2001",
        *map(str, range(2201, 2209)), *map(str, range(2301, 2306)), *map(str, range(2401, 2406)),
        *map(str, range(2501, 2508)), "2601", "3101", "3102", "3103", "3201", "3202", "3203",
        "3204", "3209A", "13203", "3260", "3261", "3262", "3301", "3302", "9101", "9102",
        *map(str, range(5201, 5207)), *map(str, range(5301, 5305)), "90100",
    }  # fmt: skip
    assert named == set(TRANSACTIONS)


def field(name: str, kind: str, length: int = 19, scale: int = 0, **more: Any) -> Field:
    settings = {"required": False, "dictionary": None, "unless": None, "private": False, **more}
    return Field(name, name, FieldType(kind), length, scale, signed=False, **settings)


SHAPE = Shape(
    infno="9999",
    name="试",
    nodes=(),
    out=(
        Node("", "", many=False, required=True, fields=(field("pages", "I", 4),)),
        Node(
            "info", "", many=False, required=True,
            fields=(
                field("id", "S", 5, required=True), field("sum", "N", 16, 2),
                field("day", "D"), field("at", "DT"), field("sn", "Nn", 9),
                field("kind", "S", 6, dictionary="insutype"), field("is_last", "L"),
            ),
        ),
        Node(
            "rows", "", many=True, required=False, fields=(field("a", "S", 1), field("b", "S", 1))
        ),
    ),
)  # fmt: skip
GOOD = """{"pages": 1, "info": {"id": "x", "sum": -12.30, "day": "2024-03-01",
    "at": "2024-03-01 09:00:00", "sn": "007", "kind": "310", "is_last": true},
    "rows": [{"a": "1", "b": ""}, {"a": null, "b": "2"}]}"""


def good() -> dict[str, Any]:
    found: dict[str, Any] = loads(GOOD)
    return found


def test_what_is_as_the_table_says_departs_in_nothing() -> None:
    assert departures(SHAPE, good()) == []
    without = good()
    del without["rows"]
    assert departures(SHAPE, without) == []
    quoted = good()
    quoted["info"]["sum"] = "-12.30"
    assert departures(SHAPE, quoted) == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("id", "", "info: id is empty"),
        ("id", None, "info: id is empty"),
        ("id", "xxxxxx", "info: id has more than 5 characters: str 'xxxxxx'"),
        ("id", Number("1"), "info: id is no text: Number '1'"),
        ("id", {}, "info: id is no text: dict '{}'"),
        ("sum", "twelve", "info: sum is no number: str 'twelve'"),
        ("sum", 12, "info: sum is no number: int '12'"),
        ("sum", Number("1.234"), "info: sum has more than 2 decimals: Number '1.234'"),
        ("sum", Number("1" * 15), f"info: sum is too long: Number '{'1' * 15}'"),
        ("day", "2024-03-01 09:00:00", "info: day is no date: str '2024-03-01 09:00:00'"),
        ("at", "20240301090000", "info: at is no datetime: str '20240301090000'"),
        ("sn", "x", "info: sn is no digits: str 'x'"),
        ("kind", "999", "info: kind is not in insutype: str '999'"),
        ("is_last", "true", "info: is_last is not true or false: str 'true'"),
    ],
)
def test_a_wrong_value_is_told(name: str, value: Any, told: str) -> None:
    output = good()
    output["info"][name] = value
    assert departures(SHAPE, output) == [told]


def test_names_and_their_order_are_told() -> None:
    output = good()
    output["more"] = "x"
    assert departures(SHAPE, output) == ["output: more is not in the table"]
    output = good()
    del output["info"]["sum"]
    assert departures(SHAPE, output) == ["info: sum is missing"]
    output = good()
    output["rows"][1] = {"b": "1", "a": "2", "c": "3"}
    assert departures(SHAPE, output) == [
        "rows[1]: c is not in the table", "rows[1]: the order is b a",
    ]  # fmt: skip
    output = good()
    output["info"], output["rows"] = [], {}
    assert departures(SHAPE, output) == ["info: not an object", "rows: not a list"]
    assert departures(SHAPE, {}) == ["output: pages is missing", "output: info is missing"]


def test_where_no_output_is_defined_there_is_none() -> None:
    bare = Shape("9998", "试", ())
    assert departures(bare, {}) == []
    assert departures(bare, {"data": {}}) == ["output: data is not in the table"]
