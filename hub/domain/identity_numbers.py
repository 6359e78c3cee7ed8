"""Citizens' identity numbers in free text: found, so that they are refused or masked. Pure."""

import re
import unicodedata
from datetime import date

MASK = "***"
_LONG = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9Xx](?![0-9])")
_SHORT = re.compile(r"(?<![0-9])[1-9][0-9]{14}(?![0-9])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def holds_identity_number(text: str) -> bool:
    """Whether a text holds a citizen's number (GB 11643), however its digits are written.

    Eighteen characters count only with a sound day and check character, and the fifteen of the
    older form with a sound day, so that serial numbers of banks and papers may be written.
    """
    plain = re.sub(r"[\s\-·.]", "", unicodedata.normalize("NFKC", text))
    return without_identity_numbers(plain) != plain


def without_identity_numbers(text: str) -> str:
    """The text in NFKC, with such numbers masked."""
    plain = unicodedata.normalize("NFKC", text)
    masked = _LONG.sub(lambda found: MASK if _is_long(found[0]) else found[0], plain)
    return _SHORT.sub(lambda found: MASK if _is_day(f"19{found[0][6:12]}") else found[0], masked)


def _is_long(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == number[17].upper() and _is_day(number[6:14])


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
