"""Makes new keys for institutions: what they are shown this once, and what we keep."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.sealing import Sealer
from participants.gateway.security import sm2
from participants.treatment.domain.institution_key import InstitutionKey, KeyScheme

CLIENT_ID_CHARACTERS = 16
"""Of an OAuth client id: it is also the key of SM4."""


@dataclass(frozen=True, slots=True, repr=False)
class Minted:
    """`shown` goes to the institution and is not kept; `key` is what we store."""

    key: InstitutionKey
    shown: Mapping[str, str]


def mint(
    scheme: KeyScheme,
    institution_code: str,
    *,
    sealer: Sealer,
    valid_from: datetime,
    valid_for: timedelta,
    public_key: str | None = None,
) -> Minted:
    """A new key. `public_key`: the institution's own for SM2; without one it is given a pair.

    Raises PublicKeyWrong.
    """
    parts, shown, public = _made(scheme, public_key)
    key_id = secrets.token_hex(CLIENT_ID_CHARACTERS // 2)
    key = InstitutionKey(
        scheme=scheme,
        key_id=key_id,
        institution_code=institution_code,
        sealed_secret=sealer.seal(json.dumps(parts)),
        public_key=public,
        valid_from=valid_from,
        valid_until=valid_from + valid_for,
    )
    return Minted(key, {"key_id": key_id, **shown})


def _made(
    scheme: KeyScheme, public_key: str | None
) -> tuple[dict[str, str], dict[str, str], str | None]:
    """What is sealed, what is shown, and the institution's public key."""
    match scheme:
        case KeyScheme.HMAC | KeyScheme.TIF:
            parts = {"secret": secrets.token_urlsafe(32)}
            return parts, parts, None
        case KeyScheme.OAUTH:
            parts = {"secret": secrets.token_urlsafe(32), "password": secrets.token_urlsafe(18)}
            return parts, parts, None
        case KeyScheme.SM2:
            ours, theirs = sm2.new_pair(), sm2.new_pair()
            shown = {"our_public_key": ours.public.hex()}
            if public_key is None:
                shown["private_key"] = theirs.private.hex()
                shown["public_key"] = theirs.public.hex()
            known = sm2.public_key_of(public_key) if public_key else theirs.public
            parts = {"public": ours.public.hex(), "private": ours.private.hex()}
            return parts, shown, known.hex()
