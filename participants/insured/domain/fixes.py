"""What to do about a refusal, in words for whoever stands at the window: data, one row a code."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from contracts.refusal import BY_CODE, RefusalCode

FIX_CHARS_MAX = 200


@cache
def fixes() -> Mapping[RefusalCode, str]:
    """Every row of data/fixes.toml; ValueError when a code or a text is not sound."""
    source = files("participants.insured").joinpath("data/fixes.toml").read_text(encoding="utf-8")
    found = {BY_CODE[code]: text for code, text in tomllib.loads(source)["fixes"].items()}
    if not all(0 < len(text) <= FIX_CHARS_MAX for text in found.values()):
        raise ValueError("data/fixes.toml: every text 1 to 200 characters")
    return found


def fix_of(code: RefusalCode, detail: str) -> str:
    """What to do, after what exactly is wrong, at most 200 characters."""
    told = "：".join(part for part in (detail or code.zh, fixes().get(code, "")) if part)
    return told[:FIX_CHARS_MAX]
