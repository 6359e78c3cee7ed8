"""Signatures of messages: what is believed, until when, and what keys may look like."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.delivery.codec import KEY_HEADER, SIGNATURE_HEADER, headers_of, signature_of
from contracts.key_dates import warnings_due
from contracts.signing import Distrust, KeyRing, KeysWrong, NoValidKey, Signature

NOON = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)
ANHUI, SHANGHAI = "insured.340000", "treatment.310000"
TOPIC, KEY, VALUE = "hub.calculations", b"settlement 1", '{"head":{},"body":"安徽"}'.encode()


def secret(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def entry(name: str, number: int, since: str = "2026-01-01", until: str = "2027-01-01") -> str:
    return f"{name}={secret(number)}@{since}..{until}"


RING = KeyRing.from_text(",".join([entry(f"{ANHUI}/k1", 1), entry(f"{SHANGHAI}/k1", 2)]))
SIGNED = RING.sign(ANHUI, TOPIC, KEY, VALUE, NOON)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_what_was_signed_is_believed() -> None:
    assert RING.distrust(SIGNED, TOPIC, KEY, VALUE, NOON) is None


@given(st.data())
def test_any_bit_that_is_flipped_is_noticed(data: st.DataObject) -> None:
    parts = [TOPIC.encode(), KEY, VALUE, SIGNED.mac]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, len(parts[which]) * 8 - 1))
    parts[which] = flipped(parts[which], bit)
    topic, key, value, mac = parts
    signature = Signature(SIGNED.key, mac)
    told = RING.distrust(signature, topic.decode("latin-1"), key, value, NOON)
    assert told is Distrust.BAD_SIGNATURE


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 40))
def test_bytes_cannot_move_from_the_key_into_the_value(key: bytes, value: bytes, at: int) -> None:
    together = key + value
    other = (together[:at], together[at:])
    signature = RING.sign(ANHUI, TOPIC, key, value, NOON)
    believed = RING.distrust(signature, TOPIC, *other, NOON) is None
    assert believed == (other == (key, value))


# In China 2026 begins and ends eight hours earlier than in UTC.
BEGINS, ENDS = (datetime(year, 12, 31, 16, tzinfo=UTC) for year in (2025, 2026))
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

# fmt: off
VERDICTS = [
    # the key it names      whose bytes      when                  why not
    (f"{ANHUI}/k1",         SIGNED.mac,      NOON,                 None),
    (f"{ANHUI}/k9",         SIGNED.mac,      NOON,                 "unknown_key"),
    ("insured.320000/k1",   SIGNED.mac,      NOON,                 "unknown_key"),
    (f"{SHANGHAI}/k1",      SIGNED.mac,      NOON,                 "bad_signature"),
    (f"{ANHUI}/k1",         b"",             NOON,                 "bad_signature"),
    (f"{ANHUI}/k1",         SIGNED.mac[:31], NOON,                 "bad_signature"),
    (f"{ANHUI}/k1",         SIGNED.mac,      ENDS - SECOND,        None),
    (f"{ANHUI}/k1",         SIGNED.mac,      ENDS,                 "key_not_valid"),
    (f"{ANHUI}/k1",         SIGNED.mac,      BEGINS - 5 * MINUTE,  None),  # clocks differ
    (f"{ANHUI}/k1",         SIGNED.mac,      BEGINS - 6 * MINUTE,  "key_not_valid"),
]
# fmt: on


@pytest.mark.parametrize(("key", "mac", "at", "why"), VERDICTS)
def test_a_signature_is_believed_only_by_its_own_key_in_its_own_time(
    key: str, mac: bytes, at: datetime, why: str | None
) -> None:
    assert RING.distrust(Signature(key, mac), TOPIC, KEY, VALUE, at) == why


def test_two_keys_are_valid_at_once_and_the_one_that_began_last_signs() -> None:
    old, new = entry(f"{ANHUI}/k1", 1), entry(f"{ANHUI}/k2", 3, "2026-06-01", "2028-01-01")
    ring = KeyRing.from_text(f"{old}, {new}")
    signed = {
        at: ring.sign(ANHUI, TOPIC, KEY, VALUE, at).key
        for at in (NOON - timedelta(days=30), NOON, NOON + timedelta(days=365))
    }
    assert list(signed.values()) == [f"{ANHUI}/k1", f"{ANHUI}/k2", f"{ANHUI}/k2"]
    assert ring.distrust(SIGNED, TOPIC, KEY, VALUE, NOON) is None  # signed before, with the old


def test_nobody_signs_with_a_key_that_has_ended_or_with_another_s() -> None:
    with pytest.raises(NoValidKey, match=ANHUI):
        RING.sign(ANHUI, TOPIC, KEY, VALUE, NOON + timedelta(days=365))
    with pytest.raises(NoValidKey, match="hub"):
        RING.sign("hub", TOPIC, KEY, VALUE, NOON)
    assert not RING.can_sign_for("insured.320000", NOON)


# fmt: off
WRONG = [
    ("",                                                          "第 1 个密钥应写作"),
    (entry("hub/k1", 1),                                          "第 1 个密钥应写作"),
    (entry("insured.34/k1", 1),                                   "第 1 个密钥应写作"),
    (entry(ANHUI, 1),                                             "第 1 个密钥应写作"),
    (f"{entry(f'{ANHUI}/k1', 1)},",                               "第 2 个密钥应写作"),
    (f"{ANHUI}/k1=!!!@2026-01-01..2027-01-01",                    "不是 BASE64"),
    (f"{ANHUI}/k1=c2hvcnQ=@2026-01-01..2027-01-01",               "不足 32 字节"),
    (f"{ANHUI}/k1={secret(1)}",                                   "起止应为"),
    (entry(f"{ANHUI}/k1", 1, "2026-01-01", "soon"),               "起止应为"),
    (entry(f"{ANHUI}/k1", 1, "2026-01-01T00:00", "2027-01-01"),   "起止应为"),
    (entry(f"{ANHUI}/k1", 1, "2027-01-01", "2027-01-01"),         "止不晚于起"),
    (",".join([entry(f"{ANHUI}/k1", 1), entry(f"{ANHUI}/k1", 2, "2026-02-01")]), "编号重复"),
    (",".join([entry(f"{ANHUI}/k1", 1), entry(f"{SHANGHAI}/k1", 1)]), "密钥内容相同"),
    (",".join([entry(f"{ANHUI}/k1", 1), entry(f"{ANHUI}/k2", 2)]), "同时生效"),
    (",".join(entry(f"{ANHUI}/k{n}", n, f"2026-0{n}-01") for n in (1, 2, 3)), "超过 2 个"),
]
# fmt: on


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_keys_that_cannot_be_used_are_refused_in_a_sentence_without_a_secret(
    text: str, sentence: str
) -> None:
    with pytest.raises(KeysWrong, match=sentence) as refusal:
        KeyRing.from_text(text)
    assert not any(secret(number) in str(refusal.value) for number in range(4))


def test_a_ring_and_its_keys_do_not_show_their_secrets() -> None:
    shown = repr(RING) + "".join(repr(key) for held in RING.keys.values() for key in held)
    assert not any(word in shown for word in (secret(1), repr(bytes([1]) * 32)))


def test_a_signature_travels_in_two_headers_and_anything_else_is_none() -> None:
    headers = headers_of(SIGNED)
    assert signature_of(headers) == SIGNED
    assert signature_of([("other", b"x"), *headers]) == SIGNED
    for strange in (
        [],
        headers[:1],
        headers[1:],
        [*headers, headers[0]],
        [(KEY_HEADER, b"\xff\x00/k1"), (SIGNATURE_HEADER, SIGNED.mac)],
        [(KEY_HEADER, b"x" * 200), (SIGNATURE_HEADER, SIGNED.mac)],
    ):
        assert signature_of(strange) is None


# fmt: off
DUE = [
    # left                        warned
    (timedelta(days=31),          ()),
    (timedelta(days=30),          (30,)),
    (timedelta(days=14, hours=1), (30,)),
    (timedelta(days=14),          (30, 14)),
    (timedelta(days=7),           (30, 14, 7)),
    (timedelta(days=1),           (30, 14, 7, 1)),
    (timedelta(days=-5),          (30, 14, 7, 1)),
]
# fmt: on


@pytest.mark.parametrize(("left", "warned"), DUE)
def test_an_end_is_told_30_14_7_and_1_days_ahead(left: timedelta, warned: tuple[int, ...]) -> None:
    assert warnings_due(NOON + left, NOON) == warned


def test_a_key_whose_successor_is_held_is_no_news() -> None:
    ending = entry(f"{ANHUI}/k1", 1, until="2026-06-20")
    follows = entry(f"{ANHUI}/k2", 3, "2026-06-10", "2027-01-01")
    (told,) = KeyRing.from_text(ending).ending(NOON)
    assert (told[0].name, told[1]) == (f"{ANHUI}/k1", (30, 14, 7))
    assert KeyRing.from_text(f"{ending},{follows}").ending(NOON) == []
