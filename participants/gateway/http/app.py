"""The hospitals' HTTP door: the known paths of the national interface, and the health of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from contracts.clock import Clock
from contracts.codes import AreaCode
from contracts.refusal import Refused
from participants.gateway.access import Doorkeeper
from participants.gateway.http import bodies, moving, page, plainly
from participants.gateway.http.admission import Admission
from participants.gateway.http.calls import Answer, Call
from participants.gateway.http.fair_use import load_fair_use
from participants.gateway.http.gate import Gate
from participants.gateway.http.gateway import Gateway
from participants.gateway.http.multipart import json_of
from participants.gateway.http.paths import PATHS, TOKEN_PATH
from participants.gateway.security import oauth
from participants.gateway.security.guard import Guard
from participants.gateway.security.keyring import Keyring
from participants.gateway.serving.desk import Desk
from participants.gateway.serving.door import Door
from participants.gateway.settings import GatewaySettings
from participants.gateway.wire.envelope import refusal
from participants.gateway.wire.profiles_file import load_profiles


def create_app(doors: Mapping[AreaCode, Door], settings: GatewaySettings, clock: Clock) -> FastAPI:
    """The application for these treatment areas. Its life starts and stops their desks.

    `state.gateway` is what `participants.gateway.shedding` asks whether there is room.
    """
    fair_use = load_fair_use(settings.fair_use_file)
    desks = {
        area: Desk(door, settings, clock, Admission(fair_use.admission))
        for area, door in doors.items()
    }
    gateway = _gateway(desks, settings, clock, Gate(fair_use))

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        for desk in desks.values():
            await desk.start()
        yield
        for desk in desks.values():
            await desk.stop()

    # Bodies are checked against the interface's own field tables: OpenAPI has nothing to say.
    app = FastAPI(title="Yidi gateway", lifespan=life, openapi_url=None)  # so /docs is ours
    app.state.gateway = gateway
    _add_routes(app, gateway, settings)
    return app


def _gateway(
    desks: Mapping[AreaCode, Desk], settings: GatewaySettings, clock: Clock, gate: Gate
) -> Gateway:
    profiles = load_profiles(settings.profiles_file)
    if settings.bearer_required:
        profiles = profiles.guarded()
    guard = Guard(Doorkeeper(settings.token_kept_for), Keyring(settings.token_kept_for))
    return Gateway(desks, profiles, clock, guard, gate)


def _add_routes(app: FastAPI, gateway: Gateway, settings: GatewaySettings) -> None:
    async def call(request: Request) -> Response:
        return await _answered(gateway, request, settings)

    async def preflight(request: Request) -> Response:
        return await _preflight(gateway, request, settings)

    async def token(request: Request) -> Response:
        return await _token(gateway, request, settings)

    async def docs() -> Response:
        return Response(page.written(), media_type=page.MEDIA_TYPE)

    async def health() -> Response:
        return await _health(gateway, settings)

    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_route("/docs", docs, methods=["GET"])
    # Plain routes: these read the request themselves, and FastAPI's own way to call a function
    # costs a tenth of what a settlement costs the gateway.
    app.add_route("/preflight", preflight, methods=["POST"])  # before "/{infno}"
    app.add_route(TOKEN_PATH, token, methods=["POST"])
    for path in PATHS:
        app.add_route(path, call, methods=["POST"])


async def _answered(gateway: Gateway, request: Request, settings: GatewaySettings) -> Response:
    try:
        call = await _call(request, settings)
    except Refused as no:
        return _response(gateway.refused(no.code, no.detail))
    return _response(await gateway.answer(call))


async def _preflight(gateway: Gateway, request: Request, settings: GatewaySettings) -> Response:
    try:
        call = await _call(request, settings)
    except Refused as no:
        status, text = plainly.told(refusal(no.code, no.detail))
    else:
        status, text = await plainly.preflight(gateway, call)
    return _response(Answer.of_text(text, status))


async def _token(gateway: Gateway, request: Request, settings: GatewaySettings) -> Response:
    try:
        call = await _call(request, settings)
    except Refused as no:
        return _response(gateway.refused(no.code, no.detail))
    doors = [desk.door for desk in gateway.desks.values()]
    now = gateway.clock.now()
    return _response(await oauth.token(doors, call, settings.oauth_token_for, now))


async def _call(request: Request, settings: GatewaySettings) -> Call:
    """The call with its whole body, of several parts made one; Refused."""
    body = await bodies.whole(request, settings)
    headers = {name.lower(): value for name, value in request.headers.items()}
    kind = headers.get("content-type", "")
    if kind.lower().startswith("multipart/"):
        body = json_of(body, kind)
    infno = str(request.path_params.get("infno", ""))
    return Call(body, request.method, request.url.path, infno, headers)


def _response(answer: Answer) -> Response:
    headers = {"Retry-After": str(answer.retry_after_s)} if answer.retry_after_s else None
    return Response(answer.body, answer.status, headers, media_type=answer.media_type)


async def _health(gateway: Gateway, settings: GatewaySettings) -> Response:
    """Green while every desk serves and what it hands on moves; keys that end soon are told."""
    now, after = gateway.clock.now(), timedelta(seconds=settings.stalled_after_s)
    status, document = await moving.told(gateway.desks, after, now)
    ending = gateway.guard.keyring.ending(now)
    return JSONResponse({**document, "keys_ending": ending}, status)
