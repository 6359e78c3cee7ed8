"""Asking as a patient till does: the same message again and again, until the answer is certain."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.clock import Clock
from simulators.chaos.door import Door
from simulators.chaos.messages import Asked
from simulators.chaos.replies import Told, heard
from simulators.witness import Witness

ANSWER_WITHIN_S = 6.0
IMPATIENT_S = 0.03  # hung up before any answer can have come
AGAIN_AFTER_S = 0.5
GIVES_UP_AFTER = timedelta(minutes=2)


@dataclass(slots=True)
class Asker:
    """Sends, hears and writes down. `refused` counts every answer but yes by its code.

    `unanswered`: messages without a certain answer, however often they were sent. `late` counts
    answers that were unknown after the time promised, `late_s_max` is the longest time after it;
    whether they may be, the truths know.
    """

    door: Door
    witness: Witness
    clock: Clock
    unanswered: list[Asked] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    no_answer: int = 0
    late: int = 0
    late_s_max: float = 0.0

    async def hang_up(self, asked: Asked) -> None:
        """Send it, and never hear what came of it."""
        await self.door.post(asked.body, IMPATIENT_S)

    async def insist(self, asked: Asked) -> Told | None:
        """The certain answer, or that the route is down; None when none comes for too long."""
        first_asked_at = asked_at = self.clock.now()
        promised_by: datetime | None = None
        while asked_at - first_asked_at < GIVES_UP_AFTER:
            told = await self._once(asked)
            if told is not None and told.is_certain:
                return told
            if told is not None and promised_by is not None and asked_at > promised_by:
                self.late += 1
                past_s = (told.reply.at - promised_by).total_seconds()
                self.late_s_max = max(self.late_s_max, past_s)
            if told is not None and promised_by is None:  # Later ones take no promise back.
                promised_by = told.reply.certain_by
            await asyncio.sleep(self._pause_s(told))
            asked_at = self.clock.now()
        self.unanswered.append(asked)
        return None

    async def _once(self, asked: Asked) -> Told | None:
        answer = await self.door.post(asked.body, ANSWER_WITHIN_S)
        told = None if answer is None else heard(asked, answer, self.clock.now())
        if told is None:
            self.no_answer += 1
            return None
        self.witness.heard(told.reply)
        if told.reply.code:
            self.refused[told.reply.code] += 1
        return told

    def _pause_s(self, told: Told | None) -> float:
        if told is None:
            return AGAIN_AFTER_S
        by = told.reply.certain_by
        left_s = 0.0 if by is None else (by - self.clock.now()).total_seconds()
        return max(AGAIN_AFTER_S, told.wait_s, left_s)
