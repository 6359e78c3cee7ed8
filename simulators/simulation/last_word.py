"""The last question: every bill that was ever sent is sent once more, and the answer is certain.

Whoever forgot, hung up or was told 'unknown' can come back at any time. When nothing is on its way
any more, each of them hears what became of it: the same as ever, and never 'unknown' again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from contracts.codes import AreaCode
from simulators.simulation.wires import Wires
from simulators.truths import Broken
from simulators.witness import Reply, Verdict

NAME = "everybody hears how it ended"
EVERY_S = 0.2
ANSWERED_WITHIN = timedelta(seconds=15)
"""After the last of them was sent: longer than a hospital waits."""
TIMES = 3
"""What never reached a gateway before is a new settlement, and has its deadline first."""
Key = tuple[AreaCode, str]


@dataclass(slots=True)
class LastWord:
    """`open`: who has not heard for certain yet, and what each was told last."""

    wires: Wires
    open: dict[Key, str] = field(default_factory=dict)

    def asked(self, let_pass: Callable[[timedelta], object]) -> list[Broken]:
        """Who has no certain answer, though asking again; `let_pass` lets virtual time pass."""
        self.wires.cut_percent = 0
        self.open = dict.fromkeys(self.wires.bills, "nothing")
        for _ in range(TIMES):
            self._ask_all()
            let_pass(timedelta(seconds=EVERY_S * len(self.open)) + ANSWERED_WITHIN)
        return [
            Broken(NAME, f"{msgid} of {area}: {said}")
            for (area, msgid), said in sorted(self.open.items())
        ]

    def _ask_all(self) -> None:
        for n, key in enumerate(sorted(self.open)):
            ask = partial(self.wires.send, key[0], self.wires.bills[key], partial(self._hear, key))
            self.wires.scheduler.after(EVERY_S * n, ask)

    def _hear(self, key: Key, reply: Reply | None) -> None:
        if reply is None or reply.verdict is Verdict.UNKNOWN:
            self.open[key] = "no answer" if reply is None else f"unknown {reply.code}"
        else:
            self.open.pop(key, None)
