"""Requests for the hospitals' door: sound ones of every transaction, spoilt in every layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from contracts.clock import SHANGHAI
from participants.gateway.http.paths import PATHS
from participants.gateway.transactions.table import TRANSACTIONS
from tests.fuzz import mutations, schemes, sound
from tests.fuzz.schemes import TOKEN_PATH, Headers, Speaker
from tests.fuzz.sound import Known
from tests.gateway.speakers import NOW
from tests.gateway.street import envelope

PREFLIGHT = "/preflight"
NUMBERS = [*TRANSACTIONS, "9999"]


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as it goes over the wire. `infno` is what it was made from."""

    speaker: Speaker
    infno: str
    path: str
    body: bytes
    msgid: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    input: Any = None

    def told(self) -> str:
        said = f"{self.speaker.code} ({self.speaker.scheme}) {self.infno} POST {self.path}"
        return f"{said} {dict(self.headers)} {self.body!r}"


def request_of(seed: int, speakers: Sequence[Speaker], known: Known) -> Wire:
    """The same seed and the same knowledge make the same request, but for its id and signature."""
    random = Random(seed)
    speaker = random.choice(speakers)
    share = random.random()
    if share < 0.05:
        return _question(random, speaker)
    if share < 0.08:
        return _token(random, speaker)
    return _transaction(random, speaker, known)


def _transaction(random: Random, speaker: Speaker, known: Known) -> Wire:
    infno = random.choice(NUMBERS)
    said = _envelope(random, speaker, infno, known)
    msgid = str(said["msgid"])
    said = _spoilt(random, said)
    inputs = said.get("input")
    said, headers = _signed(random, speaker, said)
    if random.random() < 0.1:
        said = schemes.seal_spoilt(said, random)
    if random.random() < 0.1:
        headers = schemes.headers_spoilt(headers, random)
    body = _bytes(random, mutations.written(said))
    if random.random() < 0.12:
        body = mutations.damaged(body, random)
    return Wire(speaker, infno, _path(random, infno), body, msgid, headers, inputs)


def _envelope(random: Random, speaker: Speaker, infno: str, known: Known) -> dict[str, Any]:
    inputs: dict[str, Any] = {"data": {}}
    if infno in TRANSACTIONS:
        inputs = sound.sound_input(infno, random, known, speaker.code)
    at = NOW().astimezone(SHANGHAI) - timedelta(seconds=random.choice([0, 1, 60]))
    changes = {"fixmedins_code": speaker.code, "inf_time": f"{at:%Y-%m-%d %H:%M:%S}"}
    return envelope(infno, input=inputs, **changes)


def _spoilt(random: Random, said: dict[str, Any]) -> dict[str, Any]:
    times = random.choice([0, 0, 0, 1, 1, 2, 6])
    return mutations.spoilt(said, random, times)


def _signed(
    random: Random, speaker: Speaker, said: dict[str, Any]
) -> tuple[dict[str, Any], Headers]:
    """As the scheme wants it; as it is where no client could sign it."""
    try:
        said, headers = speaker.signed(said, random)
    except (UnicodeError, ValueError):
        return said, dict(schemes.JSON)
    return said, schemes.JSON | headers


def _bytes(random: Random, text: str) -> bytes:
    """In UTF-8, lone surrogates as they are or as escapes."""
    if random.random() < 0.5:
        return text.encode("utf-8", "surrogatepass")
    return text.encode("utf-8", "backslashreplace")


def _path(random: Random, infno: str) -> str:
    if random.random() < 0.7:
        return "/"
    path = random.choice(PATHS).replace("{prefix:path}", random.choice(["a", "a/b", "%00", "%F0"]))
    return path.replace("{infno}", random.choice([infno, infno, "9999", "%E5%8C%BB", "x" * 300]))


def _question(random: Random, speaker: Speaker) -> Wire:
    said = sound.plain_question(random) | {"institution": speaker.code}
    said = _spoilt(random, said)
    _, headers = _signed(random, speaker, {"infno": "preflight", "input": {}})
    body = _bytes(random, mutations.written(said))
    if random.random() < 0.2:
        body = mutations.damaged(body, random)
    return Wire(speaker, "preflight", PREFLIGHT, body, headers=headers)


def _token(random: Random, speaker: Speaker) -> Wire:
    if speaker.client is None:
        body, headers = "grant_type=password&username=x", dict[str, str]()
    else:
        body, headers = schemes.token_request(speaker.client, speaker.code)
    if random.random() < 0.5:
        headers = schemes.headers_spoilt(headers, random)
    damaged = mutations.damaged(body.encode(), random) if random.random() < 0.6 else body.encode()
    return Wire(speaker, "token", TOKEN_PATH, damaged, headers=headers)
