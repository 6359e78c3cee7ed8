"""Every answer that a test is given is held against its field table: nobody can forget to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from participants.gateway.http.paths import TOKEN_PATH
from participants.gateway.wire import jsontext
from participants.gateway.wire.conformity import departures
from participants.gateway.wire.fields import shapes
from simulators.hospital import Hospital, Reply

OTHER_PATHS = {TOKEN_PATH, "/preflight"}
ENVELOPE = shapes()["envelope"]
SOMETIMES = frozenset({"output", "enctype", "retry_after"})


def assert_conforms(infno: str, answer: str) -> None:
    """An answer's envelope is as its table says, and so is its output, unless it is locked."""
    reply = jsontext.loads(answer)
    if not isinstance(reply, dict) or "infcode" not in reply:
        return  # the words of a service gateway
    around = {name: value for name, value in reply.items() if name not in SOMETIMES}
    found = departures(ENVELOPE, {"envelope": around})
    output = reply.get("output")
    # What is not known yet, or refused, may leave empty what a yes never does.
    if isinstance(output, dict) and infno in shapes() and str(reply["infcode"]) == "0":
        found += departures(shapes()[infno], output)
    assert not found, f"{infno}: {'; '.join(found)}"


def infno_of(body: bytes | str, path: str) -> str:
    """Which transaction a body asks for; empty when it cannot be told."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    named = document if isinstance(document, dict) else {}
    said = {str(name).lower(): value for name, value in named.items()}.get("infno")
    return said if isinstance(said, str) and said else path.rsplit("/", 1)[-1]


async def every_answer_conforms(response: httpx.Response) -> None:
    """A hook of httpx, for the clients of tests that speak to a gateway."""
    path = response.request.url.path
    if response.request.method == "POST" and path not in OTHER_PATHS:
        await response.aread()
        if response.headers["content-type"].startswith("application/json"):
            assert_conforms(infno_of(response.request.content, path), response.text)


@contextmanager
def hospitals_conform() -> Iterator[None]:
    """While this lasts, what simulated hospitals are told is held against its tables."""
    call = Hospital.call

    def checked(self: Hospital, infno: str, *args: object, **named: object) -> Reply:
        reply = call(self, infno, *args, **named)  # type: ignore[arg-type]  # passed on as they are
        assert_conforms(infno, json.dumps(dict(reply.body), ensure_ascii=False))
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hospital, "call", checked)
        yield
