"""A fuzz that cannot find anything finds nothing: planted faults, and what is said of them."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from httpx import Response
from pydantic import BaseModel
from sqlalchemy import Engine, text

from hub.store.db import migrate
from tests.fuzz import api
from tests.fuzz.api import Api
from tests.fuzz.books import commits
from tests.fuzz.gateway_answers import judged
from tests.fuzz.gateway_requests import Wire
from tests.fuzz.schemes import Speaker
from tests.fuzz.tally import Tally
from tests.support.databases import Databases
from tests.support.http import served


class Said(BaseModel):
    """What the planted routes promise."""

    number: int


def _problem(status: int, **changes: Any) -> JSONResponse:
    said = {"status": status, "title": "未办理", "code": "1006"} | changes
    return JSONResponse(said, status, media_type=api.PROBLEM)


def _planted(engine: Engine) -> FastAPI:
    app = FastAPI()
    problems: dict[int | str, dict[str, Any]] = {
        "4XX": {"description": "no", "content": {api.PROBLEM: {"schema": {"type": "object"}}}}
    }

    @app.get("/fault", responses=problems, response_model=Said)
    def fault() -> JSONResponse:
        return _problem(500)

    @app.get("/breaks", responses=problems, response_model=Said)
    def breaks() -> JSONResponse:
        raise ZeroDivisionError

    @app.get("/lies", responses=problems, response_model=Said)
    def lies() -> JSONResponse:
        return JSONResponse({"number": "one"})

    @app.get("/english", responses=problems, response_model=Said)
    def english() -> JSONResponse:
        return _problem(409, title="no")

    @app.get("/plain", responses=problems, response_model=Said)
    def plain() -> JSONResponse:
        return JSONResponse({}, 409)

    @app.get("/writes", responses=problems, response_model=Said)
    def writes() -> JSONResponse:
        with engine.begin() as tx:
            tx.execute(text("INSERT INTO planted VALUES (1)"))
        return _problem(409)

    return app


@pytest.fixture
def found(databases: Databases) -> list[tuple[str, str]]:
    """(route, what was found) of a run over the planted routes."""
    engine, tally = databases.fresh("hub", migrate), Tally()
    with engine.begin() as tx:
        tx.execute(text("CREATE TABLE planted (n int)"))
    with served(_planted(engine)) as client, commits(engine) as written:
        door = Api("planted", client.app, client, engine, written, {"a": {}}, {}, frozenset())
        for _ in api.run(door, tally, seed=1, requests_wanted=6, each=1):
            pass
    return [(one.about.split()[1], one.what) for one in tally.findings]


SEEN = {
    "/fault": "ServerError",
    "/breaks": "ZeroDivisionError",
    "/lies": "JsonSchemaError",
    "/english": "Chinese title",
    "/plain": "409 as application/json",
    "/writes": "something was written",
}


def test_every_planted_fault_of_an_api_is_found(found: list[tuple[str, str]]) -> None:
    for route, what in SEEN.items():
        assert any(at == route and what in said for at, said in found), (route, found)
    assert ("/writes", "refused requests changed planted 0→1") in found


GOOD: dict[str, Any] = {
    "infcode": -1,
    "inf_refmsgid": "1",
    "refmsg_time": "1",
    "respond_time": "1",
    "err_msg": "[1006] 字段取值不合规",
    "warn_msg": "",
    "cainfo": "",
    "signtype": "",
}
WRONG: dict[str, tuple[int, Any]] = {
    "another status": (500, GOOD),
    "a fault of ours": (200, GOOD | {"err_msg": "[2001] 系统故障"}),
    "no code": (200, GOOD | {"err_msg": "字段取值不合规"}),
    "no Chinese": (200, GOOD | {"err_msg": "[1006] field"}),
    "too long": (200, GOOD | {"err_msg": "[1006] " + "长" * 200}),
    "another infcode": (200, GOOD | {"infcode": -2}),
    "a name missing": (200, {name: value for name, value in GOOD.items() if name != "cainfo"}),
    "a yes that complains": (200, GOOD | {"infcode": 0, "output": {}}),
    "a yes without output": (200, GOOD | {"infcode": 0, "err_msg": ""}),
    "a list": (200, [GOOD]),
}
WIRE = Wire(Speaker("H31010100001", "plain"), "2207", "/", b"{}")


def test_a_sound_refusal_is_a_refusal() -> None:
    one = judged(WIRE, Response(200, json=GOOD))
    assert (one.kind, one.refused, one.wrong) == ("1xxx", True, "")


@pytest.mark.parametrize("name", WRONG)
def test_every_answer_that_must_not_be_is_found(name: str) -> None:
    status, said = WRONG[name]
    assert judged(WIRE, Response(status, content=json.dumps(said))).wrong
