"""Amounts and rates as a policy file writes them: "10% of average_wage", "75% + 0.2% per year"."""

import re

from contracts.money import BASIS_POINTS, fen_from_yuan
from participants.policy.benefits import Amount, Of, Rate

_YUAN = r"\d{1,10}(?:\.\d{1,2})?"
_NUMBER = r"(\d{1,3})(?:\.(\d{1,2}))?"
_LEAST, _MOST = rf"(?:, at least ({_YUAN}))?", rf"(?:, at most ({_YUAN}))?"
_PERCENT = re.compile(rf"{_NUMBER}%", re.ASCII)
_FIXED = re.compile(_YUAN, re.ASCII)
_SHARE = re.compile(rf"{_NUMBER}% of (average_wage|bill|in_scope){_LEAST}{_MOST}", re.ASCII)
_TIMES = re.compile(rf"{_NUMBER} times (average_wage){_LEAST}{_MOST}", re.ASCII)
_RATE = re.compile(
    r"(?P<base>[\d.]+%)(?: \+ (?P<year>[\d.]+%) per year of age)?(?:, at most (?P<most>[\d.]+%))?",
    re.ASCII,
)


class Unreadable(Exception):
    """A text is not an amount or a rate; the words say what is expected."""


def amount_of(text: object) -> Amount:
    """Read "300.00", "10% of average_wage", "20% of bill, at least 2000.00"; else Unreadable."""
    if isinstance(text, str):
        if _FIXED.fullmatch(text):
            return Amount(fixed_fen=fen_from_yuan(text))
        if match := _SHARE.fullmatch(text):
            return _share(match, in_hundred=1)
        if match := _TIMES.fullmatch(text):
            return _share(match, in_hundred=100)
    raise Unreadable(
        'an amount such as "600.00", "10% of average_wage" or "20% of bill, at least 2000.00" '
        f"is expected, not {text!r}"
    )


def _share(match: re.Match[str], in_hundred: int) -> Amount:
    share_bp = in_hundred * _hundredths(match[1], match[2])
    least, most = (None if found is None else fen_from_yuan(found) for found in match.group(4, 5))
    if in_hundred == 1 and share_bp > BASIS_POINTS:
        raise Unreadable(f'a share over 100 %: {match[0]}; more is written "4 times average_wage"')
    if most is not None and most < (least or 0):
        raise Unreadable(f"at most lies below at least: {match[0]}")
    return Amount(share_bp=share_bp, of=Of(match[3]), at_least_fen=least or 0, at_most_fen=most)


def rate_of(text: object) -> Rate:
    """Read "83%", "12.6%", "75% + 0.2% per year of age, at most 95%"; else Unreadable."""
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Unreadable(
            f'a rate such as "83%" or "75% + 0.2% per year of age" is expected, not {text!r}'
        )
    base_bp = basis_points_of(match["base"])
    year_bp = 0 if match["year"] is None else basis_points_of(match["year"])
    most_bp = BASIS_POINTS if match["most"] is None else basis_points_of(match["most"])
    if match["most"] is not None and (match["year"] is None or most_bp < base_bp):
        raise Unreadable(f"at most is for a rate that rises with age up to it: {text}")
    return Rate(base_bp, year_bp, most_bp)


def fen_of(text: object) -> int:
    """Read a plain amount of yuan, "600.00", as 60000; else Unreadable."""
    if not isinstance(text, str) or not _FIXED.fullmatch(text):
        raise Unreadable(f'an amount such as "600.00" is expected, not {text!r}')
    return fen_from_yuan(text)


def basis_points_of(text: object) -> int:
    """Read "83%" or "12.6%" as 8300 or 1260; Unreadable when it is none or over 100 %."""
    match = _PERCENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Unreadable(f'a percentage such as "83%" is expected, not {text!r}')
    found_bp = _hundredths(match[1], match[2])
    if found_bp > BASIS_POINTS:
        raise Unreadable(f"over 100 %: {text}")
    return found_bp


def percent_text(rate_bp: int) -> str:
    """Write 1260 as "12.6%"."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def _hundredths(whole: str, rest: str | None) -> int:
    return int(whole) * 100 + int((rest or "").ljust(2, "0"))
