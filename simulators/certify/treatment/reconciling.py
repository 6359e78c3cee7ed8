"""Closing: a treatment area's totals, rows, pieces and slices of a day, and ordered repairs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.codes import VisitKind
from contracts.control_totals import Entry
from contracts.messages.settlement import Outcome
from simulators.certify import slicing
from simulators.certify.cases import expect, expect_same
from simulators.certify.closing import Day
from simulators.certify.treatment.stage import Asked, Stage


def day_of(stage: Stage) -> Day:
    """The run's own day: one settled and one settled and reversed on it, made when first asked."""
    if stage.day is None:
        day = Day(stage.hub, stage.counterpart, VisitKind.OUTPATIENT)
        when: dict[str, Any] = {
            "business_date": day.business_date,
            "concluded_at": day.concluded_at,
        }
        kept, _ = stage.settled(**when)
        undone, told = stage.settled(**when)
        answer = stage.cancellation(undone, told)
        stage.hub.say(stage.answer(undone, Outcome.REVERSED, **when))
        expect(stage.told(answer).ok, "撤销应成功")
        day.entries = [stage.entry(kept, 1), stage.entry(undone, 1), stage.entry(undone, -1)]
        stage.hub.settle_down()
        stage.day, stage.kept = day, kept
    return stage.day


def told_again(stage: Stage) -> None:
    """The same final state in another message is no second row."""
    day = day_of(stage)
    assert stage.kept is not None
    body = stage.answer(stage.kept, Outcome.SETTLED, concluded_at=day.concluded_at)
    stage.hub.say(body, note="同一结论，新报文")
    stage.hub.settle_down()
    day.expect_totals()


def counts_for_its_day(stage: Stage) -> None:
    """The day is the hub's word, not the area's clock: another day stays empty."""
    day_of(stage)
    found = Day(stage.hub, stage.counterpart, VisitKind.OUTPATIENT).totals()
    expect_same("他日的控制总数", (), found)


@dataclass(frozen=True, slots=True)
class Requested:
    """A settlement that the area asked for, and that the hub has not answered. `slicing.Open`."""

    stage: Stage
    day: Day
    asked: Asked

    @property
    def entry(self) -> Entry:
        return self.stage.entry(self.asked, 1)

    def settle(self, at: datetime) -> None:
        self._say(Outcome.SETTLED, at)
        # The hospital may have been told by now that nothing is known as yet.
        self.stage.told(self.asked.told)
        self.stage.hub.settle_down()

    def reverse(self, at: datetime) -> None:
        answer = self.stage.cancellation(self.asked, self.stage.status(self.asked.wish))
        self._say(Outcome.REVERSED, at)
        expect(self.stage.told(answer).ok, "撤销应成功")

    def _say(self, outcome: Outcome, at: datetime) -> None:
        said = {"business_date": self.day.business_date, "concluded_at": at}
        self.stage.hub.say(self.stage.answer(self.asked, outcome, **said))


def _begun(stage: Stage) -> tuple[Day, Requested]:
    day = Day(stage.hub, stage.counterpart, VisitKind.OUTPATIENT)
    return day, Requested(stage, day, stage.asked())


def _on_the_day(check: Callable[[Day], None]) -> Callable[[Stage], None]:
    return lambda stage: check(day_of(stage))


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "T-501": _on_the_day(Day.expect_totals),
    "T-502": _on_the_day(Day.expect_rows),
    "T-503": _on_the_day(Day.expect_pieces),
    "T-504": _on_the_day(Day.expect_slice),
    "T-505": told_again,
    "T-506": counts_for_its_day,
    "T-507": _on_the_day(Day.expect_repaired),
    "T-508": _on_the_day(Day.expect_other_refused),
    "T-509": _on_the_day(Day.expect_heeded_nothing),
    **slicing.runs("T", _begun),
}
