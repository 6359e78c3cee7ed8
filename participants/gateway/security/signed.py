"""What `cainfo` signs: the text of the input, or the envelope as sorted k=v. And who signed it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from contracts.clock import SHANGHAI
from contracts.refusal import RefusalCode, Refused
from participants.gateway.security import sm2
from participants.gateway.security.keyring import HeldKey
from participants.gateway.wire import jsontext
from participants.gateway.wire.jsontext import Number
from participants.gateway.wire.profiles import CLIENT_ID, Profile
from participants.treatment.domain.institution_key import KeyScheme

UNSIGNED_OF_REQUEST = frozenset({"cainfo", "input"})
UNSIGNED_OF_REPLY = frozenset({"cainfo", "output"})


def sorted_text(
    document: Mapping[str, Any], unsigned: frozenset[str], *, signs_empty: bool
) -> bytes:
    """k=v joined by & in the order of ASCII, the names as they are written (HB)."""
    told = {name: _told(value) for name, value in document.items() if name.lower() not in unsigned}
    filled = (name for name in sorted(told) if told[name] or signs_empty)
    return "&".join(f"{name}={told[name]}" for name in filled).encode(errors="replace")


def input_text(body: str, raw: Mapping[str, Any]) -> str:
    """The input as its sender wrote it: the text itself, or the JSON of the object.

    `raw` has its names in lower case.
    """
    found = raw.get("input")
    if isinstance(found, str) and not isinstance(found, Number):
        return found
    return jsontext.member(body, "input") or ""


def user_ids(profile: Profile, keys: Iterable[HeldKey]) -> list[bytes]:
    """With which ids the institution may sign; with CLIENT_ID, those of its OAuth clients."""
    if profile.sm2_user_id != CLIENT_ID:
        return [profile.sm2_user_id.encode()]
    return [held.id.encode() for held in keys if held.key.scheme is KeyScheme.OAUTH]


def signer(
    profile: Profile, keys: Iterable[HeldKey], ids: Iterable[bytes], text: bytes, cainfo: str
) -> tuple[HeldKey, bytes]:
    """The key and the user id that made `cainfo`; Refused KEY_NOT_VALID or SIGNATURE_WRONG."""
    pairs = [(held, id_) for held in keys if held.key.scheme is KeyScheme.SM2 for id_ in ids]
    if not pairs:
        raise Refused(RefusalCode.KEY_NOT_VALID, "SM2")
    signature = sm2.read(cainfo, profile.signature_form, profile.signature_text)
    if signature is None:
        raise Refused(RefusalCode.SIGNATURE_WRONG, "签名(cainfo)为空或格式不符")
    for held, id_ in pairs:
        public = bytes.fromhex(held.key.public_key or "")
        if sm2.is_signed_by(public, id_, text, signature):
            return held, id_
    raise Refused(RefusalCode.SIGNATURE_WRONG, "签名(cainfo)")


def refuse_when_apart(said: Any, apart: timedelta, now: datetime) -> None:
    """Refused CLOCK_APART when inf_time is not near our clock: a signed call is not for ever."""
    try:
        sent_at = datetime.fromisoformat(str(said).strip()).replace(tzinfo=SHANGHAI)
    except ValueError:
        sent_at = None
    if sent_at is None or abs(sent_at - now) > apart:
        raise Refused(RefusalCode.CLOCK_APART, "交易时间(inf_time)")


def _told(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return jsontext.encode(value)
