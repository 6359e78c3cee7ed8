"""Closing: an area's totals, rows, pieces and slices of a day, and repairs the hub orders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.codes import VisitKind
from contracts.control_totals import Entry
from contracts.ids import SettlementId
from contracts.messages.settlement import Outcome, SettlementCalculated
from contracts.messages.values import Bill
from simulators.certify import slicing
from simulators.certify.cases import expect_same
from simulators.certify.closing import Day
from simulators.certify.insured.stage import BILL, SMALLER, Stage
from simulators.certify.totals import entry


def day_of(stage: Stage) -> Day:
    """The run's own day: one settled and one settled and reversed on it, made when first asked."""
    if stage.day is None:
        day = Day(stage.hub, stage.counterpart, VisitKind.INPATIENT)
        kept, undone = _settled(stage, day, BILL), _settled(stage, day, SMALLER)
        _reverse(stage, day, undone.settlement_id)
        day.entries = [kept, undone, _contrary(undone)]
        stage.hub.settle_down()  # The books of a day are another key, and may be read first.
        stage.day = day
    return stage.day


def finish(stage: Stage) -> None:
    """What still stands settled on the run's day is released and reversed, as a hub does it."""
    if stage.day is not None:
        _reverse(stage, stage.day, stage.day.entries[0].settlement_id)


@dataclass(frozen=True, slots=True)
class Granted:
    """A benefit that was granted, and of which the hub has not said the end. See `slicing.Open`."""

    stage: Stage
    day: Day
    entry: Entry

    def settle(self, at: datetime) -> None:
        self._say(Outcome.SETTLED, at)

    def reverse(self, at: datetime) -> None:
        self.stage.given_back(self.entry.settlement_id, was_granted=True)
        self._say(Outcome.REVERSED, at)

    def _say(self, outcome: Outcome, at: datetime) -> None:
        id_, day = self.entry.settlement_id, self.day.business_date
        self.stage.conclude(id_, outcome, day, concluded_at=at)
        # Of the same person and so behind it: once this is answered, the conclusion was heard.
        self.stage.enquired(self.stage.token())


def _granted(stage: Stage, day: Day, of: Bill) -> Granted:
    asked = stage.request(of=of)
    found: SettlementCalculated = stage.granted_for(asked)
    shares = found.shares.completed(of.total_fen)
    return Granted(stage, day, entry(asked.settlement_id, 1, of.total_fen, shares))


def _begun(stage: Stage) -> tuple[Day, Granted]:
    day = Day(stage.hub, stage.counterpart, VisitKind.INPATIENT)
    return day, _granted(stage, day, BILL)


def _settled(stage: Stage, day: Day, of: Bill) -> Entry:
    one = _granted(stage, day, of)
    one.settle(day.concluded_at)
    del stage.granted[one.entry.settlement_id]  # It stays until the end of the run.
    return one.entry


def _reverse(stage: Stage, day: Day, id_: SettlementId) -> None:
    stage.given_back(id_, was_granted=True)
    stage.conclude(id_, Outcome.REVERSED, day.business_date, concluded_at=day.concluded_at)


def _contrary(one: Entry) -> Entry:
    return Entry(one.settlement_id, -1, one.total_fen, one.parts_fen)


def concluded_again(stage: Stage) -> None:
    """The same conclusion in another message is no second row."""
    day = day_of(stage)
    kept = day.entries[0].settlement_id
    stage.conclude(kept, Outcome.SETTLED, day.business_date, concluded_at=day.concluded_at)
    stage.hub.settle_down()
    day.expect_totals()


def counts_for_its_day(stage: Stage) -> None:
    """The day is the hub's word, not the area's clock: another day stays empty."""
    day_of(stage)
    expect_same(
        "他日的控制总数", (), Day(stage.hub, stage.counterpart, VisitKind.INPATIENT).totals()
    )


def _on_the_day(check: Callable[[Day], None]) -> Callable[[Stage], None]:
    return lambda stage: check(day_of(stage))


RUNS: Mapping[str, Callable[[Stage], None]] = {
    "I-501": _on_the_day(Day.expect_totals),
    "I-502": _on_the_day(Day.expect_rows),
    "I-503": _on_the_day(Day.expect_pieces),
    "I-504": _on_the_day(Day.expect_slice),
    "I-505": concluded_again,
    "I-506": counts_for_its_day,
    "I-507": _on_the_day(Day.expect_repaired),
    "I-508": _on_the_day(Day.expect_other_refused),
    "I-509": _on_the_day(Day.expect_heeded_nothing),
    **slicing.runs("I", _begun),
}
