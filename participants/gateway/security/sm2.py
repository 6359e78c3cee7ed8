"""SM2 signatures with SM3 (GB/T 32918.2): over the digest with the signer's id, in four spellings.

The digest is made here, with SM3 from `cryptography`: GmSSL's own way over a whole message takes
ten times as long, and asks for an id of a length that not every province keeps.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

import gmssl_pyx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

PUBLIC_BYTES, PRIVATE_BYTES, HALF_BYTES = 64, 32, 32
SIGNATURE_TEXT_MAX = 300
USER_ID_BYTES_MAX = 8_191
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
# a, b and the base point of the recommended curve (GB/T 32918.5), as they go into the digest.
_CURVE = bytes.fromhex(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


class SignatureForm(StrEnum):
    """How r and s are put together."""

    RAW = "raw"  # r‖s, 64 bytes
    DER = "der"  # an ASN.1 sequence of two integers


class SignatureText(StrEnum):
    """How the bytes of a signature are written."""

    BASE64 = "base64"  # the standard alphabet, with its padding
    HEX = "hex"  # lower case; read in either
    UPPER_HEX = "HEX"  # upper case; read in either


class PublicKeyWrong(ValueError):
    """Not an SM2 public key: 64 bytes on the curve, perhaps after 04, or 33 compressed."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """64 bytes and 32 bytes."""

    public: bytes
    private: bytes


def new_pair() -> KeyPair:
    public, private = gmssl_pyx.sm2_key_generate()
    return KeyPair(public, private)


def public_key_of(text: str) -> bytes:
    """The 64 bytes behind hex or base64, in any of the usual forms; PublicKeyWrong."""
    compact = "".join(text.split())
    try:
        raw = bytes.fromhex(compact)
    except ValueError:
        try:
            raw = base64.b64decode(compact, validate=True)
        except (binascii.Error, ValueError) as error:
            raise PublicKeyWrong from error
    try:
        return bytes(gmssl_pyx.normalize_sm2_public_key(raw))
    except (gmssl_pyx.InvalidValueError, ValueError) as error:
        raise PublicKeyWrong from error


def sign(pair: KeyPair, user_id: bytes, message: bytes) -> bytes:
    """The signature in DER."""
    digest = _digest(pair.public, user_id, message)
    return bytes(gmssl_pyx.sm2_sign_sm3_digest(pair.private, digest))


def is_signed_by(public: bytes, user_id: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this signature in DER is the key's over the message. Any bytes may come."""
    try:
        digest = _digest(public, user_id, message)
        return bool(gmssl_pyx.sm2_verify_sm3_digest(public, digest, signature))
    except (gmssl_pyx.GmsslInnerError, ValueError):
        return False


def written(signature: bytes, form: SignatureForm, text: SignatureText) -> str:
    """A signature in DER as a profile wants it."""
    if form is SignatureForm.RAW:
        r, s = decode_dss_signature(signature)
        signature = r.to_bytes(HALF_BYTES, "big") + s.to_bytes(HALF_BYTES, "big")
    match text:
        case SignatureText.BASE64:
            return base64.b64encode(signature).decode()
        case SignatureText.HEX:
            return signature.hex()
        case SignatureText.UPPER_HEX:
            return signature.hex().upper()


def read(text: str, form: SignatureForm, spelling: SignatureText) -> bytes | None:
    """The signature in strict DER, or None for what is none."""
    if len(text) > SIGNATURE_TEXT_MAX:
        return None
    try:
        if spelling is SignatureText.BASE64:
            raw = base64.b64decode(text, validate=True)
        else:
            raw = bytes.fromhex(text)
        r, s = _halves(raw, form)
    except (binascii.Error, ValueError):
        return None
    # Written anew, so that GmSSL only ever sees well-formed bytes.
    return encode_dss_signature(r, s) if 0 < r < _N and 0 < s < _N else None


def _halves(raw: bytes, form: SignatureForm) -> tuple[int, int]:
    if form is SignatureForm.DER:
        return decode_dss_signature(raw)
    if len(raw) != 2 * HALF_BYTES:
        raise ValueError("not r‖s")
    return int.from_bytes(raw[:HALF_BYTES], "big"), int.from_bytes(raw[HALF_BYTES:], "big")


def _digest(public: bytes, user_id: bytes, message: bytes) -> bytes:
    """SM3 over Z and the message, where Z is SM3 over who signs (GB/T 32918.2, 5.5)."""
    if len(user_id) > USER_ID_BYTES_MAX:
        raise ValueError("a user id too long for its length field")
    length = (8 * len(user_id)).to_bytes(2, "big")
    return _sm3(_sm3(length + user_id + _CURVE + public) + message)


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()
