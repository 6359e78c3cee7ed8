"""The hub as it should be, in plain Python and in memory: a specification that can be run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.message import Body, Message
from tests.model import world
from tests.model.keeping import Books
from tests.model.registering import Registrations
from tests.model.saying import Hearing
from tests.model.settling import Settlements


@dataclass(slots=True)
class Model:
    """`heard`: every message by its id. The same again is nothing, another content is buried."""

    first_day: date
    hearing: Hearing = field(default_factory=Hearing)
    heard: dict[UUID, Body] = field(default_factory=dict)
    buried: int = 0
    books: Books = field(init=False)
    registrations: Registrations = field(init=False)
    settlements: Settlements = field(init=False)
    _table: dict[str, Callable[[Message[Any], datetime], None]] = field(init=False)

    def __post_init__(self) -> None:
        self.books = Books(self.first_day, self.hearing)
        self.registrations = Registrations(world.CONNECTED, world.LOCK_IN_MONTHS, self.hearing)
        self.settlements = Settlements(
            self.registrations,
            self.books,
            self.hearing,
            world.NEED_REGISTRATION,
            answer_within=world.ANSWER_WITHIN,
            ask_first=world.ASK_FIRST,
            ask_longest=world.ASK_LONGEST,
            alarm_after=world.ALARM_AFTER,
        )
        settling, registering = self.settlements, self.registrations
        self._table = {
            "registration_submitted": registering.submitted,
            "registration_decided": registering.decided,
            "registration_change_requested": registering.changed,
            "settlement_requested": settling.requested,
            "trial_requested": settling.tried,
            "cancellation_requested": settling.cancelled,
            "withdrawal_requested": settling.withdrawn,
            "status_asked": settling.asked,
            "settlement_calculated": settling.calculated,
            "calculation_refused": settling.not_calculated,
            "benefit_released": settling.released,
            "release_refused": settling.not_released,
            "totals_reported": self._totals_reported,
        }

    def hear(self, message: Message[Any], now: datetime) -> None:
        """One message, as one process would hear it after the other."""
        before = self.heard.get(message.head.message_id)
        if before is None:
            self.heard[message.head.message_id] = message.body
            self._table[message.head.kind](message, now)
        elif before != message.body:
            self.buried += 1

    def _totals_reported(self, message: Message[Any], _now: datetime) -> None:
        """Sides report what the hub has, or keep silent."""
        body = message.body
        self.books.agreed[body.business_date, body.role, body.area] = True
