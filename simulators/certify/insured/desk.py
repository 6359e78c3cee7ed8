"""The clerk of an insured area: the certifier's only adapter contract on that side.

Some registrations are decided by people. Whoever has no desk like ours writes a class with these
methods; ours speaks the desk's HTTP interface (`yidi insured api`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import typer

from contracts.codes import AreaCode
from contracts.ids import RegistrationId, new_id
from contracts.messages.registration import Change
from simulators.agency import Unexpected
from simulators.certify.exchange import Way
from simulators.certify.hub import Hub

ANSWER_WITHIN_S = 30.0
DONE = ""


class Desk(Protocol):
    """Each call blocks until the area has taken it; the answer is '' or our four digits."""

    def decide(self, registration_id: RegistrationId, *, accepts: bool, reason: str) -> str:
        """A clerk's word on one that waits. 4018: there is none as yet; 5008: decided already."""
        ...

    def change(self, registration_id: RegistrationId, change: Change, reason: str) -> str:
        """A clerk asks the hub for a change of one that stands."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True)
class HttpDesk:
    """`url` of our desk's interface; `token` of a clerk of this area."""

    url: str
    token: str
    hub: Hub
    http: httpx.Client = field(default_factory=httpx.Client)

    def expect_there(self) -> None:
        """Unexpected when nothing answers at the address, whatever it is that answers."""
        try:
            self.http.get(self.url, timeout=ANSWER_WITHIN_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            told = f"经办窗口 {self.url} 连接不上（{type(error).__name__}）"
            raise Unexpected(told) from error

    def decide(self, registration_id: RegistrationId, *, accepts: bool, reason: str) -> str:
        word = "accept" if accepts else "reject"
        body = {"decision": word, "reason": reason, "ids": [str(registration_id)]}
        reply = self._post("/decisions", body, str(registration_id))
        items = reply.get("items") or [reply]
        return str(items[0].get("code") or DONE)

    def change(self, registration_id: RegistrationId, change: Change, reason: str) -> str:
        path = f"/reviews/{registration_id}/changes/{change}"
        return str(self._post(path, {"reason": reason}, str(registration_id)).get("code") or DONE)

    def close(self) -> None:
        self.http.close()

    def _post(self, path: str, body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        self.hub.outside(Way.TO_AREA, path, key, body)
        answer = self.http.post(
            f"{self.url}{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Idempotency-Key": str(new_id()),
            },
            timeout=ANSWER_WITHIN_S,
        )
        found: Mapping[str, Any] = answer.json()
        self.hub.outside(Way.FROM_AREA, path, key, found)
        return found


def desk_of(hub: Hub, named: str, token: str) -> Desk | None:
    """None without a name: the cases of the clerk cannot pass then.

    `named`: an address, or 'module:Class', which is called with the area's code.
    typer.BadParameter when there is no such class, Unexpected when nothing listens.
    """
    if not named:
        return None
    if urlsplit(named).scheme in {"http", "https"}:
        found = HttpDesk(named.rstrip("/"), token, hub)
        found.expect_there()
        return found
    return _made(named, hub.area)


def _made(named: str, area: AreaCode) -> Desk:
    module, _, name = named.partition(":")
    try:
        made: Desk = getattr(import_module(module), name)(area)
    except (ImportError, AttributeError, ValueError) as error:
        raise typer.BadParameter(f"没有这个类：{named}") from error
    return made
