"""On which line every key of a TOML text stands; `tomllib` reads the values but gives no places."""

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Where a key stands: ('inpatient', 'bands', 0, 'rate'). A number is a place in an array."""

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_TEXT = (
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})',
    r"'''.*?'''(?:'{0,2})",
    r'"(?:\\.|[^"\\\n])*"',
    r"'[^'\n]*'",
)
_KEY = re.compile(rf"[A-Za-z0-9_-]+|{'|'.join(_TEXT[2:])}")
# A day and an hour may be parted by a space; nothing else that is not quoted holds one.
_PLAIN = r"\d{4}-\d\d-\d\d \d[^\s,\]}#]*|[^\s,\]}#]+"
_VALUE = re.compile("|".join((*_TEXT, _PLAIN)), re.DOTALL)


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every key, table and array element of `text`, which must be sound TOML.

    A table that is named only in a longer header stands where it is first named.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


def spelled(path: Path) -> str:
    """A path as a person writes it: inpatient.bands[0].rate."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


class _Scan:
    """One walk over a text, from key to key."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {(): 1}
        self._text, self._at = text, 0
        self._rows: dict[Path, int] = {}

    def document(self) -> None:
        here: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._next("["):
                here = self._header()
            else:
                self._pair(here)
            self._skip()

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: where the keys below it stand."""
        line, is_row = self._line(), self._next("[")
        *above, last = self._key()
        path = self._inside(tuple(above))
        self._name(path, line, implied=True)
        path = (*path, last)
        self._name(path, line, implied=is_row)
        if is_row:
            self._rows[path] = self._rows.get(path, -1) + 1
            path = (*path, self._rows[path])
            self._name(path, line)
        for _ in range(1 + is_row):
            self._expect("]")
        return path

    def _inside(self, parts: Path) -> Path:
        """A header's words as a path: below `[[a]]`, `a.b` is the b of the last row of a."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._rows:
                path = (*path, self._rows[path])
        return path

    def _pair(self, here: Path) -> None:
        line = self._line()
        path = (*here, *self._key())
        self._name(path[:-1], line, implied=True)
        self._name(path, line)
        self._expect("=")
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._next("["):
            self._elements(path)
        elif self._next("{"):
            self._pairs(path)
        else:
            self._at = self._match(_VALUE).end()

    def _elements(self, path: Path) -> None:
        place = 0
        self._skip()
        while not self._next("]"):
            self._name((*path, place), self._line())
            self._value((*path, place))
            place += 1
            self._comma()

    def _pairs(self, path: Path) -> None:
        self._skip()
        while not self._next("}"):
            self._pair(path)
            self._comma()

    def _comma(self) -> None:
        self._skip()
        self._next(",")
        self._skip()

    def _key(self) -> Path:
        """One key, or several with dots between them."""
        parts: list[str] = []
        while not parts or self._next("."):
            self._skip()
            match = self._match(_KEY)
            self._at = match.end()
            parts.append(_unquoted(match.group()))
            self._skip()
        return tuple(parts)

    def _name(self, path: Path, line: int, *, implied: bool = False) -> None:
        if implied:
            while path and path not in self.lines:
                self.lines[path] = line
                path = path[:-1]
        else:
            self.lines[path] = line

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip(self) -> None:
        self._at = self._match(_GAP).end()

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        assert match is not None, f"tomllib has read it: line {self._line()}"
        return match

    def _next(self, mark: str) -> bool:
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) * found
        return found

    def _expect(self, mark: str) -> None:
        self._skip()
        assert self._next(mark), f"tomllib has read it: line {self._line()}"


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    table: Mapping[str, str] = tomllib.loads(f"key = {key}")
    return table["key"]
