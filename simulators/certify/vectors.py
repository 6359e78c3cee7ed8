"""What must come out to the byte, worked out: for whoever writes an area in another language."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.codes import AreaCode, Role
from contracts.control_sums import piece_of
from contracts.control_totals import Entry, digest_of
from contracts.ids import SettlementId
from contracts.messages.values import PARTS
from contracts.person import person_id_of
from contracts.signing import MessageKey
from contracts.topics import participant
from simulators.certify.totals import marks

SECRET = bytes(range(32))
"""Of every vector. Nobody may use it for anything else."""
NONCE = bytes(range(12))
ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)  # the times of a key are not signed
CERTIFICATE = ("01", "110101199003070038")
VALUE = '{"head":{},"body":{"名":"一"}}'
SEALED = '{"name": "验甲", "certificate_kind": "01", "certificate_number": "110101199003070038"}'
# The second id is the greater one, though its first half is negative for who reads signed numbers.
_FIRST = SettlementId(UUID("019cd61b-8f00-7000-8000-000000000571"))
_SECOND = SettlementId(UUID("f19cd61b-8f00-7000-8000-00000000f572"))
_PARTS = (80_000, 0, 0, 0, 0, 0, 0, 0, 10_000, 33_456, 0)
ENTRIES = (
    Entry(_FIRST, -1, 123_456, _PARTS),
    Entry(_FIRST, 1, 123_456, _PARTS),
    Entry(_SECOND, 1, 123_456, _PARTS),
)
PIECES = 4


def vectors(role: Role, area: AreaCode) -> Iterator[tuple[str, str, str]]:
    """Rows of (what, from what, result); texts are UTF-8, and bytes are shown in hex."""
    name, topic = participant(role, area), f"{role}.{area}.notices"
    yield (
        "签名 signature",
        f"密钥 `{SECRET.hex()}`，密钥名 `{name}/test`，主题 `{topic}`，键 `{area}`，报文 `{VALUE}`",
        _mac(name, topic, area),
    )
    yield "人员编号 person token", f"密钥同上，`{'|'.join(CERTIFICATE)}`", _token()
    yield (
        "加密 sealed_identity",
        f"密钥同上，编号 `k1`，随机数 `{NONCE.hex()}`，明文 `{SEALED}`",
        sealed(),
    )
    yield "对账行 line", "第一笔", ENTRIES[0].line().rstrip("\n")
    yield "对账行 line", "第二笔", ENTRIES[1].line().rstrip("\n")
    yield "对账行 line", "第三笔", ENTRIES[2].line().rstrip("\n")
    yield "桶摘要 digest", "以上三行，按此次序", digest_of(ENTRIES)
    pieces = ", ".join(f"{n}: {mark or '（空）'}" for n, mark in enumerate(marks(ENTRIES, PIECES)))
    where = [piece_of(one.settlement_id, PIECES) for one in ENTRIES]
    yield "片标记 marks", f"以上三行分 {PIECES} 片，分别在片 {where}", pieces


def parts_in_order() -> str:
    return "、".join(f"`{name}`" for name in PARTS)


def sealed() -> str:
    """As a sealer writes it, with a nonce that is no secret."""
    box = AESGCM(SECRET).encrypt(NONCE, SEALED.encode(), None)
    return f"k1:{base64.b64encode(NONCE + box).decode()}"


def _mac(name: str, topic: str, key: str) -> str:
    held = MessageKey(name, "test", SECRET, ANY_TIME, ANY_TIME)
    return held.mac(topic, key.encode(), VALUE.encode()).hex()


def _token() -> str:
    return person_id_of(*CERTIFICATE, SECRET)
