"""The desk's application: its routes, its problems, its health."""

import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from contracts.delivery import bulk
from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
from contracts.refusal import RefusalCode
from contracts.sealing import Sealer
from participants.insured.api import grants, problems, reviews
from participants.insured.api.body_limit import BodyLimit
from participants.insured.api.deps import Desk, DeskDep
from participants.insured.domain.area import Area

log = logging.getLogger(__name__)

TEND_EVERY_S = 0.5


def app_of(area: Area, outbox: Outbox, sealer: Sealer) -> FastAPI:
    """The desk of one area. While it runs it also tends its outbox."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with _tended(outbox):
            yield

    app = FastAPI(title=f"参保地经办 {area.code}", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.desk = Desk(area, outbox, sealer)
    problems.add_to(app)
    app.add_middleware(BodyLimit)
    app.include_router(reviews.router)
    app.include_router(grants.router)
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


@contextmanager
def _tended(outbox: Outbox) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=_tend, args=(outbox, stop), name="tend the outbox")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        outbox.close()


def _tend(outbox: Outbox, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            outbox.tend()
        except Exception as error:  # noqa: BLE001
            # The database is away: the rows stay, and the next turn tries again.
            log.warning("the outbox cannot be tended for now (%s)", type(error).__name__)
        stop.wait(TEND_EVERY_S)
