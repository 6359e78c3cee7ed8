"""Reads single values of a case file; a refusal names its field and says what would be right."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from contracts.money import fen_from_yuan
from contracts.refusal import RefusalCode
from participants.policy.model import CaseRefused

Read = Callable[[Any, str], Any]
"""From a JSON value and the field's name to the value; CaseFileWrong when it is not one."""
Code = TypeVar("Code", bound=StrEnum)

_AMOUNT = re.compile(r"(-?)(\d+)(?:\.(\d+))?", re.ASCII)
_DIGITS_MAX = 10  # of whole yuan, as contracts.money has it
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}", re.ASCII)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class CaseFileWrong(CaseRefused):
    """A key of a case file is not what it may be; `code` is stable, `text` is Chinese."""

    def __init__(self, code: RefusalCode, field: str, text: str) -> None:
        super().__init__(field, text)
        self.code = code


def wrong(field: str, text: str) -> CaseFileWrong:
    return CaseFileWrong(RefusalCode.FIELD_INVALID, field, text)


def table(data: Any, field: str, keys: Mapping[str, Read]) -> dict[str, Any]:
    """The keys that are given and not null, read; a key that `keys` has not is refused."""
    prefix = f"{field}." if field else ""
    found = {}
    for name, value in mapping(data, field).items():
        if name not in keys:
            raise wrong(f"{prefix}{_printable(name)}", _unknown(keys))
        if value is not None:
            found[name] = keys[name](value, f"{prefix}{name}")
    return found


def _unknown(keys: Mapping[str, Read]) -> str:
    return f"没有这一项，可用的有：{'、'.join(keys) or '（无）'}"


def mapping(data: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise wrong(field or "case", f"应为 JSON 对象，而不是 {_shown(data)}")
    return data


def sequence(data: Any, field: str) -> Sequence[Any]:
    if not isinstance(data, list):
        raise wrong(field, f"应为 JSON 数组，而不是 {_shown(data)}")
    return data


def amount(value: Any, field: str) -> int:
    """Yuan as text ("12000.00") or as a whole number, in fen; a fraction is never a number."""
    if isinstance(value, float):
        text = f'金额请写成文本，如 "12000.50"，不接受小数 {_shown(value)}'
        raise CaseFileWrong(RefusalCode.AMOUNT_MALFORMED, field, text)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else "9" * 19
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        text = f'应为以元为单位的金额，如 "12000.00"，而不是 {_shown(value)}'
        raise CaseFileWrong(RefusalCode.AMOUNT_MALFORMED, field, text)
    sign, whole, cents = match.group(1), match.group(2).lstrip("0") or "0", match.group(3)
    if sign:
        raise CaseFileWrong(RefusalCode.AMOUNT_NEGATIVE, field, f"金额不能为负：{_shown(value)}")
    if cents is not None and len(cents) > 2:
        text = f"金额最多两位小数：{_shown(value)}"
        raise CaseFileWrong(RefusalCode.AMOUNT_MALFORMED, field, text)
    if len(whole) > _DIGITS_MAX:
        raise wrong(field, f"金额过大，整数部分最多 {_DIGITS_MAX} 位：{_shown(value)}")
    return fen_from_yuan(whole if cents is None else f"{whole}.{cents}")


def whole(least: int, most: int) -> Read:
    def read(value: Any, field: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise wrong(field, f"应为 {least} 至 {most} 的整数，而不是 {_shown(value)}")
        return value

    return read


def one_of(codes: type[Code]) -> Read:
    by_value = {code.value: code for code in codes}

    def read(value: Any, field: str) -> Code:
        if not isinstance(value, str) or value not in by_value:
            raise wrong(field, f"应为 {'、'.join(by_value)} 之一，而不是 {_shown(value)}")
        return by_value[value]

    return read


def word(value: Any, field: str) -> str:
    """A disease code, a flag, a category: letters, digits and . _ + -, at most 40."""
    if not isinstance(value, str) or _WORD.fullmatch(value) is None:
        raise wrong(field, f"应为不超过 40 位的字母、数字代码，而不是 {_shown(value)}")
    return value


def words(value: Any, field: str) -> frozenset[str]:
    return frozenset(
        word(one, f"{field}[{place}]") for place, one in enumerate(sequence(value, field))
    )


def month(value: Any, field: str) -> str:
    if not isinstance(value, str) or _MONTH.fullmatch(value) is None:
        raise wrong(field, f"应为月份，如 2026-05，而不是 {_shown(value)}")
    return value


def yes_or_no(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(field, f"应为 true 或 false，而不是 {_shown(value)}")
    return value


def amounts(value: Any, field: str) -> dict[str, int]:
    """A table of amounts by a name of any kind, in fen."""
    return {
        word(name, f"{field}.{_printable(name)}"): amount(yuan, f"{field}.{name}")
        for name, yuan in mapping(value, field).items()
        if yuan is not None
    }


def _shown(value: Any) -> str:
    """The wrong value as it was written, cut short, and safe to print."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "过大的整数"
    if isinstance(value, str):
        return f"“{_printable(value)}”"
    if isinstance(value, float):
        return str(value)
    return "数组" if isinstance(value, list) else "对象"


def _printable(text: str) -> str:
    """At most forty characters, none of which a terminal obeys or cannot be encoded."""
    short = text if len(text) <= 40 else f"{text[:40]}…"
    return "".join(one if one.isprintable() else "?" for one in short)
