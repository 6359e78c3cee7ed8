"""Reads settings from the environment, and names the variable that is missing or wrong."""

import base64
import binascii
import re
from typing import TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from contracts.codes import AreaCode
from contracts.sealing import Sealer

PERSON_KEY_BYTES_MIN = 16

Kind = TypeVar("Kind", bound=BaseSettings)

_DRIVER = "postgresql+psycopg2"  # without it SQLAlchemy takes another, which we do not have
_BROKERS = re.compile(r"[^\s:,/]+:\d{1,5}(,[^\s:,/]+:\d{1,5})*(/[\w.-]+)?")
_MISSING = "missing"  # pydantic's name for it


class NotSet(Exception):
    """A setting that this command needs has no value; the text names the variable."""


class SettingWrong(ValueError):
    """A setting has a value that cannot be used; the text names the variable, never the value."""


def from_environment(prefix: str = "YIDI_") -> SettingsConfigDict:
    """How a settings class reads its variables; an empty value counts as none."""
    return SettingsConfigDict(env_prefix=prefix, env_ignore_empty=True, extra="ignore", frozen=True)


def read(kind: type[Kind]) -> Kind:
    """The settings of this process. NotSet, SettingWrong: with the names of all that are at fault.

    `from None`: pydantic's own error quotes the values.
    """
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config["env_prefix"]
        faults = [
            (fault["type"] == _MISSING, f"{prefix}{fault['loc'][0]}".upper())
            for fault in error.errors()
        ]
    wrong = [name for is_missing, name in faults if not is_missing]
    if wrong:
        raise SettingWrong("、".join(wrong)) from None
    raise NotSet("、".join(name for _, name in faults)) from None


def database_url(value: SecretStr | None, name: str, area: AreaCode | None = None) -> str:
    """A PostgreSQL URL, '{area}' in it replaced where an area is given; NotSet, SettingWrong."""
    if value is None:
        raise NotSet(name)
    text = value.get_secret_value()
    url = text if area is None else text.replace("{area}", area)
    try:
        is_ours = make_url(url).drivername == _DRIVER
    except (ArgumentError, ValueError):
        is_ours = False
    if not is_ours:
        raise SettingWrong(f"{name}（应为 {_DRIVER}://…）")
    return url


def brokers(value: str | None) -> str:
    """Kafka's address, host:port[,host:port][/prefix]; NotSet, SettingWrong."""
    if value is None:
        raise NotSet("YIDI_KAFKA")
    if not _BROKERS.fullmatch(value):
        raise SettingWrong("YIDI_KAFKA（应为 host:port[,host:port][/prefix]）")
    return value


def sealer_of(text: str) -> Sealer:
    """The sealing keys that an environment variable gives; SettingWrong."""
    try:
        return Sealer.from_text(text)
    except ValueError as error:
        raise SettingWrong("YIDI_SEALING_KEYS") from error


def person_key_of(text: str) -> bytes:
    """The key behind its base64; SettingWrong when it is none, or shorter than 16 bytes."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingWrong("YIDI_PERSON_TOKEN_KEY") from error
    if len(key) < PERSON_KEY_BYTES_MIN:
        raise SettingWrong("YIDI_PERSON_TOKEN_KEY")
    return key


class Secrets(BaseSettings):
    """Keys of whoever handles identities. There are no defaults; no worker needs any of them."""

    model_config = from_environment()

    sealing_keys: SecretStr
    person_token_key: SecretStr

    def sealer(self) -> Sealer:
        return sealer_of(self.sealing_keys.get_secret_value())

    def token_key(self) -> bytes:
        return person_key_of(self.person_token_key.get_secret_value())
