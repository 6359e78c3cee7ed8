"""Requests that schemathesis makes from an API's own document, and what every answer must be."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import requests
import schemathesis
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from tests.fuzz.books import Commits, State, changed, state
from tests.fuzz.tally import Finding, Tally
from tests.support.http import Client

PROBLEM = "application/problem+json"
WITHIN_S = 30.0  # far more than any request needs: what reaches it hangs
URL = "http://desk"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Draw = Callable[[st.SearchStrategy[Any]], Any]
Seasoning = Mapping[str, Sequence[Any]]
"""Values that mean something here, by the name of their field; without them nothing gets far."""


@dataclass(frozen=True, slots=True)
class Api:
    """One application with its database. `callers`: the headers of each who asks, by name.

    `without_rights`: those of them who may nothing at all, and ask less.
    """

    door: str
    app: FastAPI
    client: Client
    engine: Engine
    commits: Commits
    callers: Mapping[str, Mapping[str, str]]
    seasoning: Seasoning
    without_rights: frozenset[str]
    schema: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", schemathesis.openapi.from_dict(self.app.openapi()))

    def operations(self) -> list[Any]:
        return [found.ok() for found in self.schema.get_all_operations()]


def rounds(api: Api, seed: int, count: int) -> Iterator[tuple[Any, str, int]]:
    """Each operation for each caller, again and again: the operation, the caller, a seed."""
    pairs = [(one, who) for one in api.operations() for who in api.callers]
    return ((*pairs[n % len(pairs)], seed * 1_000_003 + n) for n in range(count * len(pairs)))


def run(api: Api, tally: Tally, *, seed: int, requests_wanted: int, each: int) -> Iterator[int]:
    """Send so many, `each` of one operation and caller at a time; yields how many there were."""
    sent, before = 0, state(api.engine)
    for operation, who, own_seed in rounds(api, seed, requests_wanted):
        there_were, left = tally.requests, Left(api, tally, f"{operation.label} {who}", own_seed)
        most = max(1, each // 5) if who in api.without_rights else each
        _round(left, operation, who, min(most, requests_wanted - sent))
        before = left.compared(before)
        sent += tally.requests - there_were
        yield tally.requests - there_were
        if sent >= requests_wanted:
            return


@dataclass(slots=True)
class Left:
    """One round of requests, and whether any of them was granted something."""

    api: Api
    tally: Tally
    about: str
    seed: int
    granted: bool = False

    def found(self, what: str, request: str = "") -> None:
        self.tally.found(Finding(self.api.door, self.about, self.seed, what, request))

    def compared(self, before: State) -> State:
        """Where nothing was granted, every table is as it was."""
        after = state(self.api.engine)
        if not self.granted:
            self.tally.comparisons += 1
            if tables := changed(before, after):
                self.found(f"refused requests changed {', '.join(tables)}")
        return after


def _round(left: Left, operation: Any, who: str, most: int) -> None:
    headers = left.api.callers[who]

    @hypothesis.seed(left.seed)
    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(st.data())
    def one(data: st.DataObject) -> None:
        case = _case(data.draw, operation, left.api.seasoning)
        _ask(left, case, headers)

    try:
        one()
    except Unsatisfiable:
        left.found("no request can be made of it")


def _case(draw: Draw, operation: Any, seasoning: Seasoning) -> Any:
    """What fits the document or what does not, with some values that mean something here."""
    modes = [GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    try:
        case = draw(operation.as_strategy(draw(st.sampled_from(modes))))
    except Unsatisfiable:  # it takes nothing, so nothing can be wrong with it
        case = draw(operation.as_strategy(GenerationMode.POSITIVE))
    how_well = draw(st.integers(0, 3))  # from as it came to nothing but what we know
    for part in (case.path_parameters, case.query, case.headers, case.body):
        if isinstance(part, dict):
            _season(draw, part, seasoning, how_well)
    return case


def _season(draw: Draw, part: dict[str, Any], seasoning: Seasoning, how_well: int) -> None:
    for name in sorted(set(part) & set(seasoning)):
        if draw(st.integers(1, 3)) <= how_well:
            part[name] = draw(st.sampled_from(seasoning[name]))


def _ask(left: Left, case: Any, headers: Mapping[str, str]) -> None:
    prepared = _prepared(case, headers)
    if prepared is None:
        return
    left.api.commits.written = 0
    began_s = time.monotonic()
    try:
        answer = left.api.client.runner.run(_answer(left.api.app, prepared))
    except TimeoutError:
        left.found("no answer", _told(prepared))
        return
    except Exception as error:  # noqa: BLE001 - whatever comes out of the application is found
        left.found(f"raised {type(error).__name__}: {error}", _told(prepared))
        return
    took_ms = int(1_000 * (time.monotonic() - began_s))
    left.tally.answered(left.api.door, _kind(answer), took_ms)
    _judge(left, case, prepared, answer)


def _judge(left: Left, case: Any, prepared: Any, answer: Response) -> None:
    is_yes = answer.status_code < 300
    left.granted = left.granted or is_yes
    if left.api.commits.written and not is_yes:
        left.found(f"{answer.status_code}, but something was written", _told(prepared))
    if not is_yes and (wrong := wrong_with_problem(answer)):
        left.found(wrong, _told(prepared))
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        for failure in group.exceptions:
            left.found(f"{type(failure).__name__}: {failure}", _told(prepared))


def wrong_with_problem(answer: Response) -> str:
    """Empty for a problem document with our code and Chinese text."""
    kind = answer.headers.get("content-type", "")
    if kind.split(";")[0] != PROBLEM:
        return f"{answer.status_code} as {kind or 'nothing'}"
    said = json.loads(answer.text)
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in said.get("title", ""))
    if said.get("status") != answer.status_code or not chinese:
        return f"a problem without its status or its Chinese title: {answer.text[:200]}"
    code = str(said.get("code", ""))
    return "" if len(code) == 4 and code.isdigit() else f"a problem without a code: {code}"


def _prepared(case: Any, headers: Mapping[str, str]) -> requests.PreparedRequest | None:
    """The request as it goes over the wire; None for what no client can send."""
    kwargs = case.as_transport_kwargs(base_url=URL)
    kwargs["headers"] = {**kwargs.get("headers", {}), **headers}
    try:
        return requests.Request(**kwargs).prepare()
    except (ValueError, UnicodeError):  # a header with a line break, and the like
        return None


async def _answer(app: FastAPI, prepared: Any) -> Response:
    headers = [(_bytes(name), _bytes(value)) for name, value in prepared.headers.items()]
    transport = ASGITransport(app)
    async with asyncio.timeout(WITHIN_S), AsyncClient(transport=transport) as client:
        return await client.request(
            prepared.method, prepared.url, headers=headers, content=prepared.body or b""
        )


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


def _kind(answer: Response) -> str:
    """Done, or the family of its code."""
    if answer.status_code < 300:
        return "done"
    found = re.search(r'"code":"(\d)\d{3}"', answer.text)
    return f"{found.group(1)}xxx" if found else str(answer.status_code)


def _told(prepared: Any) -> str:
    body = prepared.body if isinstance(prepared.body, str | bytes) else b""
    return f"{prepared.method} {prepared.url} {dict(prepared.headers)} {body!r}"
