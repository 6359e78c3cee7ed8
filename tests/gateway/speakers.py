"""How a hospital's system makes what each scheme wants, written after the published text alone."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import gmssl_pyx
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from sqlalchemy import Engine

from contracts.clock import SystemClock
from participants.gateway.security.minting import mint
from participants.treatment.domain.institution_key import KeyScheme
from participants.treatment.services import institution_keys
from tests.gateway.street import HOSPITAL, SEALER

NOW = SystemClock().now


@dataclass(frozen=True, slots=True)
class Given:
    """What an institution was shown when it got its key."""

    shown: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.shown[name]

    @property
    def pair(self) -> tuple[bytes, bytes]:
        return bytes.fromhex(self["public_key"]), bytes.fromhex(self["private_key"])


def given(
    engine: Engine,
    scheme: KeyScheme,
    institution: str = HOSPITAL,
    *,
    since: timedelta = timedelta(seconds=-1),
    lasting: timedelta = timedelta(days=365),
) -> Given:
    """A key that was issued to an institution."""
    now = NOW()
    minted = mint(scheme, institution, sealer=SEALER, valid_from=now + since, valid_for=lasting)
    with engine.begin() as tx:
        institution_keys.add(tx, minted.key, now)
    return Given(minted.shown)


def hmac_headers(key: Mapping[str, str] | Given, infno: str, at: datetime) -> dict[str, str]:
    named = {
        "_api_name": infno,
        "_api_version": "1.0.0",
        "_api_timestamp": str(int(at.timestamp() * 1_000)),
        "_api_access_key": key["key_id"],
    }
    text = "&".join(f"{name}={named[name]}" for name in sorted(named))
    mac = hmac.new(key["secret"].encode(), text.encode(), hashlib.sha1).digest()
    return named | {"_api_signature": base64.b64encode(mac).decode()}


def tif_headers(key: Mapping[str, str] | Given, nonce: str, at: datetime) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    text = stamp + key["secret"] + nonce + stamp
    return {
        "x-tif-paasid": key["key_id"],
        "x-tif-timestamp": stamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": hashlib.sha256(text.encode()).hexdigest(),
    }


def raw_signature(pair: tuple[bytes, bytes], user_id: str, text: str) -> bytes:
    """r‖s of SM2 with SM3, by GmSSL's own way from the id to the signature."""
    public, private = pair
    der = gmssl_pyx.sm2_sign(private, public, text.encode(), user_id.encode())
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def is_signed(public: bytes, user_id: str, text: str, raw: bytes) -> bool:
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return bool(gmssl_pyx.sm2_verify(public, text.encode(), der, user_id.encode()))


def sorted_text(document: Mapping[str, Any], without: set[str]) -> str:
    return "&".join(f"{name}={document[name]}" for name in sorted(set(document) - without))


def hubei(document: dict[str, Any], key: Given) -> dict[str, Any]:
    """The input as a JSON string; cainfo over the sorted rest, in upper-case hex."""
    told = document | {"input": json.dumps(document["input"], ensure_ascii=False)}
    text = sorted_text(told, {"cainfo", "input"})
    return told | {"cainfo": raw_signature(key.pair, "1234567812345678", text).hex().upper()}


def jilin(document: dict[str, Any], client_id: str, key: Given) -> dict[str, Any]:
    """The input signed as its JSON text, and then locked."""
    text = json.dumps(document["input"], ensure_ascii=False)
    return document | {
        "cainfo": base64.b64encode(raw_signature(key.pair, client_id, text)).decode(),
        "signtype": "SM2",
        "enc_type": "SM4",
        "input": locked(client_id, text),
    }


def locked(client_id: str, text: str) -> str:
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = _cipher(client_id).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def unlocked(client_id: str, ciphertext: str) -> str:
    decryptor = _cipher(client_id).decryptor()
    padded = decryptor.update(base64.b64decode(ciphertext)) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


def _cipher(client_id: str) -> Cipher[modes.ECB]:
    return Cipher(algorithms.SM4(client_id.encode()), modes.ECB())  # noqa: S305 - Jilin has it so
