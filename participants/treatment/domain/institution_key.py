"""The keys with which an institution shows who it is at the gateway."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

KEYS_AT_ONCE_MAX = 2
"""Of one institution and scheme: the one in use, and its successor."""


class KeyScheme(StrEnum):
    """What a key is for."""

    HMAC = "hmac"  # access key and secret of the HMAC-SHA1 gateway headers
    TIF = "tif"  # paasid and secret of the x-tif-* headers
    OAUTH = "oauth"  # client id and secret, and the password that go with them
    SM2 = "sm2"  # the institution's public key, and the pair with which we sign for it


@dataclass(frozen=True, slots=True, repr=False)
class InstitutionKey:
    """One key; `sealed_secret` is a sealed JSON object of its secret parts, as the gateway has them.

    `public_key`: 128 hex digits of the institution's SM2 key, of a key for SM2 only.
    Valid from `valid_from` on, and before `valid_until` (aware instants), unless revoked.
    """

    scheme: KeyScheme
    key_id: str
    institution_code: str
    sealed_secret: str
    public_key: str | None
    valid_from: datetime
    valid_until: datetime
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        assert self.valid_from < self.valid_until, "a key that is never valid"
        assert (self.scheme is KeyScheme.SM2) == (self.public_key is not None), "SM2 has two halves"

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and self.valid_from <= now < self.valid_until
