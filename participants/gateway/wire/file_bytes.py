"""The bytes of an uploaded file, in each of the ways in which hospitals' systems write them."""

import base64
import binascii
from typing import Any

_BYTE_VALUES = {str(value): value % 256 for value in range(-128, 256)}
# Base64 for the web has two letters of its own; and some libraries break the lines.
_AS_STANDARD = str.maketrans({"-": "+", "_": "/", "\n": None, "\r": None, " ": None})


def bytes_in(raw: Any) -> bytes | None:
    """A list of byte values (Java's go from -128 to 127) or base64 text; None for anything else."""
    if isinstance(raw, list):
        return _of_values(raw)
    return _of_base64(raw) if isinstance(raw, str) else None


def _of_values(raw: list[Any]) -> bytes | None:
    try:
        return bytes([_BYTE_VALUES[one] for one in raw])
    except (KeyError, TypeError):
        return None


def _of_base64(text: str) -> bytes | None:
    plain = text.translate(_AS_STANDARD).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
