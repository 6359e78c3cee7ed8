"""POST /auth/oauth/token: a client shows id, secret and password, and is given a token (NTI)."""

import asyncio
import base64
import binascii
import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.sealing import SealBroken
from participants.gateway.http.calls import Answer, Call
from participants.gateway.security.keyring import HeldKey, opened
from participants.gateway.serving.door import Door
from participants.gateway.wire import jsontext
from participants.treatment.domain.institution_key import KeyScheme
from participants.treatment.services import institution_keys

log = logging.getLogger(__name__)

FORM_BYTES_MAX, FIELDS_MAX = 4_096, 20
FORGOTTEN_AT_ONCE_MAX = 100


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What a client shows. `username` is its institution's code, for the password grant only."""

    grant: str
    client_id: str
    client_secret: str
    username: str
    password: str
    scope: str


class OAuthRefused(Exception):
    """A no in the words of RFC 6749, 5.2, with its HTTP status."""

    def __init__(self, error: str, told: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.told, self.status = error, told, status


async def token(doors: Iterable[Door], call: Call, valid_for: timedelta, now: datetime) -> Answer:
    """A bearer token for the institution that the client belongs to, or a no; always JSON."""
    try:
        asked = _asked(call)
        given = await asyncio.to_thread(_given, list(doors), asked, valid_for, now)
    except OAuthRefused as no:
        log.info("no token: %s", no.error)
        document = {"error": no.error, "error_description": no.told}
        return Answer.of_text(jsontext.encode(document), no.status)
    given_for: dict[str, Any] = {
        "access_token": given,
        "token_type": "bearer",
        "expires_in": int(valid_for.total_seconds()),
        "scope": asked.scope,
    }
    return Answer.of_text(jsontext.encode(given_for))


def _asked(call: Call) -> Asked:
    """The form, and the client in the Basic header or in the form; OAuthRefused."""
    try:
        form = parse_qs(call.body[:FORM_BYTES_MAX].decode(), max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise OAuthRefused("invalid_request", "请求体应为表单") from error
    said = {name: values[-1] for name, values in form.items()}
    client_id, secret = _basic(call.header("authorization"))
    asked = Asked(
        grant=said.get("grant_type", ""),
        client_id=client_id or said.get("client_id", ""),
        client_secret=secret or said.get("client_secret", ""),
        username=said.get("username", ""),
        password=said.get("password", ""),
        scope=said.get("scope", ""),
    )
    if asked.grant not in {"password", "client_credentials"}:
        raise OAuthRefused("unsupported_grant_type", "授权类型应为 password 或 client_credentials")
    return asked


def _basic(header: str) -> tuple[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return client_id, secret


def _given(doors: list[Door], asked: Asked, valid_for: timedelta, now: datetime) -> str:
    """A token kept in the database of the area where the client is known; OAuthRefused."""
    for door in doors:
        held = _client(door, asked.client_id, now)
        if held is None:
            continue
        _refuse_unless_theirs(held, asked)
        code = held.key.institution_code
        principal = Principal(code, AccessRole.INSTITUTION, door.terms.area)
        with door.outbox.engine.begin() as tx:
            access.forget(
                tx, AccessRole.INSTITUTION, expired_by=now, count_max=FORGOTTEN_AT_ONCE_MAX
            )
            # A token never outlives the key that it was given for.
            until = min(now + valid_for, held.key.valid_until)
            return access.issue(tx, principal, valid_for=until - now, now=now)
    raise OAuthRefused("invalid_client", "客户端未登记、未生效或已过期", 401)


def _client(door: Door, client_id: str, now: datetime) -> HeldKey | None:
    with door.outbox.engine.begin() as tx:
        key = institution_keys.by_id(tx, KeyScheme.OAUTH, client_id.replace("\0", ""))
    if key is None or not key.is_valid(now):
        return None
    try:
        return opened(door.sealer, key)
    except SealBroken:
        return None


def _refuse_unless_theirs(held: HeldKey, asked: Asked) -> None:
    if not _same(asked.client_secret, held.parts["secret"]):
        raise OAuthRefused("invalid_client", "客户端密钥不符", 401)
    if asked.grant == "client_credentials":
        return
    is_theirs = asked.username == held.key.institution_code
    if not _same(asked.password, held.parts["password"]) or not is_theirs:
        raise OAuthRefused("invalid_grant", "用户名或密码不符")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
