"""Reads institution profiles from their data files, and names file, key and reason of a fault."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

from participants.gateway.wire.profiles import (
    CLIENT_ID,
    Encryption,
    Profile,
    Profiles,
    Signing,
    Transport,
)

SHIPPED = "institution_profiles.toml"
_TABLES = ("standard", "profiles", "default", "institutions")
_TYPES = {name: kind for name, kind in get_type_hints(Profile).items() if name != "name"}
_OTHER_KEYS = {"like", "since"}


class ProfilesUnsound(ValueError):
    """Profiles that cannot be used; `faults` says file, key and reason, a line each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def load_profiles(path: Path | None = None) -> Profiles:
    """The profiles shipped, and over them those in `path`; ProfilesUnsound, OSError."""
    shipped = files("participants.gateway").joinpath(f"data/{SHIPPED}")
    tables = _read(shipped.read_text("utf-8"), SHIPPED)
    name = SHIPPED
    if path is not None:
        name = path.name
        own = _read(path.read_text("utf-8"), name)
        tables = {table: {**tables.get(table, {}), **own.get(table, {})} for table in _TABLES}
    return _Reader(name, tables).read()


def _read(text: str, name: str) -> dict[str, Any]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfilesUnsound([f"{name}：不是合法的TOML：{error}"]) from error
    unknown = [table for table in tables if table not in _TABLES]
    wrong = [table for table, rows in tables.items() if not isinstance(rows, dict)]
    if unknown or wrong:
        raise ProfilesUnsound([f"{name}：{table}：没有这一节" for table in unknown or wrong])
    return tables


class _Wrong(Exception):
    """One fault; the text says where it is and why."""


class _Reader:
    """One reading: gathers every fault before it says no."""

    def __init__(self, name: str, tables: Mapping[str, Any]) -> None:
        self._name, self._tables, self._faults = name, tables, list[str]()

    def read(self) -> Profiles:
        default = self._profile("default", self._tables["default"])
        institutions = {
            code: self._dated(code, rows) for code, rows in self._tables["institutions"].items()
        }
        for name in self._tables["profiles"]:
            self._profile(f"profiles.{name}", {"like": name})
        if self._faults or default is None:
            raise ProfilesUnsound(dict.fromkeys(self._faults))
        return Profiles(default, institutions)

    def _dated(self, code: str, rows: Any) -> list[tuple[date, Profile]]:
        where, found = f"institutions.{code}", []
        for row in rows if isinstance(rows, list) else [rows]:
            since = row.get("since", date.min) if isinstance(row, dict) else date.min
            if type(since) is not date:
                self._fault(f"{where}.since：应为日期，如 2026-01-01")
                continue
            profile = self._profile(where, row)
            if profile is not None:
                found.append((since, profile))
        if len({since for since, _ in found}) < len(found):
            self._fault(f"{where}.since：起始日期重复")
        return sorted(found, key=lambda pair: pair[0])

    def _profile(self, where: str, row: Any) -> Profile | None:
        """The profile of one row, or None with every fault of it noted."""
        presets = self._tables["profiles"]
        like = row.get("like", "") if isinstance(row, dict) else None
        if like is None or (like and like not in presets):
            self._fault(f"{where}：没有名为{like}的配置" if like else f"{where}：应为一节")
            return None
        given = {**self._tables["standard"], **presets.get(like, {}), **row}
        known, values = len(self._faults), {}
        for key in given.keys() - _TYPES.keys() - _OTHER_KEYS:
            self._fault(f"{where}.{key}：没有这一项")
        for key, kind in _TYPES.items():
            try:
                values[key] = _value(kind, given.get(key))
            except _Wrong as wrong:
                self._fault(f"{where}.{key}：{wrong}")
        if len(self._faults) > known:
            return None
        profile = Profile(name=like or where, **values)
        for key, why in _disagreements(profile):
            self._fault(f"{where}.{key}：{why}")
        return profile

    def _fault(self, told: str) -> None:
        self._faults.append(f"{self._name}：{told}")


def _value(kind: Any, raw: Any) -> Any:
    """The value of a key; _Wrong."""
    if raw is None:
        raise _Wrong("未填写")
    if issubclass(kind, StrEnum):
        if raw not in set(kind):
            raise _Wrong(f"应为{'、'.join(kind)}之一")
        return kind(raw)
    if type(raw) is not kind or raw == "":
        raise _Wrong(f"应为{_TOLD[kind]}")
    return raw


def _disagreements(profile: Profile) -> Iterator[tuple[str, str]]:
    """What does not go together: the key, and why."""
    is_signed, is_oauth = (
        profile.signing is not Signing.NONE,
        profile.transport is Transport.OAUTH,
    )
    if profile.encryption is Encryption.SM4 and not is_oauth:
        yield "encryption", "sm4 以OAuth客户端编号为密钥，须用 oauth"
    if is_signed and profile.sm2_user_id == CLIENT_ID and not is_oauth:
        yield "sm2_user_id", f"{CLIENT_ID} 须用 oauth"
    if profile.signs_replies and not is_signed:
        yield "signs_replies", "应答签名须有请求签名"
    if profile.clock_apart_s < 1:
        yield "clock_apart_s", "应大于零"


_TOLD = {int: "整数", str: "文本", bool: "true 或 false"}

assert {field.name for field in fields(Profile)} == {"name", *_TYPES}, "every key has a type"
