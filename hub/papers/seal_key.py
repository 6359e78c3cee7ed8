"""The hub's key for papers: Ed25519, because anybody may check and only the hub can make."""

import base64
import binascii
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED_BYTES = 32


class SealKeyWrong(Exception):
    """What was given is not 32 bytes in base64."""


@dataclass(frozen=True, slots=True, repr=False)
class SealKey:
    """Signs papers. The same bytes get the same signature: Ed25519 draws no lots."""

    private: Ed25519PrivateKey

    @staticmethod
    def from_text(text: str) -> "SealKey":
        """Read base64 of 32 bytes, as an environment variable gives it; SealKeyWrong."""
        try:
            seed = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise SealKeyWrong("签章密钥不是 BASE64") from error
        if len(seed) != SEED_BYTES:
            raise SealKeyWrong(f"签章密钥应为 {SEED_BYTES} 字节")
        return SealKey(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_hex(self) -> str:
        """64 lower-case hex digits, to be published."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, content: bytes) -> str:
        """128 lower-case hex digits."""
        return self.private.sign(content).hex()


def new_key_text() -> str:
    """A fresh secret, as the environment variable wants it."""
    return base64.b64encode(secrets.token_bytes(SEED_BYTES)).decode()
