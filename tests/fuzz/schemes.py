"""One hospital of every authentication scheme, how it signs, and how such a thing goes wrong."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from contracts.access import AccessRole, Principal
from participants.treatment.domain.institution_key import KeyScheme
from tests.gateway.speakers import NOW, Given, given, hmac_headers, hubei, jilin, tif_headers
from tests.gateway.street import AREA, HOSPITAL, Street
from tests.gateway.test_access import token

# The profile of each institution, by its code.
PROFILES: Mapping[str, str] = {
    HOSPITAL: "plain",
    "H31010100002": "bearer",
    "H31010100003": "hunan",
    "H31010100004": "guangdong",
    "H31010100005": "jilin",
    "H31010100006": "hubei",
}
TOKEN_PATH = "/auth/oauth/token"
JSON = {"content-type": "application/json"}
Headers = dict[str, str]


def profiles_text() -> str:
    """The profile file of the street."""
    rows = [f'[institutions.{code}]\nlike = "{like}"\n' for code, like in PROFILES.items()]
    return '[default]\nlike = "plain"\n' + "".join(rows)


FAIR_USE = """
valid_from = 2026-11-01
exempt = ["2208", "2305", "2601", "5203", "9001", "9002"]
[institution]
per_second = 100000
burst = 100000
[insured_area]
per_second = 100000
burst = 100000
[treatment_area]
per_second = 100000
burst = 100000
[admission]
least = 400
initial = 2000
most = 2000
target_ms = 5000
step = 20
cut_percent = 85
interval_ms = 250
retry_after_s = 2
"""


@dataclass(frozen=True, slots=True)
class Speaker:
    """An institution with all that it was given; `bearer` of the two schemes with tokens."""

    code: str
    scheme: str
    key: Given | None = None
    client: Given | None = None
    bearer: str = ""

    def signed(self, said: dict[str, Any], random: Random) -> tuple[dict[str, Any], Headers]:
        """The document as this scheme wants it, with its headers."""
        match self.scheme:
            case "bearer":
                return said, {"authorization": f"Bearer {self.bearer}"}
            case "hunan":
                assert self.key is not None
                return said, hmac_headers(self.key, str(said.get("infno")), NOW())
            case "guangdong":
                assert self.key is not None
                return said, tif_headers(self.key, random.randbytes(8).hex(), NOW())
            case "jilin":
                assert self.key is not None
                assert self.client is not None
                headers = {"authorization": f"Bearer {self.bearer}"}
                return jilin({"input": None} | said, self.client["key_id"], self.key), headers
            case "hubei":
                assert self.key is not None
                return hubei({"input": None} | said, self.key), {}
        return said, {}


def speakers(street: Street) -> list[Speaker]:
    """Everybody with a key of the scheme that its profile wants."""
    return [_speaker(street, code, scheme) for code, scheme in PROFILES.items()]


def _speaker(street: Street, code: str, scheme: str) -> Speaker:
    match scheme:
        case "bearer":
            bearer = token(street, Principal(code, AccessRole.INSTITUTION, AREA))
            return Speaker(code, scheme, bearer=bearer)
        case "hunan":
            return Speaker(code, scheme, given(street.engine, KeyScheme.HMAC, code))
        case "guangdong":
            return Speaker(code, scheme, given(street.engine, KeyScheme.TIF, code))
        case "hubei":
            return Speaker(code, scheme, given(street.engine, KeyScheme.SM2, code))
        case "jilin":
            client = given(street.engine, KeyScheme.OAUTH, code)
            key = given(street.engine, KeyScheme.SM2, code)
            body, headers = token_request(client, code)
            answer = street.post(body, TOKEN_PATH, **headers).json()
            return Speaker(code, scheme, key, client, answer["access_token"])
    return Speaker(code, scheme)


def token_request(client: Given, code: str) -> tuple[str, Headers]:
    """What a client sends for a token."""
    form = {"grant_type": "password", "username": code, "password": client["password"]}
    pair = base64.b64encode(f"{client['key_id']}:{client['secret']}".encode()).decode()
    kind = "application/x-www-form-urlencoded"
    return urlencode(form), {"authorization": f"Basic {pair}", "content-type": kind}


GARBAGE = ["", "x", "Bearer", "Bearer ", "Basic eDp5", "Bearer \x7f", "é", "0" * 5_000, "-1", "1e9"]
_HEADERS = [
    "authorization", "_api_name", "_api_version", "_api_timestamp", "_api_access_key",
    "_api_signature", "x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature",
]  # fmt: skip
KINDS = [
    "text/plain", "text/plain; charset=gbk", "application/xml", "multipart/form-data",
    "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "b" * 300, "",
    "application/x-www-form-urlencoded", "application/json; charset=utf-16", "é",
]  # fmt: skip


def headers_spoilt(headers: Headers, random: Random) -> Headers:
    """One missing, one strange, one of another scheme, or another kind of content."""
    found = dict(headers)
    for _ in range(random.choice([1, 1, 2, 3])):
        name = random.choice([*found, *_HEADERS])
        found[name] = random.choice(GARBAGE)
        if random.random() < 0.3:
            found.pop(name)
        if random.random() < 0.5:
            found["content-type"] = random.choice(KINDS)
    return found


def seal_spoilt(said: dict[str, Any], random: Random) -> dict[str, Any]:
    """The signature or the ciphertext is another."""
    name = random.choice(["cainfo", "input", "enc_type", "signtype"])
    old = said.get(name)
    text = old if isinstance(old, str) and old else "QUJD"
    at = random.randrange(len(text))
    odd = [text[:at], text[:at] + "A" + text[at + 1 :], text * 2, "!", "", "医院", None, 7, [text]]
    return said | {name: random.choice(odd)}
