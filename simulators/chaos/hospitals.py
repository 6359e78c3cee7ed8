"""All hospitals at work in a thread of their own, at an even rate, until they are told to rest."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from simulators.chaos.visits import NEVER_BEGUN, Case, Tills

AUDITED_AT_ONCE = 8


@dataclass(slots=True)
class Hospitals:
    """Visits fall due evenly, whether or not answers come; each goes on to its certain end."""

    tills: Tills
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _rest: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(
            target=self._loop.run_forever,
            name="hospitals",
            daemon=True,  # A second Ctrl-C while it is closed must end the program.
        )
        self._thread.start()

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    def work_at(self, per_second: float) -> None:
        """Begin visits from now on; returns at once."""
        self._run(self._at_rate(per_second))

    def rest(self) -> None:
        """No new visits."""
        self._rest.set()

    def look_again(self) -> "Future[None]":
        """At every case that was begun."""
        return self._run(self._look_again())

    def close(self) -> None:
        self.rest()
        self._run(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _at_rate(self, per_second: float) -> None:
        loop = asyncio.get_running_loop()
        due_at = loop.time()
        while not self._rest.is_set():
            self._begin(self.tills.serve_one())
            due_at += 1 / per_second
            await asyncio.sleep(max(0.0, due_at - loop.time()))

    async def _look_again(self) -> None:
        room = asyncio.Semaphore(AUDITED_AT_ONCE)

        async def one(case: Case) -> None:
            async with room:
                await self.tills.look_again(case)

        begun = [case for case in self.tills.cases if case.ending not in NEVER_BEGUN]
        await asyncio.gather(*map(one, begun))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.tills.surprises.append(f"a hospital: {fault!r}")

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.tills.asker.door.close()
