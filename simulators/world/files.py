"""The dated data files of the country, each read once and given out as plain tables."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """simulators/data/world/<name>.toml; every file says its source."""
    text = files("simulators").joinpath(f"data/world/{name}.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    assert found.get("source") or name == "names", f"{name}: a figure without a source"
    return found
