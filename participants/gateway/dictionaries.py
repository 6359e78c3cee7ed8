"""The national code lists that inputs are checked against, read from their data file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Dictionary:
    """One code list; with `children`, a longer code below one of its codes is allowed too."""

    codes: frozenset[str]
    children: bool

    def allows(self, value: str) -> bool:
        if self.children:
            return any(value[:length] in self.codes for length in range(1, len(value) + 1))
        return value in self.codes


@cache
def dictionaries() -> dict[str, Dictionary]:
    """Every code list by its name."""
    text = files("participants.gateway").joinpath("data/dictionaries.toml").read_text("utf-8")
    return {
        name: Dictionary(frozenset(row["codes"]), row["children"])
        for name, row in tomllib.loads(text).items()
    }
