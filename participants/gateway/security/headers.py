"""Schemes that live in the headers: HMAC-SHA1 (Hunan) and x-tif-* with SHA-256 (Guangdong).

Neither covers the body: that nobody changed it on its way is what TLS is for.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from contracts.refusal import RefusalCode, Refused
from participants.gateway.http.calls import Call
from participants.gateway.security.keyring import HeldKey
from participants.treatment.domain.institution_key import KeyScheme

MISSING, EXPIRED = "缺少服务网关的请求头", "签名时间戳超时"
UNKNOWN, MISMATCH = "非法用户", "签名不一致"

NONCE_MAX = 64
_SIGNED = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")
_MILLISECONDS = re.compile(r"\d{13}", re.ASCII)
_SECONDS = re.compile(r"\d{10}", re.ASCII)


class GatewayRefused(Exception):
    """A no in the words of Hunan's service gateway: one of the four messages, no envelope."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def hmac_key(
    call: Call, keys: Iterable[HeldKey], infno: str, apart: timedelta, now: datetime
) -> HeldKey:
    """The key that signed the _api_* headers; GatewayRefused (HN tables 5 and 6)."""
    given = {name: call.header(name) for name in (*_SIGNED, "_api_signature")}
    if not all(given.values()):
        raise GatewayRefused(MISSING)
    stamp = given["_api_timestamp"]
    if not _MILLISECONDS.fullmatch(stamp) or _is_apart(int(stamp), apart, now):
        raise GatewayRefused(EXPIRED)
    key = _key(keys, KeyScheme.HMAC, given["_api_access_key"])
    if key is None:
        raise GatewayRefused(UNKNOWN)
    text = "&".join(f"{name}={given[name]}" for name in _SIGNED)
    mac = hmac.digest(key.parts["secret"].encode(), text.encode(), "sha1")
    # A signature for another transaction is none for this one.
    if not _same(given["_api_signature"], base64.b64encode(mac).decode()):
        raise GatewayRefused(MISMATCH)
    if given["_api_name"] != infno:
        raise GatewayRefused(MISMATCH)
    return key


def tif_key(
    call: Call, keys: Iterable[HeldKey], apart: timedelta, now: datetime
) -> tuple[HeldKey, str]:
    """The key that signed the x-tif-* headers, and the nonce, which must be new.

    Refused NOT_AUTHENTICATED, CLOCK_APART, KEY_NOT_VALID or SIGNATURE_WRONG.
    """
    names = ("paasid", "timestamp", "nonce", "signature")
    key_id, stamp, nonce, signature = (call.header(f"x-tif-{name}") for name in names)
    if not (key_id and stamp and nonce and signature) or len(nonce) > NONCE_MAX:
        raise Refused(RefusalCode.NOT_AUTHENTICATED, "请求头 x-tif-* 不完整")
    if not _SECONDS.fullmatch(stamp) or _is_apart(1_000 * int(stamp), apart, now):
        raise Refused(RefusalCode.CLOCK_APART, "x-tif-timestamp")
    key = _key(keys, KeyScheme.TIF, key_id)
    if key is None:
        raise Refused(RefusalCode.KEY_NOT_VALID, "x-tif-paasid")
    text = f"{stamp}{key.parts['secret']}{nonce}{stamp}"
    if not _same(signature.lower(), hashlib.sha256(text.encode()).hexdigest()):
        raise Refused(RefusalCode.SIGNATURE_WRONG, "x-tif-signature")
    return key, nonce


def _key(keys: Iterable[HeldKey], scheme: KeyScheme, key_id: str) -> HeldKey | None:
    return next((one for one in keys if one.key.scheme is scheme and one.id == key_id), None)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _is_apart(milliseconds: int, apart: timedelta, now: datetime) -> bool:
    stamp = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return abs(stamp - now) > apart
