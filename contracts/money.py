"""Money is a whole number of fen. No float, and no Decimal past the gateway."""

import re
from typing import Annotated

from pydantic import Field

# 10**13 fen is a hundred billion yuan: no bill comes near it, and a BIGINT sum never overflows.
FEN_MAX = 10**13
Fen = Annotated[int, Field(strict=True, ge=0, le=FEN_MAX)]
BASIS_POINTS = 10_000

_YUAN = re.compile(r"(\d{1,10})(?:\.(\d{1,2}))?", re.ASCII)


def fen_from_yuan(text: str) -> int:
    """Read '123.4' as 12340. A third decimal, a sign or an exponent is a ValueError."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount of yuan: {text!r}")
    whole, cents = match.group(1), (match.group(2) or "")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def yuan_from_fen(amount_fen: int) -> str:
    """Write -12340 as '-123.40': always two decimals, never a thousands mark."""
    sign, whole = ("-" if amount_fen < 0 else ""), abs(amount_fen)
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def share_of(amount_fen: int, rate_bp: int) -> int:
    """The part of `amount_fen` that `rate_bp` pays, rounded half up to a whole fen."""
    assert amount_fen >= 0, amount_fen
    assert 0 <= rate_bp <= BASIS_POINTS, rate_bp
    return (amount_fen * rate_bp + BASIS_POINTS // 2) // BASIS_POINTS
