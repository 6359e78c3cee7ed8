"""The algorithms against their published vectors, and every spelling of a signature."""

import hmac

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from participants.gateway.security import sm2, sm4
from participants.gateway.security.sm2 import KeyPair, SignatureForm, SignatureText

# GB/T 32918.5-2017, A.2: the key, the message and the signature of the standard.
PAIR = KeyPair(
    bytes.fromhex(
        "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    ),
    bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"),
)
USER_ID, MESSAGE = b"1234567812345678", b"message digest"
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
HALVES = f"{R:064x}{S:064x}"
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def test_sm2_as_in_the_standard() -> None:
    signature = sm2.read(HALVES, SignatureForm.RAW, SignatureText.HEX)
    assert signature == encode_dss_signature(R, S)
    assert sm2.is_signed_by(PAIR.public, USER_ID, MESSAGE, signature)
    for public, user_id, message in (
        (sm2.new_pair().public, USER_ID, MESSAGE),
        (PAIR.public, b"1234567812345679", MESSAGE),
        (PAIR.public, USER_ID, b"message digesT"),
    ):
        assert not sm2.is_signed_by(public, user_id, message, signature)


def test_sm3_as_in_the_standard() -> None:
    # GB/T 32905-2016, A.1.
    said = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm2._sm3(b"abc").hex() == said


def test_sm4_as_in_the_standard() -> None:
    # GB/T 32907-2016, A.1.
    block = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    cipher = Cipher(algorithms.SM4(block), modes.ECB())  # noqa: S305 - one block
    locked = cipher.encryptor().update(block)
    assert locked.hex() == "681edf34d206965e86b3e94f536e4246"
    for text in ("", "医" * 5, "x" * 16):
        assert sm4.opened(block, sm4.sealed(block, text)) == text


def test_hmac_sha1_as_in_rfc_2202() -> None:
    mac = hmac.digest(b"Jefe", b"what do ya want for nothing?", "sha1")
    assert mac.hex() == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"


@pytest.mark.parametrize("form", SignatureForm)
@pytest.mark.parametrize("text", SignatureText)
def test_every_spelling_is_read_as_it_was_written(form: SignatureForm, text: SignatureText) -> None:
    for user_id in (b"", USER_ID, b"a1b2c3d4e5f60718", "医院".encode()):
        signature = sm2.sign(PAIR, user_id, MESSAGE)
        again = sm2.read(sm2.written(signature, form, text), form, text)
        assert again == signature
        assert sm2.is_signed_by(PAIR.public, user_id, MESSAGE, again)


def test_gmssl_makes_and_takes_the_same_signatures() -> None:
    ours = sm2.sign(PAIR, USER_ID, MESSAGE)
    assert gmssl_pyx.sm2_verify(PAIR.public, MESSAGE, ours, USER_ID)
    theirs = gmssl_pyx.sm2_sign(PAIR.private, PAIR.public, MESSAGE, USER_ID)
    assert sm2.is_signed_by(PAIR.public, USER_ID, MESSAGE, theirs)


@pytest.mark.parametrize(
    "text",
    [
        "", "0", HALVES[:-2], HALVES + "00", "zz" * 64, f"{0:064x}{S:064x}", f"{R:064x}{0:064x}",
        f"{N:064x}{S:064x}", f"{R:064x}{N:064x}", "f" * 128, HALVES * 3,
    ],
)  # fmt: skip
def test_what_is_no_signature_is_none(text: str) -> None:
    assert sm2.read(text, SignatureForm.RAW, SignatureText.HEX) is None


@given(text=st.text(max_size=400), form=st.sampled_from(SignatureForm))
def test_any_text_is_a_signature_or_none(text: str, form: SignatureForm) -> None:
    for spelling in SignatureText:
        found = sm2.read(text, form, spelling)
        assert found is None or not sm2.is_signed_by(PAIR.public, USER_ID, MESSAGE, found)


@given(ciphertext=st.one_of(st.text(max_size=100), st.binary(max_size=80).map(bytes.hex)))
def test_any_ciphertext_opens_or_cannot(ciphertext: str) -> None:
    try:
        sm4.opened(b"k" * 16, ciphertext)
    except sm4.CannotOpen:
        return


def test_public_keys_come_in_several_forms() -> None:
    plain = PAIR.public.hex()
    assert sm2.public_key_of(plain) == PAIR.public
    assert sm2.public_key_of(f"04{plain.upper()}") == PAIR.public
    assert (
        sm2.public_key_of(
            "CfnfMR5UIaFQ3X0WHkvFxnIXn60YM/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw=="
        )
        == PAIR.public
    )
    assert sm2.public_key_of("03" + plain[:64]) == PAIR.public
    for wrong in ("", "04", plain[:-2], "0" * 128, "f" * 128, "医院", "02" + "f" * 64):
        with pytest.raises(sm2.PublicKeyWrong):
            sm2.public_key_of(wrong)
