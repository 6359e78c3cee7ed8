"""How days pass in the accelerated country: visits by the half hour, midnight, close, months."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random
from typing import Any

from contracts.clock import SHANGHAI
from simulators.agency import Client, Unexpected
from simulators.country.stepped import SteppedCountry
from simulators.country.street import Street
from simulators.world.rhythm import slot_at

BEFORE_MIDNIGHT = time(23, 59, 59, 500_000)
AFTER_MIDNIGHT = time(0, 0, 30)
JOBS_EVERY_SLOTS = 8
CLOSE_TURNS_MAX = 60
TICK = timedelta(seconds=2)


@dataclass(slots=True)
class Run:
    """What came of a month: `payable_fen` and `receivable_fen` are computed apart."""

    month: str
    lines: int
    payable_fen: int
    receivable_fen: int
    compared: int
    equal: int
    shown: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Days:
    """Lives through days. `step` hears how many visits are over, for the progress bar."""

    stepped: SteppedCountry
    street: Street
    operator: Client
    pool: ThreadPoolExecutor
    random: Random
    step: Callable[[int], None]
    first: date
    agreed_days: int = 0
    runs: list[Run] = field(default_factory=list)

    def live(self, day: date) -> None:
        """The visits of a day, its close, the agreement of all sides; at its end the month."""
        visits = self.stepped.world.country.visits_of(day)
        for slot, group in groupby((v for v in visits if not v.at_midnight), lambda v: v.slot):
            self.stepped.clock.move_to(slot_at(day, slot))
            self._treat(list(group))
            if slot % JOBS_EVERY_SLOTS == 0:
                self.stepped.run_jobs()
        self.stepped.clock.move_to(datetime.combine(day, BEFORE_MIDNIGHT, tzinfo=SHANGHAI))
        self._treat([v for v in visits if v.at_midnight])
        self._close(day)
        if (day + timedelta(days=1)).day == 1:
            self._clear(day)

    def _treat(self, visits: list[Any]) -> None:
        self.street.treat_all(visits, self.pool)
        self.stepped.world.check()
        self.step(len(visits))

    def _close(self, day: date) -> None:
        self.stepped.settle_down()
        tomorrow = day + timedelta(days=1)
        self.stepped.clock.move_to(datetime.combine(tomorrow, AFTER_MIDNIGHT, tzinfo=SHANGHAI))
        for _ in self._turns(f"{day} is closed, and all sides agree"):
            if self._has_agreed(day):
                self.agreed_days += 1
                return

    def _turns(self, what: str) -> Iterator[None]:
        """Jobs and messages turn about, and two seconds pass each time; Unexpected in the end."""
        for _ in range(CLOSE_TURNS_MAX):
            self.stepped.run_jobs()
            self.stepped.settle_down()
            yield
            self.stepped.clock.move_to(self.stepped.clock.now() + TICK)
        raise Unexpected(f"{what}: not after {CLOSE_TURNS_MAX} turns")

    def _has_agreed(self, day: date) -> bool:
        opened = self.operator.get("/business-days?count_max=1")[0]["business_date"]
        if date.fromisoformat(opened) <= day:
            return False
        found = self.operator.get(f"/reconciliation/{day}")
        return bool(found["begun_at"] and found["agreed"])

    def _clear(self, last: date) -> None:
        first = max(self.first, last.replace(day=1))
        compared, equal = self.street.compare_month(first, last, self.random, self.pool)
        month = f"{last:%Y-%m}"
        found = self.operator.post(f"/clearing/{month}")
        self.stepped.settle_down()
        shown = self.operator.get(f"/clearing/{month}")
        run = Run(
            month=month,
            lines=len(shown["lines"]),
            payable_fen=int(found["payable_fen"]),
            receivable_fen=int(found["receivable_fen"]),
            compared=compared,
            equal=equal,
            shown=shown,
        )
        self.runs.append(run)
