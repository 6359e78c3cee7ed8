"""A gateway on a real database, hospitals that call it over HTTP, and the parties behind it."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine

from contracts.clock import SystemClock
from contracts.codes import AreaCode, DivisionCode
from contracts.delivery import bulk
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.sealing import Sealer
from participants.gateway.http.app import create_app
from participants.gateway.serving.door import Door
from participants.gateway.settings import GatewaySettings
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.domain.institution import (
    OPENED_BY_KIND,
    Institution,
    InstitutionKind,
)
from participants.treatment.domain.terms import Terms
from participants.treatment.main import worker
from participants.treatment.services import institutions
from participants.treatment.settings import Settings
from participants.treatment.store.db import migrate
from participants.treatment.store.listening import Listener
from tests.gateway.other_party import WANG, OtherParty
from tests.support.conforming import every_answer_conforms
from tests.support.databases import Databases

AREA = AreaCode("310000")
HOSPITAL = "H31010100001"
SEALER = Sealer({"k1": b"k" * 32}, "k1")
PERSON_KEY = b"a key for person tokens"
T = TypeVar("T")
Reply = dict[str, Any]
_msgids = count(1)


@dataclass(slots=True)
class Street:
    """What a test holds in its hands."""

    app: FastAPI
    engine: Engine
    log: MemoryLog
    other: OtherParty
    loop: asyncio.AbstractEventLoop
    client: httpx.AsyncClient
    hospital: str = HOSPITAL

    def post(self, body: bytes | str, path: str = "/", **headers: str) -> httpx.Response:
        return self.run(self.client.post(path, content=body, headers=headers))

    def preflight(self, **body: Any) -> tuple[int, Any]:
        response = self.post(json.dumps(body), "/preflight")
        return response.status_code, json.loads(response.text)

    def call(self, infno: str, node: Any = None, **changes: Any) -> Reply:
        """One transaction in a sound envelope; `changes` replace fields of the envelope."""
        return self.said(envelope(infno, node, **changes))

    def said(self, document: Any) -> Reply:
        response = self.post(json.dumps(document))
        assert response.status_code == 200
        found: Reply = json.loads(response.text)
        return found

    def at_once(self, documents: list[Any]) -> list[Reply]:
        """All of them at the same time."""

        async def ask() -> list[httpx.Response]:
            posts = (self.client.post("/", content=json.dumps(one)) for one in documents)
            return await asyncio.gather(*posts)

        return [json.loads(response.text) for response in self.run(ask())]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.begin() as tx:
            return bulk.fetch(tx, query)

    def counts(self) -> tuple[int, ...]:
        """How many rows every table has in which a request leaves a trace."""
        tables = (
            "attempts", "visits", "fee_lines", "settlements", "trials", "enquiries",
            "registrations", "registration_cancellations", "outbox",
        )  # fmt: skip
        return tuple(self.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables)  # noqa: S608


@contextmanager
def opened(databases: Databases, **settings: Any) -> Iterator[Street]:
    """Everything started, and everything stopped at the end."""
    engine = databases.fresh("treatment", migrate)
    with engine.begin() as tx:
        institutions.load(tx, [institution(HOSPITAL), institution("H31010100002")])
    log = MemoryLog()
    other = OtherParty(log, SEALER, PERSON_KEY)
    app = create_app({AREA: _door(engine, log)}, GatewaySettings(**settings), SystemClock())
    with ExitStack() as stack:
        stack.enter_context(_running(other.run, other.stop))
        stop = threading.Event()
        processor = worker(AREA, engine, log, SystemClock(), Settings(treatment_wait_ms=20))
        stack.enter_context(_running(lambda: processor.run(stop), stop.set))
        loop = stack.enter_context(_loop())
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://gateway",
            event_hooks={"response": [every_answer_conforms]},
        )
        street = Street(app, engine, log, other, loop, client)
        lifespan = app.router.lifespan_context(app)
        street.run(lifespan.__aenter__())
        stack.callback(lambda: street.run(lifespan.__aexit__(None, None, None)))
        stack.callback(lambda: street.run(client.aclose()))
        yield street


def institution(code: str) -> Institution:
    return Institution(
        code=code,
        name="上海市第一示范医院",
        division=DivisionCode("310101"),
        level=2,
        hosp_lv="5",
        kind=InstitutionKind.HOSPITAL,
        opened=OPENED_BY_KIND[InstitutionKind.HOSPITAL],
    )


def new_msgid() -> str:
    return f"{HOSPITAL}{next(_msgids):018d}"


def envelope(infno: str, node: Any = None, **changes: Any) -> dict[str, Any]:
    """A sound request; `node` is the input, or the content of its node `data`."""
    inputs = node if isinstance(node, dict) and set(node) & _NODES else {"data": node or {}}
    return {
        "infno": infno,
        "msgid": new_msgid(),
        "mdtrtarea_admvs": "310101",
        "insuplc_admdvs": "340100",
        "recer_sys_code": "99",
        "dev_no": "",
        "dev_safe_info": "",
        "cainfo": "",
        "signtype": "",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0001",
        "opter_name": "收费员",
        "inf_time": f"{date.today():%Y-%m-%d} 00:00:01",  # noqa: DTZ011 - the machine's own day
        "fixmedins_code": HOSPITAL,
        "fixmedins_name": "上海市第一示范医院",
        "sign_no": "",
        "input": inputs,
        **changes,
    }


_NODES = {"data", "mdtrtinfo", "feedetail", "diseinfo", "refmedin"}
PERSON = {
    "mdtrt_cert_type": "02",
    "mdtrt_cert_no": WANG.certno,
    "psn_cert_type": "01",
    "certno": WANG.certno,
}


def _door(engine: Engine, log: MemoryLog) -> Door:
    seconds = timedelta(seconds=8)
    url = engine.url.render_as_string(hide_password=False)
    return Door(
        terms=Terms(AREA, settle_within=seconds, reverse_within=seconds),
        outbox=Outbox(engine, log.sender("gateway"), SystemClock()),
        listener=Listener(url),
        catalogue=load_catalogue(),
        sealer=SEALER,
        person_key=PERSON_KEY,
    )


@contextmanager
def _running(work: Any, stop: Any) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(timeout=30)
        assert not thread.is_alive(), "a thread does not end"


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        loop.close()
