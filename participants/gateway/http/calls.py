"""One HTTP call of a hospital, as the schemes see it, and what goes back over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json; charset=utf-8"
RAW = "application/octet-stream"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """`path_infno` is the transaction number where the path has it; header names in lower case."""

    body: bytes
    method: str = "POST"
    path: str = "/"
    path_infno: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What goes back: bytes, an HTTP status, a media type, and the seconds of Retry-After."""

    body: bytes
    status: int = 200
    media_type: str = JSON
    retry_after_s: int = 0

    @staticmethod
    def of_text(text: str, status: int = 200, retry_after_s: int = 0) -> "Answer":
        # A path may hold what is not text; it must not cost the hospital its envelope.
        return Answer(text.encode(errors="replace"), status, retry_after_s=retry_after_s)
