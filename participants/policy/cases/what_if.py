"""Changes single keys of a case, as `--set visit.level=3` asks."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from participants.policy.cases.fields import mapping, wrong


def changed(data: Any, settings: Iterable[str]) -> dict[str, Any]:
    """A copy of the case with each `path=value` put into it; CaseRefused when one is malformed.

    A value that is JSON (null, 3, true, ["dialysis"]) is meant as such, any other as text. Amounts
    stay the text that they are.
    """
    case = dict(mapping(data, ""))
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not equals or not all(path.split(".")):
            raise wrong("--set", "应写成 键=值，如 visit.level=3")
        case = _put(case, path.split(".", 2), _value(value), "")
    return case


def _put(data: Any, path: list[str], value: Any, field: str) -> dict[str, Any]:
    # The names of counters have dots of their own, so a path has three parts at most.
    table: Mapping[str, Any] = {} if data is None else mapping(data, field)
    name, rest = path[0], path[1:]
    return {**table, name: _put(table.get(name), rest, value, name) if rest else value}


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return text
