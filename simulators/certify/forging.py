"""How a message is made that must not be believed: one row a way."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.delivery.broker import Headers
from contracts.delivery.codec import headers_of
from contracts.signing import KeyRing, MessageKey, Signature
from simulators.certify.cases import NotMet

OTHER_PARTY = "treatment.990000"
"""Nobody's name: what a message says that is signed in another's name."""


class Forgery(StrEnum):
    """What is wrong with the signature."""

    NONE = "none"  # a true signature
    UNSIGNED = "unsigned"  # none at all
    UNKNOWN_KEY = "unknown_key"  # of a key that the area does not hold
    ENDED_KEY = "ended_key"  # of a key that the area holds and that has ended
    CHANGED = "changed"  # the bytes were changed after they were signed
    OTHER_TOPIC = "other_topic"  # made for another topic
    OTHER_KEY = "other_key"  # made for another Kafka key
    FALSE_NAME = "false_name"  # truly signed, and the head names somebody else


@dataclass(frozen=True, slots=True)
class Letter:
    """What is about to be signed for `account`, the area under test."""

    keys: KeyRing
    account: str
    topic: str
    key: bytes
    value: bytes
    now: datetime


def headers(letter: Letter, forgery: Forgery) -> Headers:
    """The headers that go with it; NotMet when the certifier lacks the key for this forgery."""
    return _MADE[forgery](letter)


def _true(letter: Letter) -> Headers:
    return _signed(letter, letter.topic, letter.key, letter.value)


def _unsigned(_letter: Letter) -> Headers:
    return ()


def _of_nobody(letter: Letter) -> Headers:
    name = f"nobody-{os.urandom(4).hex()}"
    own = MessageKey(letter.account, name, os.urandom(32), letter.now, letter.now)
    return headers_of(Signature(own.name, own.mac(letter.topic, letter.key, letter.value)))


def _ended(letter: Letter) -> Headers:
    held = letter.keys.keys.get(letter.account, ())
    ended = next((one for one in held if one.valid_until <= letter.now), None)
    if ended is None:
        raise NotMet("认证前提不满足：双方须持有一个已失效的密钥（yidi certify keys 可生成）")
    return headers_of(Signature(ended.name, ended.mac(letter.topic, letter.key, letter.value)))


def _changed(letter: Letter) -> Headers:
    return _signed(letter, letter.topic, letter.key, letter.value + b" ")


def _of_other_topic(letter: Letter) -> Headers:
    return _signed(letter, f"{letter.topic}.other", letter.key, letter.value)


def _of_other_key(letter: Letter) -> Headers:
    return _signed(letter, letter.topic, letter.key + b"0", letter.value)


def _signed(letter: Letter, topic: str, key: bytes, value: bytes) -> Headers:
    return headers_of(letter.keys.sign(letter.account, topic, key, value, letter.now))


_MADE: Mapping[Forgery, Callable[[Letter], Headers]] = {
    Forgery.NONE: _true,
    Forgery.UNSIGNED: _unsigned,
    Forgery.UNKNOWN_KEY: _of_nobody,
    Forgery.ENDED_KEY: _ended,
    Forgery.CHANGED: _changed,
    Forgery.OTHER_TOPIC: _of_other_topic,
    Forgery.OTHER_KEY: _of_other_key,
    Forgery.FALSE_NAME: _true,
}
