"""门诊慢特病 that are settled directly across provinces: the dated table of diseases."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

_CODE = re.compile(r"M\d{5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChronicDisease:
    """One disease of the table; a code ending in 00 stands for its sub-items too."""

    name: str
    codes: frozenset[str]
    since: date
    source: str

    def covers(self, code: str) -> bool:
        return code in self.codes or (bool(_CODE.fullmatch(code)) and f"{code[:4]}00" in self.codes)


@cache
def diseases() -> tuple[ChronicDisease, ...]:
    """The table in the file's order; ValueError when the file is not sound."""
    text = files("contracts").joinpath("data/chronic_diseases.toml").read_text(encoding="utf-8")
    rows = [
        ChronicDisease(row["name"], frozenset(row["codes"]), row["since"], row["source"])
        for row in tomllib.loads(text)["diseases"]
    ]
    codes = [code for row in rows for code in row.codes]
    if len(codes) != len(set(codes)) or not all(map(_CODE.fullmatch, codes)):
        raise ValueError("contracts/data/chronic_diseases.toml: every code once, M and five digits")
    return tuple(rows)


def disease_of(code: str | None, day: date) -> ChronicDisease | None:
    """The disease of the table that `code` belongs to on a day, or None when it is not open."""
    if code is None:
        return None
    return next((one for one in diseases() if one.since <= day and one.covers(code)), None)
