"""mdtrt_id: ours is the short text of a visit's id; another text is a visit never opened here."""

import re

from contracts.ids import VisitId, id_of_short_text
from contracts.refusal import RefusalCode, Refused

# The id of a visit begins with its time: with AG to AL from 2022 to 2074.
_LIKE_OURS = re.compile("A[G-L][A-Z2-7]{18,}")
_BETWEEN = re.compile(r"[\W_]+")
# Digits that ours never have, and that eyes and scanners read where ours have a letter.
_MISREAD = str.maketrans("018", "OIB")
MISREAD_MAX = 2


def visit_id_of(mdtrt_id: str) -> VisitId | None:
    """The visit behind an mdtrt_id that we gave, in whichever case it comes back; else None."""
    try:
        return VisitId(id_of_short_text(mdtrt_id.upper()))
    except ValueError:
        return None


def visit_id_to_settle(mdtrt_id: str) -> VisitId | None:
    """As `visit_id_of`, where None means a number of the hospital's own.

    Refused UNKNOWN_VISIT for one of ours that was cut or misspelt: taken for a number of the
    hospital's own, it would settle its visit once more.
    """
    found = visit_id_of(mdtrt_id)
    if found is None and is_like_ours(mdtrt_id):
        raise Refused(RefusalCode.UNKNOWN_VISIT, f"就诊ID(mdtrt_id){mdtrt_id}")
    return found


def is_like_ours(mdtrt_id: str) -> bool:
    """Whether it is meant for one of ours: twenty characters in a row as ours begin, in one case.

    Random numbers of the hospitals' own, in whatever alphabet, are so less than once in a hundred.
    """
    text = _BETWEEN.sub("", mdtrt_id)
    return _holds_ours(text) or _holds_ours(text.swapcase())


def _holds_ours(text: str) -> bool:
    read = text.translate(_MISREAD)
    apart = sum(one != other for one, other in zip(text, read, strict=True))
    is_misread = apart <= MISREAD_MAX and _LIKE_OURS.match(read)
    return bool(is_misread or _LIKE_OURS.search(text))
