"""The load as hospitals make it: settlements posted to the gateway, over connections that stay."""

import asyncio
import json
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from contracts.clock import SHANGHAI, Clock
from contracts.codes import VisitKind
from contracts.money import yuan_from_fen
from simulators.bench.bills import Bill, Patients, drawn
from simulators.bench.http_client import Connections, HttpAnswer
from simulators.bench.load import Answered
from simulators.hospital import PATH

MED_TYPES = {
    VisitKind.INPATIENT: "21",
    VisitKind.OUTPATIENT: "11",
    VisitKind.CHRONIC: "14",
    VisitKind.PHARMACY: "41",
}
_CODE = re.compile(rb'"err_msg": ?"\[(\d{4})\]')
UNKNOWN = "2004"


@dataclass(frozen=True, slots=True)
class Asked:
    """A settlement that was asked for: what a hospital keeps, to find out later."""

    msgid: str
    infno: str
    hospital_code: str
    psn_no: str


@dataclass(slots=True)
class HttpLoad:
    """An event loop in a thread of its own; times are `time.perf_counter`.

    `refused` counts answers other than yes by their code; `unknown` are those to be asked for.
    """

    host: str
    port: int
    patients: Patients
    treatment_division: str
    clock: Clock
    random: Random
    answers: list[Answered] = field(default_factory=list)
    begun: int = 0
    """How many requests were posted so far, whatever came of them."""
    refused: Counter[str] = field(default_factory=Counter)
    unknown: list[Asked] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _prepared: deque[tuple[Asked, bytes]] = field(default_factory=deque)
    _under_way: int = 0
    _until: float = 0.0
    _again: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _faults: list[BaseException] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _connections: Connections = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._connections = Connections(self.host, self.port, PATH)
        self._thread = threading.Thread(target=self._loop.run_forever, name="http load")
        self._thread.start()

    @property
    def asked(self) -> int:
        """How many settlements there must be, now that nothing is under way."""
        return len(self.answers)

    def close(self) -> None:
        self._run(self._stop()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def tend(self) -> None:
        """Nothing: the gateway sends for itself."""

    def prepare(self, settlements: int) -> None:
        """Write so many now, so that posting them is all that the load costs later."""
        self._prepared.extend(self._settlement(drawn(self.random)) for _ in range(settlements))

    def keep_waiting(self, window: int, seconds: float) -> None:
        """Closed loop: so many hospitals ask again as soon as they may, for so long."""
        self._run(self._keep_waiting(window, seconds)).result()

    def at_rate(self, per_second: float, seconds: float) -> None:
        """Open loop: requests fall due evenly, whether or not answers come."""
        self._run(self._at_rate(per_second, seconds)).result()

    def drain(self, within_s: float) -> int:
        """Wait for what is under way; how many requests are still without an answer."""
        until = time.perf_counter() + within_s
        while self._under_way and time.perf_counter() < until:
            time.sleep(0.05)
        if self._faults:
            raise self._faults[0]
        return self._under_way

    def question(self, asked: Asked) -> bytes:
        """5203 about a settlement of which only the message id is known."""
        data = {"psn_no": asked.psn_no, "setl_id": asked.msgid, "mdtrt_id": asked.msgid}
        now = self.clock.now().astimezone(SHANGHAI)
        question = Asked(f"Q{asked.msgid[1:]}", "5203", asked.hospital_code, asked.psn_no)
        return self._enveloped(question, {"data": data}, f"{now:%Y-%m-%d %H:%M:%S}")

    def _run(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _keep_waiting(self, window: int, seconds: float) -> None:
        self._until = time.perf_counter() + seconds
        self._again.set()
        while len(self._tasks) < window:
            self._start(self._hospital())
        await asyncio.sleep(seconds)
        self._again.clear()

    async def _hospital(self) -> None:
        while True:
            await self._again.wait()
            retry_after_s = await self._ask(time.perf_counter())
            await asyncio.sleep(retry_after_s)

    async def _at_rate(self, per_second: float, seconds: float) -> None:
        started = time.perf_counter()
        for n in range(int(per_second * seconds)):
            due = started + n / per_second
            wait = due - time.perf_counter()
            if wait > 0 or n % 50 == 0:  # Behind its time, it still lets answers in.
                await asyncio.sleep(max(wait, 0))
            self._start(self._ask(due))

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._faults.append(fault)

    async def _ask(self, due: float) -> float:
        """When the hospital may come again, where it was told to wait."""
        if not self._prepared:
            self.prepare(1)
        asked, body = self._prepared.popleft()
        self.begun += 1
        self._under_way += 1
        try:
            answer = await self._connections.post(body)
        finally:
            self._under_way -= 1
        self._told(asked, answer, due)
        return answer.retry_after_s

    def _told(self, asked: Asked, answer: HttpAnswer, due: float) -> None:
        if b'"infcode":0' in answer.body:
            now = time.perf_counter()
            self.answers.append(Answered(now, int((now - due) * 1_000_000)))
            return
        found = _CODE.search(answer.body)
        code = found.group(1).decode() if found else str(answer.status)
        self.refused[code] += 1
        if code == UNKNOWN:
            self.unknown.append(asked)

    async def _stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._connections.close()

    def _settlement(self, bill: Bill) -> tuple[Asked, bytes]:
        """2304 for a stay, 2207 for the rest, of a visit that is told with it."""
        inpatient = bill.kind is VisitKind.INPATIENT
        infno = "2304" if inpatient else "2207"
        psn_no = self.random.choice(self.patients.people)
        hospital_code = self.patients.seller(bill.kind)
        now = self.clock.now().astimezone(SHANGHAI)
        # Written beforehand, more fall into a second than four digits can tell apart.
        seconds, number = divmod(next(self._numbers), 10_000)
        msgid = f"{hospital_code}{now + timedelta(seconds=seconds):%Y%m%d%H%M%S}{number:04d}"
        asked = Asked(msgid, infno, hospital_code, psn_no)
        data = self._data(asked, bill, psn_no) | {
            "begntime": f"{now - timedelta(days=bill.days):%Y-%m-%d} 00:00:00",
            **({"dscgTime": f"{now:%Y-%m-%d}"} if inpatient else {}),
        }
        return asked, self._enveloped(asked, {"data": data}, f"{now:%Y-%m-%d %H:%M:%S}")

    def _data(self, asked: Asked, bill: Bill, psn_no: str) -> dict[str, str]:
        chronic = bill.kind is VisitKind.CHRONIC
        return {
            "psn_no": psn_no,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": "34010019400101000X",
            "psn_cert_type": "01",
            "certno": "34010019400101000X",
            "psn_type": "11",
            "psn_name": "示例",
            "med_type": MED_TYPES[bill.kind],
            "medfee_sumamt": yuan_from_fen(bill.total_fen),
            "psn_setlway": "01",
            "mdtrt_id": f"V{asked.msgid[1:]}",
            "chrg_bchno": "1",
            "insutype": "310",
            "acct_used_flag": "1",
            "mid_setl_flag": "0",
            "dise_codg": self.patients.disease_code if chronic else "",
            "fulamt_ownpay_amt": yuan_from_fen(bill.fully_own_fen),
            "overlmt_selfpay": "0",
            "preselfpay_amt": yuan_from_fen(bill.first_self_pay_fen),
            "inscp_scp_amt": yuan_from_fen(bill.in_scope_fen),
        }

    def _enveloped(self, asked: Asked, content: dict[str, Any], at: str) -> bytes:
        envelope = {
            "infno": asked.infno,
            "msgid": asked.msgid,
            "mdtrtarea_admvs": self.treatment_division,
            "insuplc_admdvs": self.patients.insured_division,
            "recer_sys_code": "99",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员",
            "inf_time": at,
            "fixmedins_code": asked.hospital_code,
            "fixmedins_name": "示例医院",
            "sign_no": "",
            "input": content,
        }
        return json.dumps(envelope, ensure_ascii=False).encode()
