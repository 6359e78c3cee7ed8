"""Ids are minted by whoever first decides to act, and kept for ever after."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NewType
from uuid import UUID

MessageId = NewType("MessageId", UUID)
SettlementId = NewType("SettlementId", UUID)
VisitId = NewType("VisitId", UUID)
RegistrationId = NewType("RegistrationId", UUID)
EnquiryId = NewType("EnquiryId", UUID)
PersonId = NewType("PersonId", str)
"""The hub-wide person token: 29 characters, no meaning, never an identity number."""


IdSource = Callable[[], tuple[int, int]]
"""The present in milliseconds since 1970, and 80 random bits."""


def _of_this_machine() -> tuple[int, int]:
    return time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))


_VARIANT = 0x2 << 62
_VERSION_5, _VERSION_7 = 0x5 << 76 | _VARIANT, 0x7 << 76 | _VARIANT
_UNSTAMPED = (1 << 128) - 1 & ~(0xF << 76 | 0x3 << 62)
_sources: list[IdSource] = [_of_this_machine]


def new_id() -> UUID:
    """A UUIDv7: 48 bits of milliseconds, then random, so that ids sort by age."""
    unix_ms, random = _sources[-1]()
    return _stamped((unix_ms << 80) | random, _VERSION_7)


@contextmanager
def ids_from(source: IdSource) -> Iterator[None]:
    """New ids of this process come from `source` within the block: a simulation repeats its own."""
    _sources.append(source)
    try:
        yield
    finally:
        _sources.pop()


def id_of_effect(cause: UUID, effect: str) -> MessageId:
    """The id of what follows from `cause`: deciding again after a crash yields the same id."""
    # As `uuid.uuid5`, in half its time: there are four such ids in every settlement.
    digest = hashlib.sha1(cause.bytes + effect.encode(), usedforsecurity=False).digest()
    return MessageId(_stamped(int.from_bytes(digest[:16]), _VERSION_5))


def _stamped(value: int, version: int) -> UUID:
    """These 128 bits with a version and the variant of RFC 9562 in their places."""
    return UUID(int=value & _UNSTAMPED | version)


def short_text_of(value: UUID) -> str:
    """26 characters of base32. The national interface gives ids 30 characters, a UUID needs 36."""
    return base64.b32encode(value.bytes).decode().rstrip("=")


def id_of_short_text(text: str) -> UUID:
    """The id behind `short_text_of`; ValueError when the text is not one."""
    if len(text) != 26:
        raise ValueError(f"not an id: {text[:40]!r}")
    value = UUID(bytes=base64.b32decode(text + "======"))
    if short_text_of(value) != text:  # Spare bits of the last character must be zero.
        raise ValueError(f"not an id: {text!r}")
    return value
