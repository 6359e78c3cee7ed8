"""Names and identity numbers are sealed: AES-256-GCM, with the key's id in front."""

import base64
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealBroken(Exception):
    """The text was not sealed with a key that we hold, or was changed since."""


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """Seals with the current key, opens with any: two are valid while one is replaced."""

    keys: dict[str, bytes]
    current: str

    @staticmethod
    def from_text(text: str) -> "Sealer":
        """Read 'k1=BASE64[,k0=BASE64]', as an environment variable gives it; the first seals."""
        keys = {}
        for part in text.split(","):
            name, _, value = part.strip().partition("=")
            keys[name] = base64.b64decode(value, validate=True)
        if not all(name and len(key) == 32 for name, key in keys.items()):
            raise ValueError("a sealing key is NAME=BASE64 of 32 bytes")
        return Sealer(keys, next(iter(keys)))

    def seal(self, text: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        box = AESGCM(self.keys[self.current]).encrypt(nonce, text.encode(), None)
        return f"{self.current}:{base64.b64encode(nonce + box).decode()}"

    def open(self, sealed: str) -> str:
        """The text; SealBroken when it cannot be opened."""
        name, _, box = sealed.partition(":")
        try:
            raw = base64.b64decode(box, validate=True)
        except ValueError as error:
            raise SealBroken(name) from error
        return self._opened(name, raw).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        """A whole file: the key's id, a colon, and the box."""
        nonce = os.urandom(NONCE_BYTES)
        box = AESGCM(self.keys[self.current]).encrypt(nonce, content, None)
        return self.current.encode() + b":" + nonce + box

    def open_bytes(self, sealed: bytes) -> bytes:
        """The file; SealBroken when it cannot be opened."""
        name, _, raw = sealed.partition(b":")
        return self._opened(name.decode(errors="replace"), raw)

    def _opened(self, name: str, raw: bytes) -> bytes:
        try:
            return AESGCM(self.keys[name]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        except (KeyError, ValueError, InvalidTag) as error:
            raise SealBroken(name) from error
