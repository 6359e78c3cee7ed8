"""What differs from one institution to the next, read from a data file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any


class InfcodeType(StrEnum):
    """How infcode is written: clients differ, and some take only one of the two."""

    NUMBER = "number"  # 0
    TEXT = "text"  # "0"


@dataclass(frozen=True, slots=True)
class Profile:
    """One institution's wishes."""

    infcode: InfcodeType


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles by institution code; whoever has none gets the default."""

    default: Profile
    institutions: Mapping[str, Profile]

    def of(self, institution_code: str) -> Profile:
        return self.institutions.get(institution_code, self.default)


def load_profiles(path: Path | None = None) -> Profiles:
    """The profiles in `path`, or the ones shipped; ValueError or KeyError when they are unsound."""
    shipped = files("participants.gateway").joinpath("data/institution_profiles.toml")
    data = tomllib.loads((path or shipped).read_text("utf-8"))
    institutions = {
        code: _profile({**data["default"], **row}) for code, row in data["institutions"].items()
    }
    return Profiles(_profile(data["default"]), institutions)


def _profile(row: Mapping[str, Any]) -> Profile:
    return Profile(InfcodeType(row["infcode"]))
