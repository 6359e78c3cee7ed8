"""What the benefit engine counts, in the codes of 5206: read from data/accumulators.toml."""

import tomllib
from functools import cache
from importlib.resources import files

from contracts.codes import InsuranceKind

_ANY = "all"


@cache
def _codes() -> dict[str, dict[str, str]]:
    text = files("participants.gateway").joinpath("data/accumulators.toml").read_text("utf-8")
    rows = tomllib.loads(text).items()
    return {kind: {name: one["code"] for name, one in table.items()} for kind, table in rows}


@cache
def cumulative_code_of(kind: InsuranceKind, name: str) -> str | None:
    """The cum_type_code of a counter; None for what the interface has no code for."""
    tables = _codes()
    known = tables[_ANY] | tables[kind.value]
    if name in known:
        return known[name]
    head, _, last = name.rpartition(".")
    return f"{known[head]}{last}"[:10] if head in known else None
