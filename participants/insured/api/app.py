"""The desk's application: its routes, its problems, its health."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from contracts.delivery.health import pulse
from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
from contracts.delivery.progress import STALLED_AFTER_S
from contracts.programs.loops import tended
from contracts.refusal import RefusalCode
from contracts.sealing import Sealer
from participants.insured.api import (
    changes,
    decisions,
    grants,
    people,
    person_years,
    problems,
    reviews,
    what_if,
)
from participants.insured.api.body_limit import BodyLimit
from participants.insured.api.deps import Desk, DeskDep
from participants.insured.domain.area import Area

# Made once a process: every application has the same.
ROUTES = APIRouter()
for _one in (reviews, decisions, changes, grants, people, person_years, what_if):
    ROUTES.include_router(_one.router, responses=problems.DOCUMENTED)


def app_of(
    area: Area,
    outbox: Outbox,
    sealer: Sealer,
    stalled_after: timedelta = timedelta(seconds=STALLED_AFTER_S),
) -> FastAPI:
    """The desk of one area. While it runs it also tends its outbox."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with tended(outbox):
            yield

    app = FastAPI(title=f"参保地经办 {area.code}", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.desk = Desk(area, outbox, sealer, stalled_after)
    problems.add_to(app)
    app.add_middleware(BodyLimit)
    app.router.routes.extend(ROUTES.routes)
    stalled: dict[int | str, dict[str, Any]] = {503: {"description": "停滞，或数据库暂不可用"}}
    app.get("/health", tags=["运行"], response_model=None, responses=stalled)(health)
    return app


def health(at: DeskDep) -> JSONResponse:
    """200 while work moves on, 503 when something lies for too long; nothing about anybody."""
    now = at.outbox.clock.now()
    try:
        with at.outbox.engine.connect() as tx:
            found = pulse(tx)
    except Exception as error:
        if not (is_passing(error) or isinstance(error, SQLAlchemyError)):
            raise
        return problems.problem(RefusalCode.INTERNAL_FAULT, "数据库暂不可用")
    is_moving = found.is_moving(now, at.stalled_after)
    document = {
        "status": "ok" if is_moving else "stalled",
        "area": at.area.code,
        "unsent_since": found.unsent_since and found.unsent_since.isoformat(),
        "subscriptions": found.told(now, at.stalled_after),
    }
    return JSONResponse(document, 200 if is_moving else 503)
