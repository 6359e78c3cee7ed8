"""Lets a call in by its institution's profile: headers, then cipher, then signature. Or refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.clock import SHANGHAI
from contracts.refusal import RefusalCode, Refused
from participants.gateway.access import Doorkeeper
from participants.gateway.http.calls import Call
from participants.gateway.security import headers, signed, sm2, sm4
from participants.gateway.security.keyring import Held, HeldKey, Keyring, without_successor
from participants.gateway.security.nonces import Nonces, TooManyNonces
from participants.gateway.serving.door import Door
from participants.gateway.wire.jsontext import Number
from participants.gateway.wire.profiles import Encryption, Profile, Signing, Transport
from participants.treatment.domain.institution_key import KeyScheme

_TOKENS = frozenset({Transport.BEARER, Transport.OAUTH})


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """What a body says of itself before anything is believed.

    `text` as it came, `document` parsed, `raw` the same with its names in lower case.
    """

    infno: str = ""
    institution_code: str = ""
    text: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Seal:
    """How an answer is sealed: with which pair it is signed, with which key its output locked."""

    profile: Profile
    pair: sm2.KeyPair | None = None
    user_id: bytes = b""
    sm4_key: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Admission:
    """A call that was let in: its envelope with the input as it was signed, and the way back."""

    raw: Mapping[str, Any]
    seal: Seal
    warning: str = ""


class Guard:
    """Asks the doorkeeper for tokens and the keyring for keys; remembers nonces."""

    def __init__(self, doorkeeper: Doorkeeper, keyring: Keyring) -> None:
        self.doorkeeper, self.keyring = doorkeeper, keyring
        self._nonces = Nonces()

    async def admit(
        self, call: Call, claim: Claim, profile: Profile, door: Door, now: datetime
    ) -> Admission:
        """Raises Refused, and GatewayRefused where the profile has HMAC headers."""
        if profile.transport in _TOKENS:
            await self._show_token(call, claim.institution_code, door, now)
        if profile.transport is not Transport.BEARER and not profile.is_open:
            keys = await self.keyring.of(door, claim.institution_code, now)
        else:
            keys = ()
        self._check_headers(call, claim.infno, profile, keys, now)
        admission = _opened(claim, profile, keys, Seal(profile))
        admission = _verified(claim, admission, keys, now)
        return replace(admission, warning=_warning(keys, now))

    async def admit_plainly(
        self, call: Call, claim: Claim, profile: Profile, door: Door, now: datetime
    ) -> None:
        """The same for a body without an envelope: by headers alone, so a signer shows a token."""
        signs_only = profile.transport is Transport.NONE and not profile.is_open
        if profile.transport in _TOKENS or signs_only:
            await self._show_token(call, claim.institution_code, door, now)
        elif not profile.is_open:
            keys = await self.keyring.of(door, claim.institution_code, now)
            self._check_headers(call, claim.infno, profile, keys, now)

    async def _show_token(
        self, call: Call, institution_code: str, door: Door, now: datetime
    ) -> None:
        header = call.header("authorization")
        await self.doorkeeper.let_in(door, header, institution_code, now)

    def _check_headers(
        self, call: Call, infno: str, profile: Profile, keys: Held, now: datetime
    ) -> None:
        apart = timedelta(seconds=profile.clock_apart_s)
        if profile.transport is Transport.HMAC:
            headers.hmac_key(call, keys, infno, apart, now)
        elif profile.transport is Transport.TIF:
            key, nonce = headers.tif_key(call, keys, apart, now)
            try:
                is_new = self._nonces.is_new(key.id, nonce, apart, now)
            except TooManyNonces as error:
                raise Refused(RefusalCode.TOO_BUSY) from error
            if not is_new:
                raise Refused(RefusalCode.REQUEST_REPEATED, "x-tif-nonce")


def _opened(claim: Claim, profile: Profile, keys: Held, seal: Seal) -> Admission:
    """The input out of its cipher, by whichever client id opens it; Refused CIPHERTEXT_BROKEN."""
    raw = claim.raw
    if profile.encryption is Encryption.NONE:
        return Admission(raw, seal)
    ciphertext = raw.get("input")
    if not isinstance(ciphertext, str) or isinstance(ciphertext, Number):
        raise Refused(RefusalCode.CIPHERTEXT_BROKEN, "交易输入(input)")
    for held in keys:
        if held.key.scheme is not KeyScheme.OAUTH:
            continue
        try:
            text = sm4.opened(held.id.encode(), ciphertext)
        except sm4.CannotOpen:
            continue
        return Admission({**raw, "input": text}, replace(seal, sm4_key=held.id.encode()))
    raise Refused(RefusalCode.CIPHERTEXT_BROKEN, "交易输入(input)")


def _verified(claim: Claim, admission: Admission, keys: Held, now: datetime) -> Admission:
    """The signature checked, and of the input nothing left but the text that was signed."""
    seal, raw = admission.seal, admission.raw
    profile, cainfo = seal.profile, str(raw.get("cainfo") or "").strip()
    ids = signed.user_ids(profile, keys)
    match profile.signing:
        case Signing.NONE:
            return admission
        case Signing.INPUT:
            text = str(raw["input"]) if seal.sm4_key else signed.input_text(claim.text, raw)
            # The client that locked the input is the one that signs it.
            ids = [id_ for id_ in ids if id_ == seal.sm4_key] or ids
            held, user_id = signed.signer(profile, keys, ids, text.encode(), cainfo)
            raw = {**raw, "input": text}
        case Signing.SORTED:
            text_bytes = signed.sorted_text(
                claim.document, signed.UNSIGNED_OF_REQUEST, signs_empty=profile.signs_empty
            )
            held, user_id = signed.signer(profile, keys, ids, text_bytes, cainfo)
            _refuse_unless_fresh(raw, profile, now)
    return Admission(raw, replace(seal, pair=_ours(held, profile), user_id=user_id))


def _refuse_unless_fresh(raw: Mapping[str, Any], profile: Profile, now: datetime) -> None:
    if not raw.get("infno"):  # In the path alone it was not signed.
        raise Refused(RefusalCode.SIGNATURE_WRONG, "交易编号(infno)须在报文中")
    apart = timedelta(seconds=profile.clock_apart_s)
    signed.refuse_when_apart(raw.get("inf_time"), apart, now)


def _ours(held: HeldKey, profile: Profile) -> sm2.KeyPair | None:
    """With which pair the answer is signed, if it is."""
    if not profile.signs_replies:
        return None
    return sm2.KeyPair(*(bytes.fromhex(held.parts[half]) for half in ("public", "private")))


def _warning(keys: Held, now: datetime) -> str:
    """What the institution is told of its keys while there is time."""
    ending = without_successor(keys, now)
    told = (f"{one.key.scheme.value}密钥{one.id}将于{_day(one)}到期" for one in ending)
    return "；".join(told) + ("，请申请更换" if ending else "")


def _day(held: HeldKey) -> str:
    return f"{held.key.valid_until.astimezone(SHANGHAI):%Y-%m-%d}"
