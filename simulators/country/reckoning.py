"""The end of the live country: what is under way comes to its end, then every truth is asked."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile

from rich.console import Console
from rich.table import Table

from contracts.clock import Clock
from simulators.country.live import stop_together
from simulators.country.traffic import Traffic
from simulators.running.deployment import Deployment
from simulators.running.parts import Parts
from simulators.truth_checks.truth import Broken
from simulators.truths import TRUTHS, Sides, begun, broken, pending

AT_REST_WITHIN_S, LOOK_EVERY_S = 60.0, 1.0
SAID_MAX = 20
# The weather of routes, and the slices of the open day: said again and again while anybody works,
# so that some is always on its way. A closed day is waited for by its comparison.
_CHATTER = re.compile(r"(\.notices|hub\.reconciliation), ")

Tell = Callable[[str], None]


class Verdict(IntEnum):
    """What came out, as the program's exit code."""

    HOLDS = 0
    BROKEN = 1  # a truth does not hold, or something did not come to its end
    NOT_ASKED = 130  # the person who ended it did not wait for the answer


@contextmanager
def sides_of(deployment: Deployment) -> Iterator[Sides]:
    """All databases, with what the accounts hold now: before anything happens."""
    name, areas = "reckoning", deployment.areas
    found = Sides(
        hub=deployment.hub_engine(name),
        insured={area: deployment.insured_engine(area, name) for area in areas},
        treatment={area: deployment.treatment_engine(area, name) for area in areas},
    )
    with ExitStack() as stack:
        for _, engine in found.named():
            stack.callback(engine.dispose)
        sides = begun(found)
        for _, engine in found.named():
            engine.dispose()  # sixty-five connections are not held for hours
        yield sides


@dataclass(frozen=True, slots=True)
class Reckoning:
    """`hurried`: from then on nothing more is waited for, and nothing is asked."""

    sides: Sides
    traffic: Traffic
    parts: Parts
    clock: Clock
    hurried: threading.Event
    tell: Tell

    def reckon(self) -> Verdict:
        """No visit begins any more; the parts have ended when the truths are asked."""
        left = self._come_to_rest()
        if not self.hurried.is_set():
            # Whoever works moves what is being looked at, database after database.
            stop_together(self.parts)
            self.tell(f"正在核对 {len(TRUTHS)} 项真相 the truths are asked")
        found = self._broken()
        if self.hurried.is_set():
            self.tell("又按了 Ctrl-C，未核对承诺 Ctrl-C again: the promises were not checked")
            return Verdict.NOT_ASKED
        _show(found, left)
        return Verdict.BROKEN if found or left else Verdict.HOLDS

    def _come_to_rest(self) -> Sequence[str]:
        """What did not come to its end in time."""
        until = time.monotonic() + AT_REST_WITHIN_S
        while not self.hurried.is_set():
            left = self._under_way()
            if not left or time.monotonic() > until:
                return left
            more = f" (+{len(left) - 1})" if left[1:] else ""
            self.tell(f"等待在途事项结束 waiting for what is under way: {left[0]}{more}")
            self.hurried.wait(LOOK_EVERY_S)
        return ()

    def _under_way(self) -> Sequence[str]:
        self.parts.check()
        if visits := self.traffic.under_way:
            return [f"{visits} 人次 visits"]
        return [one for one in pending(self.sides) if not _CHATTER.search(one)]

    def _broken(self) -> list[Broken]:
        """Asked one after the other, until somebody hurries."""
        names = takewhile(lambda _: not self.hurried.is_set(), TRUTHS)
        return broken(self.sides, self.traffic.street.witness, self.clock.now(), names)


def _show(found: Sequence[Broken], left: Sequence[str]) -> None:
    """The table of truths, each under the number of its promise, and every fault."""
    failed, console = {one.truth for one in found}, Console()
    table = Table("承诺", "真相 truth", "成立 kept", title="承诺核对 promises")
    for name, truth in sorted(TRUTHS.items(), key=lambda item: item[1].promise):
        table.add_row(str(truth.promise), name, "✗" if name in failed else "✓")
    console.print(table)
    for said in [*(f"{one.truth}: {one.what}" for one in found), *left][:SAID_MAX]:
        console.print(f"✗ {said}", markup=False, soft_wrap=True)
    kept = len(TRUTHS) - len(failed)
    console.print(
        f"{kept} 项成立 kept，{len(failed)} 项不成立 broken，{len(left)} 类事项未结束 not ended"
    )
