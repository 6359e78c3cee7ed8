"""The hospitals' HTTP door: the known paths of the national interface, and the health of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from contracts.clock import Clock
from contracts.codes import AreaCode
from contracts.refusal import RefusalCode, Refused
from participants.gateway import plainly
from participants.gateway.access import Doorkeeper
from participants.gateway.desk import Desk
from participants.gateway.door import Door
from participants.gateway.envelope import refusal
from participants.gateway.gateway import Gateway
from participants.gateway.profiles import load_profiles
from participants.gateway.settings import GatewaySettings

# Hunan's, Jilin's, and those of clients that put the number into the path; the last takes the rest.
PATHS = (
    "/fsi/api/rsfComIfsService/callService",
    "/mbs/fmi/fsi/api/callFsiService/callService",
    "/fsi/api/{infno}",
    "/",
    "/{infno}",
)
MEDIA_TYPE = "application/json; charset=utf-8"


class BodyTooLarge(Exception):
    """The body is longer than the gateway takes; the rest of it was not read."""


def create_app(doors: Mapping[AreaCode, Door], settings: GatewaySettings, clock: Clock) -> FastAPI:
    """The application for these treatment areas. Its life starts and stops their desks."""
    desks = {area: Desk(door, settings, clock) for area, door in doors.items()}
    doorkeeper = Doorkeeper(settings.token_kept_for) if settings.bearer_required else None
    gateway = Gateway(desks, load_profiles(settings.profiles_file), clock, doorkeeper)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        for desk in desks.values():
            await desk.start()
        yield
        for desk in desks.values():
            await desk.stop()

    async def call(request: Request) -> Response:
        return await _answered(gateway, request, settings, clock)

    async def preflight(request: Request) -> Response:
        return await _preflight(gateway, request, settings)

    async def health() -> Response:
        return _health(desks)

    # Bodies are checked against the interface's own field tables: OpenAPI has nothing to say.
    app = FastAPI(title="Yidi gateway", lifespan=life, openapi_url=None)
    app.state.gateway = gateway
    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_route("/preflight", preflight, methods=["POST"])  # before "/{infno}"
    for path in PATHS:
        app.add_api_route(path, call, methods=["POST"])
    return app


async def _answered(
    gateway: Gateway, request: Request, settings: GatewaySettings, clock: Clock
) -> Response:
    try:
        body = await _whole(request, settings)
    except Refused as no:
        return _response(gateway.told(refusal(no.code, no.detail), None, clock.now()))
    text = await gateway.answer(
        body,
        path_infno=str(request.path_params.get("infno", "")),
        authorization=request.headers.get("authorization", ""),
    )
    return _response(text)


async def _preflight(gateway: Gateway, request: Request, settings: GatewaySettings) -> Response:
    try:
        body = await _whole(request, settings)
    except Refused as no:
        status, text = plainly.told(refusal(no.code, no.detail))
    else:
        authorization = request.headers.get("authorization", "")
        status, text = await plainly.preflight(gateway, body, authorization)
    return _response(text, status)


async def _whole(request: Request, settings: GatewaySettings) -> bytes:
    """The body; Refused BODY_TOO_LARGE, or NOT_JSON when it does not come to its end in time."""
    try:
        async with asyncio.timeout(settings.read_within_s):
            return await _body(request, settings.body_max_bytes)
    except BodyTooLarge as error:
        detail = f"最大{settings.body_max_bytes // 1024}KB"
        raise Refused(RefusalCode.BODY_TOO_LARGE, detail) from error
    except (TimeoutError, ClientDisconnect) as error:
        raise Refused(RefusalCode.NOT_JSON) from error


async def _body(request: Request, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    async for part in request.stream():
        total += len(part)
        if total > max_bytes:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def _response(text: str, status: int = 200) -> Response:
    # A path may hold what is not text; it must not cost the hospital its envelope.
    return Response(text.encode(errors="replace"), status, media_type=MEDIA_TYPE)


def _health(desks: Mapping[AreaCode, Desk]) -> Response:
    """Green while every desk's loop runs; figures are counts only."""
    told = {
        area: {
            "serving": desk.is_serving,
            "under_way": desk.under_way,
            "requests": desk.figures.requests,
            "transactions": desk.figures.transactions,
            "biggest_batch": desk.figures.biggest_batch,
        }
        for area, desk in desks.items()
    }
    is_well = all(desk.is_serving for desk in desks.values())
    return JSONResponse({"ok": is_well, "areas": told}, 200 if is_well else 503)
