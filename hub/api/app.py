"""The application: its routes, how it says no, and what stands around every request."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from contracts.clock import Clock
from contracts.delivery.outbox import Outbox
from contracts.refusal import Refused
from hub.api import (
    advance,
    agencies,
    breaks,
    case_work,
    cases,
    clearing,
    clearing_answers,
    clearing_calendar,
    clearing_preview,
    clearing_runs,
    costs,
    days,
    health,
    institutions,
    ledger,
    open_day,
    papers,
    participants,
    payments,
    person_sessions,
    pooling_areas,
    problems,
    proposals,
    reconciliation,
    registrations,
    settlements,
    verification,
)
from hub.api.deps import Hub
from hub.api.edges import BodyLimit, Faults
from hub.settings import Settings

TITLE = "Yidi 异地就医清算枢纽 · out-of-area clearing hub"
ROUTERS = (
    health.router,
    registrations.router,
    settlements.router,
    days.router,
    reconciliation.router,
    open_day.router,
    breaks.router,
    clearing_preview.router,  # before what takes any word for a cycle
    clearing_calendar.router,
    clearing.router,
    clearing_runs.router,
    clearing_answers.router,
    payments.router,
    papers.router,
    participants.router,
    institutions.router,
    agencies.router,
    pooling_areas.router,
    costs.router,
    person_sessions.router,
    verification.router,
    advance.router,
    proposals.router,
    ledger.router,
    cases.router,
    case_work.router,
)


# A body under these names may be larger: an attachment of a case, a sheet of breaks, in base64.
WIDER = {"attachments": 8_388_608, "sheets": 4_194_304, "sheet-previews": 4_194_304}


def create_app(engine: Engine, outbox: Outbox, clock: Clock, settings: Settings) -> FastAPI:
    """The hub's HTTP application. The caller tends the outbox meanwhile, and closes it."""
    app = FastAPI(
        title=TITLE,
        version=_version(),
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.hub = Hub(
        engine,
        outbox,
        clock,
        settings.person_key(),
        settings.person_session(),
        settings.stalled_after(),
        settings.case_keys(),
    )
    # As they are, and not by include_router, which would make each of them anew.
    app.router.routes.extend(route for router in ROUTERS for route in router.routes)
    app.add_exception_handler(Refused, problems.of_refusal)
    app.add_exception_handler(RequestValidationError, problems.of_validation)
    app.add_exception_handler(HTTPException, problems.of_http)
    # The last added stands outermost.
    app.add_middleware(BodyLimit, bytes_max=settings.hub_body_max_bytes, wider=WIDER)
    app.add_middleware(Faults)
    app.openapi = lambda: _documented(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _version() -> str:
    try:
        return version("yidi-hub")
    except PackageNotFoundError:  # run from a checkout
        return "0"


def _documented(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with problem responses instead of its own."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = document["components"]["schemas"]
        schemas |= _schemas()
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path in document["paths"].values():
            for operation in path.values():
                _with_problems(operation)
        app.openapi_schema = document
    return app.openapi_schema


def _schemas() -> dict[str, Any]:
    schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}


def _with_problems(operation: dict[str, Any]) -> None:
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    statuses = (400, 401, 403, 404, 409, 413, 422, 500, 503)
    kept = {status: said for status, said in operation["responses"].items() if status < "4"}
    said_no = {
        str(status): {
            "description": "、".join(problems.titles(status)),
            "content": {problems.MEDIA_TYPE: reference},
        }
        for status in (statuses if operation.get("security") else (500, 503))
    }
    operation["responses"] = kept | said_no
