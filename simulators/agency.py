"""What agencies and operators do over HTTP: the hub's interface and the approval desk."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

LOOK_AGAIN_S = 0.05


class Unexpected(Exception):
    """An interface answered what the story did not expect."""


class Refusal(Unexpected):
    """An interface said no; `code` is the one of its problem document, empty without one."""

    def __init__(self, told: str, answer: httpx.Response) -> None:
        super().__init__(told)
        is_problem = "problem+json" in answer.headers.get("Content-Type", "")
        self.code = str(answer.json().get("code", "")) if is_problem else ""


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """One principal's view of one interface; every answer that is not a yes is `Unexpected`."""

    url: str
    token: str
    http: httpx.Client

    def get(self, path: str) -> Any:
        return self._call("GET", path, None, {})

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._call("POST", path, body, headers or {})

    def fetch(self, path: str, body: Any = None) -> bytes:
        """What the interface gives as a file."""
        return self._asked("GET" if body is None else "POST", path, body, {}).content

    def refused(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> str:
        """The code of the no that a POST is expected to get; a yes is `Unexpected`."""
        try:
            said = self._asked("POST", path, body, headers or {})
        except Refusal as error:
            return error.code
        raise Unexpected(f"POST {path} should have been refused: {said.text[:500]}")

    def submit(self, registration_id: UUID, content: Mapping[str, Any]) -> Any:
        """File a registration; its id makes the request safe to repeat."""
        key = {"Idempotency-Key": str(registration_id)}
        return self.post("/registrations", dict(content), key)

    def _call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        return self._asked(method, path, body, headers).json()

    def _asked(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> httpx.Response:
        answer = self.http.request(
            method,
            f"{self.url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        if answer.is_error:
            raise Refusal(f"{method} {path}: {answer.status_code} {answer.text[:500]}", answer)
        return answer


def wait_for(what: str, found: Callable[[], Any], within_s: float = 60.0) -> Any:
    """The first value that is not None or False; `Unexpected` when it does not come in time."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if value := found():
            return value
        time.sleep(LOOK_AGAIN_S)
    raise Unexpected(f"{what}: not within {within_s:.0f} s")
