"""The desk's application: its routes, its problems, its health."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from contracts.delivery import bulk
from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
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


def app_of(area: Area, outbox: Outbox, sealer: Sealer) -> FastAPI:
    """The desk of one area. While it runs it also tends its outbox."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with tended(outbox):
            yield

    app = FastAPI(title=f"参保地经办 {area.code}", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.desk = Desk(area, outbox, sealer)
    problems.add_to(app)
    app.add_middleware(BodyLimit)
    for routes in (reviews, decisions, changes, grants, people, person_years, what_if):
        app.include_router(routes.router)
    app.get("/health", tags=["运行"], response_model=None)(health)
    return app


def health(at: DeskDep) -> JSONResponse:
    """200 while the database answers, else 503; it says nothing about anybody."""
    try:
        with at.outbox.engine.connect() as tx:
            bulk.fetch(tx, "SELECT 1")
    except Exception as error:
        if not (is_passing(error) or isinstance(error, SQLAlchemyError)):
            raise
        return problems.problem(RefusalCode.INTERNAL_FAULT, "数据库暂不可用")
    return JSONResponse({"status": "ok", "area": at.area.code})
