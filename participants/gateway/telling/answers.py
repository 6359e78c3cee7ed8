"""Answers as their tables have them: the same names, in the same order, nothing missing or more."""

from collections.abc import Mapping
from typing import Any

from participants.gateway.wire.fields import shapes


def row_of(infno: str, node_name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """One row of an answer's node in the order of its table; what was not told is empty."""
    [node] = [node for node in shapes()[infno].out if node.name == node_name]
    names = [field.name for field in node.fields]
    assert set(told) <= set(names), f"{infno}: {set(told) - set(names)} is not in the table"
    return {name: told.get(name, "") for name in names}
