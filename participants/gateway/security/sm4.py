"""SM4 in ECB mode with PKCS#7 padding, which Jilin's clients speak; the text is base64.

ECB shows which blocks are equal. It is here because the interface has it so, never beside our own
protocols; TLS is what keeps a message from other eyes.
"""

import base64
import binascii

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

KEY_BYTES = BLOCK_BYTES = 16


class CannotOpen(Exception):
    """No base64, no whole blocks, a padding that is none, or no text behind it."""


def sealed(key: bytes, text: str) -> str:
    padder = PKCS7(8 * BLOCK_BYTES).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - see above
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def opened(key: bytes, ciphertext: str) -> str:
    """The text; CannotOpen."""
    try:
        raw = base64.b64decode("".join(ciphertext.split()), validate=True)
        decryptor = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()  # noqa: S305 - see above
        padded = decryptor.update(raw) + decryptor.finalize()
        unpadder = PKCS7(8 * BLOCK_BYTES).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError) as error:
        raise CannotOpen from error
