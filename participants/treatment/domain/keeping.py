"""How long sessions and files are kept, and how large a file may be."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Keeping:
    """Bounds of what hospitals leave with us; a deployment sets them in its settings.

    `text_max_bytes`, `ratio_max`: how large a ZIP may unpack, and how many times its own size.
    `uploads_max`: files of one institution that are kept at once.
    """

    session_for: timedelta = timedelta(hours=12)
    file_for: timedelta = timedelta(days=7)
    catalogue_for: timedelta = timedelta(days=3)
    forget_after: timedelta = timedelta(days=30)
    file_max_bytes: int = 4_194_304
    text_max_bytes: int = 33_554_432
    ratio_max: int = 200
    rows_max: int = 300_000
    uploads_max: int = 200


KEEPING = Keeping()
"""What holds where a deployment says nothing."""
