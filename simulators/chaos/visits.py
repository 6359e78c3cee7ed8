"""What a hospital does about one settlement: settle, cancel, withdraw, repeat, ask, and mistake."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random

from contracts.refusal import RefusalCode
from simulators.chaos.asking import Asker
from simulators.chaos.messages import Asked, Pen
from simulators.chaos.replies import Told
from simulators.witness import Verdict

LATER_S = (1.0, 6.0)
"""When somebody looks once more at what was settled."""


class Ending(StrEnum):
    """What the hospital knows in the end."""

    SETTLED = "settled"
    UNDONE = "undone"  # cancelled, or withdrawn
    VOID = "void"  # it came to nothing, with a code
    TURNED_AWAY = "turned away"  # nothing was begun: the route was down
    UNANSWERED = "unanswered"  # no certain answer, however often it was asked


NEVER_BEGUN = frozenset({Ending.TURNED_AWAY, Ending.UNANSWERED})


@dataclass(frozen=True, slots=True)
class Case:
    """One settlement as the hospital's files have it."""

    asked: Asked
    ending: Ending


@dataclass(slots=True)
class Tills:
    """Of all hospitals. `settled_at`: when each settlement was acknowledged first.

    `surprises`: answers that nobody foresaw, and those that contradict each other.
    """

    pen: Pen
    asker: Asker
    random: Random
    cases: list[Case] = field(default_factory=list)
    settled_at: list[datetime] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    async def serve_one(self) -> None:
        asked = self.pen.settlement()
        [way] = self.random.choices([way for way, _ in WAYS], [share for _, share in WAYS])
        self.cases.append(Case(asked, await way(self, asked)))

    async def look_again(self, case: Case) -> None:
        """5203, and the same message once more: what was said before must still be so."""
        by_id = await self.asker.insist(self.pen.question(case.asked))
        again = await self.asker.insist(case.asked)
        if by_id is None or again is None:
            return  # It stands among the unanswered.
        if not AGREES[case.ending](by_id, again):
            said = [told.reply.code or f"yes, undone {told.is_undone}" for told in (by_id, again)]
            self._surprised(case.asked, f"{case.ending}, but 5203 and a repeat say {said}")

    async def settle(self, asked: Asked) -> Ending:
        ending, _ = await self._settled(asked)
        return ending

    async def settle_again(self, asked: Asked) -> Ending:
        """The till sends its message once more, later; the truths compare what was said."""
        ending = await self.settle(asked)
        await self._later()
        if ending not in NEVER_BEGUN:
            await self.asker.insist(asked)
        return ending

    async def settle_with_other_content(self, asked: Asked) -> Ending:
        ending = await self.settle(asked)
        if ending is Ending.SETTLED:
            told = await self.asker.insist(self.pen.with_another_total(asked))
            self._expect(told, RefusalCode.CONFLICTING_REPLAY)
        return ending

    async def settle_and_ask(self, asked: Asked) -> Ending:
        ending = await self.settle(asked)
        await self._later()
        if ending not in NEVER_BEGUN:
            await self.asker.insist(self.pen.question(asked))
        return ending

    async def cancel(self, asked: Asked) -> Ending:
        ending, told = await self._settled(asked)
        if told is None:
            return ending
        return await self._undone(self.pen.cancellation(asked, told.reply))

    async def withdraw(self, asked: Asked) -> Ending:
        """The answer never came to the till: the clerk undoes a message, and knows nothing else."""
        await self.asker.hang_up(asked)
        return await self._undone(self.pen.withdrawal(asked))

    async def withdraw_before(self, asked: Asked) -> Ending:
        """2601 overtakes its message: that one must do nothing when it comes."""
        ending = await self._undone(self.pen.withdrawal(asked))
        if ending is Ending.UNDONE:
            self._expect(await self.asker.insist(asked), RefusalCode.WITHDRAWN_BEFORE)
        return ending

    async def _settled(self, asked: Asked) -> tuple[Ending, Told | None]:
        """With the answer where it is a yes."""
        told = await self.asker.insist(asked)
        if told is None:
            return Ending.UNANSWERED, None
        if told.is_turned_away:
            return Ending.TURNED_AWAY, None
        if told.reply.verdict is Verdict.DONE:
            self.settled_at.append(told.reply.at)
            return Ending.SETTLED, told
        self._expect(told, RefusalCode.EXPIRED)
        return Ending.VOID, None

    async def _undone(self, request: Asked) -> Ending:
        told = await self.asker.insist(request)
        if told is None:
            return Ending.UNANSWERED
        self._expect(told, "")
        return Ending.UNDONE

    def _expect(self, told: Told | None, code: str) -> None:
        """A refusal with this code; a yes where it is empty."""
        if told is not None and told.reply.code != code:
            said = told.reply.code or "yes"
            self._surprised_by(told, f"{said} where {code or 'yes'} was due")

    def _surprised_by(self, told: Told, what: str) -> None:
        self.surprises.append(f"{told.reply.infno} {told.reply.msgid}: {what}")

    def _surprised(self, asked: Asked, what: str) -> None:
        self.surprises.append(f"{asked.infno} {asked.msgid}: {what}")

    async def _later(self) -> None:
        await asyncio.sleep(self.random.uniform(*LATER_S))


def _is_no(told: Told) -> bool:
    return told.reply.verdict is Verdict.REFUSED


Way = Callable[[Tills, Asked], Awaitable[Ending]]
# Of a hundred visits.
WAYS: tuple[tuple[Way, int], ...] = (
    (Tills.settle, 52),
    (Tills.settle_again, 10),
    (Tills.settle_and_ask, 10),
    (Tills.settle_with_other_content, 4),
    (Tills.cancel, 10),
    (Tills.withdraw, 10),
    (Tills.withdraw_before, 4),
)
SETTLING_SHARE = sum(
    share for way, share in WAYS if way not in (Tills.withdraw, Tills.withdraw_before)
)
"""Per cent of the visits that are settled, if nothing breaks."""
# What 5203 and a repeat of the message may say of each ending, when all is quiet.
AGREES: dict[Ending, Callable[[Told, Told], bool]] = {
    Ending.SETTLED: lambda by_id, again: not (_is_no(by_id) or by_id.is_undone or _is_no(again)),
    # Its message keeps the answer that it got first.
    Ending.UNDONE: lambda by_id, _again: _is_no(by_id) or by_id.is_undone,
    Ending.VOID: lambda by_id, again: _is_no(by_id) and _is_no(again),
}
