"""A sample of every kind, made from its own schema: sound, and the same each time."""

import json
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from contracts.codes import AreaCode, Role
from contracts.message import Body
from contracts.messages import kinds
from contracts.topics import HUB, participant
from simulators.certify.duties import SAID

SENT_AT = "2026-03-10T04:00:00.123456Z"
_ID = "019cd61b-8f00-7000-8000-00000000{:04x}"
_VALUES: Mapping[str, Any] = tomllib.loads(
    files("simulators").joinpath("data", "certify", "samples.toml").read_text(encoding="utf-8")
)
_EMPTY = frozenset(_VALUES["empty"])
_OF_ROLE = {
    "role": {role: role.value for role in Role},
    "area": {Role.INSURED: "340000", Role.TREATMENT: "310000"},
    "counterpart": {Role.INSURED: "310000", Role.TREATMENT: "340000"},
}
_PARTS = [800_00, 0, 0, 0, 0, 0, 0, 0, 100_00, 334_56, 0]


def sample(kind: str, role: Role, *, is_answer: bool) -> str:
    """A whole message, head and body, laid out. `is_answer`: it follows from another message."""
    body = body_of(kind, role)
    head = {
        "message_id": _ID.format(1),
        "cause_id": _ID.format(2) if is_answer else None,
        "kind": kind,
        "sender": sender_of(kind, role),
        "sent_at": SENT_AT,
    }
    document = {"head": head, "body": json.loads(body.model_dump_json())}
    return json.dumps(document, ensure_ascii=False, indent=2)


def sender_of(kind: str, role: Role) -> str:
    """The area where it is one of the kinds that its role says, else the hub."""
    is_said = kind in SAID and role in SAID[kind].by
    return participant(role, AreaCode(_OF_ROLE["area"][role])) if is_said else HUB


def body_of(kind: str, role: Role) -> Body:
    """The body of the sample, as its own class takes it."""
    found = kinds()[kind]
    schema = found.model_json_schema(mode="validation")
    document = _value(schema, schema.get("$defs", {}), "", role)
    return found.model_validate_json(json.dumps(document))


def _value(schema: Mapping[str, Any], defs: Mapping[str, Any], name: str, role: Role) -> Any:
    if "$ref" in schema:
        return _value(defs[schema["$ref"].rpartition("/")[2]], defs, name, role)
    if "anyOf" in schema:
        return _choice(schema["anyOf"], defs, name, role)
    if schema.get("type") == "object":
        return _object(schema, defs, role)
    if name == "parts_fen":
        return _PARTS
    if (said := _named(name, schema, role)) is not None:
        return said
    return _plain(schema, defs, name, role)


def _object(schema: Mapping[str, Any], defs: Mapping[str, Any], role: Role) -> dict[str, Any]:
    fields: Mapping[str, Any] = schema["properties"]
    return {name: _value(one, defs, name, role) for name, one in fields.items()}


def _choice(
    choices: list[Mapping[str, Any]], defs: Mapping[str, Any], name: str, role: Role
) -> Any:
    """None where the table has None for the name, else the first that is something."""
    may_be_none = any(one.get("type") == "null" for one in choices)
    if may_be_none and name in _EMPTY:
        return None
    first = next(one for one in choices if one.get("type") != "null")
    return _value(first, defs, name, role)


def _named(name: str, schema: Mapping[str, Any], role: Role) -> Any:
    """What the tables have for this name, if it fits."""
    if name in _OF_ROLE:
        return _OF_ROLE[name][role]
    candidates = _VALUES["several"].get(name) or [_VALUES["one"].get(name)]
    return next((one for one in candidates if _fits(schema, one)), None)


def _fits(schema: Mapping[str, Any], said: Any) -> bool:
    kinds_of = {"string": str, "integer": int, "boolean": bool, "array": list, None: object}
    if not isinstance(said, kinds_of[schema.get("type")]):
        return False
    if "enum" in schema:
        return said in schema["enum"]
    if "pattern" in schema and not re.search(schema["pattern"], str(said)):
        return False
    lengths = {"date": 10, "date-time": 20}
    length = lengths.get(schema.get("format", ""))
    return length is None or len(str(said)) == length


def _plain(schema: Mapping[str, Any], defs: Mapping[str, Any], name: str, role: Role) -> Any:
    """Something that fits the type, where nobody has said anything about the name."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("default") is not None:
        return schema["default"]
    if schema["type"] == "array":
        return [_value(schema["items"], defs, name, role)] if "items" in schema else []
    if schema["type"] == "string":
        return _text(schema.get("format", ""), name)
    return True if schema["type"] == "boolean" else max(0, schema.get("minimum", 0))


def _text(form: str, name: str) -> str:
    by_form = {"uuid": _ID.format(sum(name.encode())), "date-time": SENT_AT, "date": SENT_AT[:10]}
    return by_form.get(form, "示例")
