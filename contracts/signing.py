"""Messages are signed with HMAC-SM3, by keys that each participant shares with the hub."""

import base64
import binascii
import hmac as constant_time
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives import hashes, hmac

from contracts.clock import SHANGHAI
from contracts.key_dates import warnings_due

SECRET_BYTES_MIN = 32
VALID_AT_ONCE_MAX = 2
# A reader whose clock is behind must not bury the first messages of a new key.
CLOCKS_APART_MAX = timedelta(minutes=5)

_PURPOSE = b"yidi message 1"  # These keys sign nothing else.
_NAMED = re.compile(r"((?:insured|treatment)\.\d{6})/([A-Za-z0-9_-]{1,32})")


class Distrust(StrEnum):
    """Why a signature is not believed."""

    UNSIGNED = "unsigned"  # no signature, or none that can be read
    UNKNOWN_KEY = "unknown_key"  # no key of this name is held here
    KEY_NOT_VALID = "key_not_valid"  # the key has ended, or has not begun
    BAD_SIGNATURE = "bad_signature"  # other bytes were signed, or with another secret


class KeysWrong(ValueError):
    """Message keys cannot be used as they are written; the text says why, without any secret."""


class NoValidKey(Exception):
    """Somebody should be signed for, and holds no key that is valid now; the text is the name."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`key` is '<participant>/<key id>', `mac` the 32 bytes of HMAC-SM3."""

    key: str
    mac: bytes


@dataclass(frozen=True, slots=True)
class MessageKey:
    """One key of a participant: it signs from `valid_from`, and is believed until `valid_until`."""

    participant: str
    key_id: str
    secret: bytes = field(repr=False)
    valid_from: datetime
    valid_until: datetime
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Keyed once and copied for each message: half the cost of a short one.
        keyed = hmac.HMAC(self.secret, hashes.SM3())
        keyed.update(_framed(_PURPOSE, self.name.encode()))
        object.__setattr__(self, "_keyed", keyed)

    @property
    def name(self) -> str:
        return f"{self.participant}/{self.key_id}"

    def mac(self, topic: str, key: bytes, value: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(_framed(topic.encode(), key, value))
        return keyed.finalize()


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """The keys that a process holds, by participant, the newest first. Thread-safe.

    A key belongs to a participant and the hub together: both sign with it, and which of the two
    spoke follows from the topic, which is signed. So an area holds its own keys only, the hub holds
    everybody's, and no area can speak as the hub to another.
    """

    keys: Mapping[str, tuple[MessageKey, ...]]

    @staticmethod
    def from_text(text: str) -> "KeyRing":
        """Read '<participant>/<key id>=BASE64@FROM..UNTIL[,…]', as the environment has it.

        FROM and UNTIL are days, from whose beginning in China they count, or instants with their
        zone. KeysWrong when it is not so, names or secrets repeat, or more than two of a
        participant are valid at once.
        """
        return ring_of(
            _read(number, part.strip()) for number, part in enumerate(text.split(","), start=1)
        )

    def sign(
        self, participant: str, topic: str, key: bytes, value: bytes, now: datetime
    ) -> Signature:
        """Sign with the newest key of this participant that is valid; NoValidKey."""
        for held in self.keys.get(participant, ()):
            if held.valid_from <= now < held.valid_until:
                return Signature(held.name, held.mac(topic, key, value))
        raise NoValidKey(participant)

    def distrust(
        self, signature: Signature, topic: str, key: bytes, value: bytes, now: datetime
    ) -> Distrust | None:
        """Why these bytes are not what the named key signed; None when they are."""
        participant, _, key_id = signature.key.rpartition("/")
        for held in self.keys.get(participant, ()):
            if held.key_id == key_id:
                if not held.valid_from - CLOCKS_APART_MAX <= now < held.valid_until:
                    return Distrust.KEY_NOT_VALID
                is_so = constant_time.compare_digest(held.mac(topic, key, value), signature.mac)
                return None if is_so else Distrust.BAD_SIGNATURE
        return Distrust.UNKNOWN_KEY

    def can_sign_for(self, participant: str, now: datetime) -> bool:
        return any(k.valid_from <= now < k.valid_until for k in self.keys.get(participant, ()))

    def ending(self, now: datetime) -> list[tuple[MessageKey, tuple[int, ...]]]:
        """Each participant's key that ends last, where that comes near; see `warnings_due`.

        One whose successor is held already is no news.
        """
        last = [max(held, key=lambda key: key.valid_until) for held in self.keys.values()]
        due = [(key, warnings_due(key.valid_until, now)) for key in last]
        return [(key, days) for key, days in due if days]


def ring_of(keys: Iterable[MessageKey]) -> KeyRing:
    """A ring of these keys; KeysWrong when they do not go together."""
    by_name: dict[str, list[MessageKey]] = defaultdict(list)
    owners: dict[bytes, str] = {}
    for key in keys:
        if key.secret in owners:
            raise KeysWrong(f"{key.name} 与 {owners[key.secret]} 密钥内容相同")
        owners[key.secret] = key.name
        by_name[key.participant].append(key)
    for participant, held in by_name.items():
        _refuse_unless_sound(participant, held)
    newest_first = {
        participant: tuple(sorted(held, key=lambda key: key.valid_from, reverse=True))
        for participant, held in by_name.items()
    }
    return KeyRing(newest_first)


def _refuse_unless_sound(participant: str, held: list[MessageKey]) -> None:
    if len({key.key_id for key in held}) < len(held):
        raise KeysWrong(f"{participant} 的密钥编号重复")
    for key in held:
        together = [k for k in held if k.valid_from <= key.valid_from < k.valid_until]
        if len({k.valid_from for k in together}) < len(together):
            raise KeysWrong(f"{participant} 有两个密钥同时生效，无法确定用哪个签名")
        if len(together) > VALID_AT_ONCE_MAX:
            raise KeysWrong(f"{participant} 同时有效的密钥超过 {VALID_AT_ONCE_MAX} 个")


def _read(number: int, text: str) -> MessageKey:
    name, _, rest = text.partition("=")
    secret_text, _, span = rest.rpartition("@")
    named, (since, _, until) = _NAMED.fullmatch(name), span.partition("..")
    if named is None:
        raise KeysWrong(f"第 {number} 个密钥应写作 insured.340000/编号=BASE64@起..止")
    try:
        secret = base64.b64decode(secret_text, validate=True)
        valid_from, valid_until = _instant(since), _instant(until)
    except binascii.Error:
        raise KeysWrong(f"{name} 的密钥不是 BASE64") from None
    except ValueError:
        raise KeysWrong(f"{name} 的起止应为 2026-01-01..2027-01-01 或带时区的时刻") from None
    if len(secret) < SECRET_BYTES_MIN:
        raise KeysWrong(f"{name} 的密钥不足 {SECRET_BYTES_MIN} 字节")
    if valid_from >= valid_until:
        raise KeysWrong(f"{name} 的止不晚于起")
    return MessageKey(named[1], named[2], secret, valid_from, valid_until)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        if "T" in text or " " in text:
            raise ValueError("an instant without its zone")
        return instant.replace(tzinfo=SHANGHAI)
    return instant


def _framed(*parts: bytes) -> bytes:
    """Each part after its length: what was signed cannot be cut in another way."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
