"""What a hospital of the country does with an answer that is none, and that no fault is swallowed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

import pytest

from contracts.codes import VisitKind
from contracts.refusal import RefusalCode
from simulators.country.notebook import Notebook
from simulators.country.tally import Tally
from simulators.country.traffic import Traffic
from simulators.country.visiting import ASK_AGAIN_MAX, treat
from simulators.hospital import Reply
from simulators.world.country import Country, DrawnVisit, draw_country
from simulators.world.habits import Habit

DAY, ANSWER_S = date(2026, 11, 16), 0.02
UNKNOWN = {"infcode": -1, "err_msg": f"[{RefusalCode.OUTCOME_UNKNOWN.value}]"}
SETTLED = {
    "infcode": 0,
    "output": {
        "setlinfo": {
            "setl_id": "S",
            "setl_time": "2026-11-16 09:00:00",
            "medfee_sumamt": "100.00",
            "psn_cash_pay": "40.00",
            "fund_pay_sumamt": "60.00",
            "acct_pay": "0.00",
        }
    },
}


@dataclass
class ToldDesk:
    """The other end of a hospital's desk: its answers in their order, each after a moment."""

    drawn: DrawnVisit
    answers: list[Mapping[str, Any]]
    psn_no: str = "P"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def settles_as(self) -> str:
        return "2207"

    def content_of(self, visit: object) -> Mapping[str, Any]:
        return {"data": {"mdtrt_id": "V"}}

    def new_msgid(self) -> str:
        return f"M{len(self.asked)}"

    def today(self) -> date:
        return DAY

    def say(self, infno: str, content: Mapping[str, Any], msgid: str, about: str = "") -> Reply:
        time.sleep(ANSWER_S)
        self.asked.append((infno, msgid))
        return Reply(infno, msgid, self.answers.pop(0))


@pytest.fixture(scope="module")
def country() -> Country:
    return draw_country(seed=1, scale=1_000, people=500, today=DAY)


def sale(country: Country, habit: Habit | None) -> DrawnVisit:
    random = Random(1)
    while True:
        drawn = country.draw(random, kind=VisitKind.PHARMACY)
        if drawn.habit is habit:
            return drawn


def lived(country: Country, habit: Habit | None, *answers: Mapping[str, Any]) -> tuple[Any, Tally]:
    desk, tally = ToldDesk(sale(country, habit), list(answers)), Tally()
    treat(desk, tally, Notebook())  # type: ignore[arg-type]  # all of it that a sale needs
    return desk, tally


def test_who_was_told_nothing_certain_asks_again_and_has_waited_since_the_first_time(
    country: Country,
) -> None:
    desk, tally = lived(country, None, UNKNOWN, UNKNOWN, SETTLED)
    assert desk.asked == [("2207", "M0")] * 3
    assert (tally.settled, tally.unknown) == (1, 0)
    assert tally.latest[0] >= 3 * ANSWER_S


def test_a_cancellation_of_which_nothing_certain_was_told_is_asked_again(country: Country) -> None:
    desk, tally = lived(country, Habit.CANCEL, SETTLED, UNKNOWN, {"infcode": 0})
    assert desk.asked == [("2207", "M0"), ("2208", "M1"), ("2208", "M1")]
    assert (tally.undone, tally.unknown, tally.unexpected) == (1, 0, [])


def test_what_stays_uncertain_is_counted(country: Country) -> None:
    never = [UNKNOWN] * ASK_AGAIN_MAX
    assert lived(country, None, *never)[1].unknown == 1
    _, tally = lived(country, Habit.CANCEL, SETTLED, *never)
    assert (tally.settled, tally.undone, tally.unknown) == (1, 0, 1)


@dataclass
class FaultyStreet:
    tally: Tally

    def treat(self, drawn: DrawnVisit) -> None:
        raise KeyError("setlinfo")


def test_a_fault_in_a_visit_that_nobody_waits_for_is_told(country: Country) -> None:
    street = FaultyStreet(Tally())
    traffic = Traffic(street, country, 1.0, Random(1))  # type: ignore[arg-type]  # faulty
    traffic._begin()
    traffic._pool.shutdown(wait=True)
    assert street.tally.unexpected == ["KeyError: 'setlinfo'"]
