"""Reads one table of a policy file key by key; what is wrong is refused by file, line and key."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from participants.policy.reading.expressions import Unreadable, basis_points_of, fen_of
from participants.policy.reading.lines import Path, spelled

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
# What a terminal obeys, or what breaks a line; a full-width space is neither.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e]")
COUNT_MAX = 1_200
"""The months of a hundred years; nothing that a policy counts is more."""
Code = TypeVar("Code", bound=StrEnum)
T = TypeVar("T")


class PolicyFileWrong(Exception):
    """A policy file does not add up: which file, which line (from 1), which key, and why."""

    def __init__(self, file: str, line: int, key: str, reason: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {reason}")
        self.file, self.line, self.key, self.reason = file, line, key, reason


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name, and on which line each of its keys stands."""

    file: str
    lines: Mapping[Path, int]

    def wrong(self, path: Path, reason: str) -> NoReturn:
        """Refuse the key at `path`; one that is missing is said on the line of its table."""
        place = path
        while place not in self.lines:
            place = place[:-1]
        raise PolicyFileWrong(self.file, self.lines[place], spelled(path) or "-", reason)


class Section:
    """One table of a file; every key is taken once, and `done` refuses those that nobody took."""

    def __init__(self, source: Source, path: Path, table: Mapping[str, Any]) -> None:
        self._source, self._path, self._left = source, path, dict(table)

    def key(self, name: str) -> str:
        return spelled((*self._path, name))

    @property
    def here(self) -> str:
        """The key of the table itself."""
        return spelled(self._path)

    def wrong(self, name: str, reason: str) -> NoReturn:
        self._source.wrong((*self._path, name), reason)

    def wrong_table(self, reason: str) -> NoReturn:
        """Refuse the table as a whole."""
        self._source.wrong(self._path, reason)

    def has(self, name: str) -> bool:
        return name in self._left

    def is_table(self, name: str) -> bool:
        return isinstance(self._left.get(name), dict)

    def names(self) -> tuple[str, ...]:
        """The keys that nobody took yet, in file order."""
        return tuple(self._left)

    def done(self) -> None:
        for name in self._left:
            self.wrong(name, "no rule knows this key")

    def take(self, name: str) -> Any:
        """The value under `name`, whatever it is."""
        if name not in self._left:
            self.wrong(name, "is missing")
        return self._left.pop(name)

    def read(self, name: str, reader: Callable[[object], T]) -> T:
        """The value under `name` as `reader` understands it; Unreadable becomes a refusal."""
        try:
            return reader(self.take(name))
        except Unreadable as error:
            self.wrong(name, str(error))

    def fen(self, name: str) -> int:
        """An amount written in yuan, as text: "600.00"."""
        return self.read(name, fen_of)

    def percent_bp(self, name: str) -> int:
        """A percentage written as text, "83%" or "12.6%"; never over 100 %."""
        return self.read(name, basis_points_of)

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str) or not value.strip() or _CONTROL.search(value):
            self.wrong(name, f"a text of one line is expected, not {value!r}")
        return value

    def name(self, name: str) -> str:
        """A text that other keys may refer to."""
        value = self.text(name)
        if not NAME.fullmatch(value):
            self.wrong(name, f"a name of a-z, 0-9 and _ is expected, not {value!r}")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        if default is not None and not self.has(name):
            return default
        value = self.take(name)
        if not isinstance(value, bool):
            self.wrong(name, f"true or false is expected, not {value!r}")
        return value

    def count(self, name: str) -> int:
        value = self.take(name)
        if not _is_count(value):
            self.wrong(name, f"a whole number from 0 to {COUNT_MAX} is expected, not {value!r}")
        return int(value)

    def counts(self, name: str) -> tuple[int, ...]:
        values = self.take(name)
        if not isinstance(values, list) or not all(_is_count(value) for value in values):
            self.wrong(name, f"a list of whole numbers from 0 to {COUNT_MAX} is expected")
        return tuple(values)

    def day(self, name: str) -> date:
        value = self.take(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            self.wrong(name, f"a day such as 2010-09-27 is expected, not {value!r}")
        return value

    def code(self, name: str, codes: type[Code], *, among: frozenset[Code] | None = None) -> Code:
        """One of `codes`, or of those `among` them."""
        value = self.take(name)
        allowed = sorted(codes if among is None else among)
        if value not in allowed:
            self.wrong(name, f"one of {', '.join(allowed)} is expected, not {value!r}")
        return codes(value)

    def codes(self, name: str, codes: type[Code]) -> frozenset[Code]:
        values = self.texts(name)
        for value in values:
            if value not in list(codes):
                self.wrong(name, f"one of {', '.join(codes)} is expected, not {value!r}")
        return frozenset(codes(value) for value in values)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of different texts, at least one, in file order."""
        values = self.take(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.wrong(name, "a list of texts is expected")
        if not values:
            self.wrong(name, "at least one is expected")
        if len(set(values)) != len(values):
            self.wrong(name, "the same value twice")
        return tuple(values)

    def section(self, name: str) -> "Section":
        value = self.take(name)
        if not isinstance(value, dict):
            self.wrong(name, "a table is expected")
        if not value:
            self.wrong(name, "the table is empty")
        return Section(self._source, (*self._path, name), value)

    def sections(self, name: str) -> tuple["Section", ...]:
        values = self.take(name)
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self.wrong(name, f"a list of tables [[{self.key(name)}]] is expected")
        if not values:
            self.wrong(name, "at least one row is expected")
        return tuple(
            Section(self._source, (*self._path, name, place), value)
            for place, value in enumerate(values)
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_MAX
