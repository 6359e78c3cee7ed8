"""Reads one table of a policy file key by key, and refuses what is wrong by file, key, reason."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from contracts.money import fen_from_yuan

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?%", re.ASCII)
Code = TypeVar("Code", bound=StrEnum)


class PolicyFileWrong(Exception):
    """A policy file does not add up: which file, which key, and why."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file, self.key, self.reason = file, key, reason


class Section:
    """One table of a file; every key is taken once, and `done` refuses those that nobody took."""

    def __init__(self, file: str, path: str, table: Mapping[str, Any]) -> None:
        self._file, self._path, self._left = file, path, dict(table)

    def key(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def wrong(self, name: str, reason: str) -> NoReturn:
        raise PolicyFileWrong(self._file, self.key(name), reason)

    def has(self, name: str) -> bool:
        return name in self._left

    def done(self) -> None:
        for name in self._left:
            self.wrong(name, "no rule knows this key")

    def text(self, name: str) -> str:
        value = self._take(name)
        if not isinstance(value, str) or not value.strip():
            self.wrong(name, "a text is expected")
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            self.wrong(name, "true or false is expected")
        return value

    def count(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.wrong(name, "a whole number from 0 on is expected")
        return value

    def day(self, name: str) -> date:
        value = self._take(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            self.wrong(name, "a day such as 2010-09-27 is expected")
        return value

    def fen(self, name: str) -> int:
        """An amount written in yuan, as text: "600.00"."""
        value = self._take(name)
        try:
            return fen_from_yuan(value)
        except (TypeError, ValueError):
            self.wrong(name, f'an amount such as "600.00" is expected, not {value!r}')

    def rate_bp(self, name: str) -> int:
        """A rate written in percent, as text: "83%" or "12.6%"; never over 100 %."""
        value = self._take(name)
        match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.wrong(name, f'a rate such as "83%" is expected, not {value!r}')
        bp = int(match.group(1)) * 100 + int((match.group(2) or "").ljust(2, "0"))
        if bp > 10_000:
            self.wrong(name, f"a rate over 100 %: {value}")
        return bp

    def code(self, name: str, codes: type[Code]) -> Code:
        value = self._take(name)
        if value not in list(codes):
            self.wrong(name, f"one of {', '.join(codes)} is expected, not {value!r}")
        return codes(value)

    def codes(self, name: str, codes: type[Code]) -> frozenset[Code]:
        values = self.texts(name)
        for value in values:
            if value not in list(codes):
                self.wrong(name, f"one of {', '.join(codes)} is expected, not {value!r}")
        return frozenset(codes(value) for value in values)

    def texts(self, name: str) -> frozenset[str]:
        values = self._take(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.wrong(name, "a list of texts is expected")
        if len(set(values)) != len(values):
            self.wrong(name, "the same value twice")
        return frozenset(values)

    def level(self, name: str) -> int:
        """A key that is a hospital level: 1, 2 or 3."""
        if name not in {"1", "2", "3"}:
            self.wrong(name, "a hospital level 1, 2 or 3 is expected")
        return int(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._left)

    def section(self, name: str) -> "Section":
        value = self._take(name)
        if not isinstance(value, dict):
            self.wrong(name, "a table is expected")
        return Section(self._file, self.key(name), value)

    def sections(self, name: str) -> tuple["Section", ...]:
        values = self._take(name)
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self.wrong(name, f"a list of tables [[{self.key(name)}]] is expected")
        if not values:
            self.wrong(name, "at least one row is expected")
        return tuple(
            Section(self._file, f"{self.key(name)}[{place}]", value)
            for place, value in enumerate(values)
        )

    def _take(self, name: str) -> Any:
        if name not in self._left:
            self.wrong(name, "is missing")
        return self._left.pop(name)
