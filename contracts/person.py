"""The hub-wide person token: what the parties say instead of an identity number."""

import base64

from cryptography.hazmat.primitives import hashes, hmac

from contracts.ids import PersonId

TOKEN_BYTES = 18


def person_id_of(certificate_kind: str, certificate_number: str, key: bytes) -> PersonId:
    """The token of a certificate (psn_cert_type, certno): keyed HMAC-SM3, 29 characters of base32.

    The same person has the same token in every area, and nobody without the key can try numbers.
    """
    assert len(key) >= 16, "the person token key is too short"
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(f"{certificate_kind}|{certificate_number.strip().upper()}".encode())
    return PersonId(base64.b32encode(mac.finalize()[:TOKEN_BYTES]).decode().rstrip("="))


def masked(text: str) -> str:
    """How a name or number is shown: the first and last characters, stars between."""
    if len(text) <= 2:
        return text[:1] + "*"
    edge = 1 if len(text) < 8 else 3
    return text[:edge] + "*" * (len(text) - 2 * edge) + text[-edge:]
