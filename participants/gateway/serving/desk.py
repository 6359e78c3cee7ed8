"""Where requests wait: concurrent ones share a transaction, and every one ends by its limit.

One desk an area. A loop takes whatever waits, new requests and woken ones, and has one worker
thread serve them in one transaction; meanwhile the next batch gathers. Nothing sleeps in between:
alone, a request starts at once; under load the batches grow. Only the event loop touches the
desk's state; the listener's thread comes in by `call_soon_threadsafe`.
"""

import asyncio
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts.clock import Clock
from contracts.ids import short_text_of
from contracts.programs.loops import tend
from contracts.refusal import RefusalCode
from participants.gateway.http.admission import Admission
from participants.gateway.serving.counter import Look, serve
from participants.gateway.serving.door import Door
from participants.gateway.serving.requests import Awaiting, Effect, Patience, Request, Step, Subject
from participants.gateway.serving.waiting import Waiting, WaitingRoom
from participants.gateway.settings import GatewaySettings
from participants.gateway.wire.envelope import Reply, ask_again_after, refusal, unknown_until

APART_MAX = 16  # long comparisons under way or waiting; beyond it TOO_BUSY
APART_WITHIN = timedelta(minutes=2)  # until most of them have had their turn


@dataclass(slots=True)
class Figures:
    """What the desk has done: requests served, and the transactions that it took."""

    requests: int = 0
    transactions: int = 0
    biggest_batch: int = 0


class Desk:
    """Serves one area. `start` and `stop` belong to one event loop, as `ask` does."""

    def __init__(
        self, door: Door, settings: GatewaySettings, clock: Clock, admission: Admission
    ) -> None:
        self.door, self.figures, self.admission = door, Figures(), admission
        self._settings, self._clock = settings, clock
        self._arrived: deque[Waiting] = deque()
        self._room = WaitingRoom()
        self._under_way = 0
        self._apart_under_way = 0
        self._something = asyncio.Event()
        self._stop = threading.Event()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counter")
        self._apart = ThreadPoolExecutor(max_workers=1, thread_name_prefix="apart")
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._serving = asyncio.create_task(self._serve())
        for work in (self._listen, self._tend):
            thread = threading.Thread(target=work, name=work.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    async def stop(self) -> None:
        self._stop.set()
        self.door.listener.ring()
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        await asyncio.to_thread(self._worker.shutdown)
        await asyncio.to_thread(self._apart.shutdown)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    @property
    def is_serving(self) -> bool:
        return self._serving is not None and not self._serving.done()

    @property
    def under_way(self) -> int:
        return self._under_way

    def is_full(self, on_their_way: int = 0) -> bool:
        """Whether new work would wait longer than it should; what ends old work still comes in.

        `on_their_way`: requests that were let in and have not come here yet.
        """
        return not self.admission.admits(self._under_way + on_their_way)

    async def ask(self, request: Request) -> Reply:
        """The reply, at the limit at the latest: then 'unknown, certain by T' and never a guess."""
        if self._under_way >= self._settings.waiting_max:
            return refusal(RefusalCode.TOO_BUSY)
        if request.transaction.is_apart:
            return await self._ask_apart(request)
        within_s, last_look_s = self._settings.within_s(request.transaction.patience)
        waiting = Waiting(request, asyncio.get_running_loop().create_future())
        self._under_way += 1
        began_s = self._event_loop().time()
        try:
            self._arrived.append(waiting)
            self._something.set()
            await asyncio.wait({waiting.reply}, timeout=within_s)
            return await self._at_the_limit(waiting, last_look_s)
        finally:
            self._under_way -= 1
            if request.transaction.patience is Patience.LONG:
                now_s = self._event_loop().time()
                self.admission.concluded(now_s - began_s, now_s)
            self._room.leave(waiting)
            waiting.reply.cancel()  # Whatever comes now comes too late for this call.

    async def _ask_apart(self, request: Request) -> Reply:
        """What takes seconds; it goes on when time is up, and the same message finds its reply."""
        if self._apart_under_way >= APART_MAX:
            return refusal(RefusalCode.TOO_BUSY)
        within_s, _ = self._settings.within_s(Patience.LONG)
        self._apart_under_way += 1
        work = self._event_loop().run_in_executor(self._apart, serve, self.door, [request], [])
        work.add_done_callback(self._ended_apart)
        done, _ = await asyncio.wait({work}, timeout=within_s)
        if not done:
            return ask_again_after(self._clock.now() + APART_WITHIN)
        [reply] = work.result()
        assert isinstance(reply, Reply), "what is served apart asks nobody"
        return reply

    def _ended_apart(self, _work: object) -> None:
        self._apart_under_way -= 1

    async def _at_the_limit(self, waiting: Waiting, last_look_s: float) -> Reply:
        if waiting.reply.done():
            return waiting.reply.result()
        if not waiting.is_taken:
            self._arrived.remove(waiting)
            return refusal(RefusalCode.TOO_BUSY)
        waiting.is_last = True
        if waiting.awaiting is not None:  # A wake-up may have been lost: look once more.
            self._room.wake(waiting)
            self._something.set()
        await asyncio.wait({waiting.reply}, timeout=last_look_s)
        return waiting.reply.result() if waiting.reply.done() else self._unknown(waiting)

    def _unknown(self, waiting: Waiting) -> Reply:
        request, awaiting = waiting.request, waiting.awaiting
        if request.transaction.effect in {Effect.ASKS, Effect.TRIES}:
            return refusal(RefusalCode.AREA_UNAVAILABLE)
        if awaiting is None:
            return unknown_until(self._clock.now() + self.door.terms.settle_within)
        if awaiting.subject is Subject.FILING:
            known = {"trt_dcla_detl_sn": short_text_of(awaiting.id)}
            return ask_again_after(awaiting.answer_by, {"result": known})
        if awaiting.subject is Subject.CANCELLATION:
            return ask_again_after(awaiting.answer_by)
        # With its id the hospital can ask 5203.
        known = {
            "mdtrt_id": request.row.text("mdtrt_id"),
            "setl_id": short_text_of(awaiting.id),
            "medins_setl_id": request.envelope.msgid,
        }
        # Not earlier than a question to the hub takes: what is due is being taken care of.
        soonest = self._clock.now() + self.door.terms.status_within
        return unknown_until(max(awaiting.answer_by, soonest), {"setlinfo": known})

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something.wait()
            self._something.clear()
            while self._arrived or self._room.has_woken:
                new, looked = self._take()
                requests = [one.request for one in new]
                looks = [Look(one.request, _known(one), one.is_last) for one in looked]
                steps = await loop.run_in_executor(self._worker, serve, self.door, requests, looks)
                self._count(len(new))
                for waiting, step in zip([*new, *looked], steps, strict=True):
                    self._tell(waiting, step)

    def _take(self) -> tuple[list[Waiting], list[Waiting]]:
        most = self._settings.batch_max
        new = [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]
        for one in new:
            one.is_taken = True
            self._room.look(one)
        return new, self._room.take_woken(most)

    def _tell(self, waiting: Waiting, step: Step) -> None:
        if waiting.reply.done() or waiting.reply.cancelled():
            return
        if isinstance(step, Reply):
            self._room.leave(waiting)
            waiting.reply.set_result(step)
            return
        self._room.seat(waiting, step)

    def _hear(self, ids: frozenset[UUID]) -> None:
        self._room.hear(ids)
        self._something.set()

    def _count(self, requests: int) -> None:
        figures = self.figures
        figures.requests += requests
        figures.transactions += 1
        figures.biggest_batch = max(figures.biggest_batch, requests)

    def _listen(self) -> None:
        for ids in self.door.listener.wakes(self._stop):
            if not self._stop.is_set():
                self._event_loop().call_soon_threadsafe(self._hear, ids)

    def _tend(self) -> None:
        """Sweep the outbox: until the first sweep is over nothing new is sent."""
        tend(self.door.outbox, self._stop)

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None, "not started"
        return self._loop


def _known(waiting: Waiting) -> Awaiting:
    assert waiting.awaiting is not None, "woken, but it waits for nothing"
    return waiting.awaiting
