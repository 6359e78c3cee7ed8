"""Rows changed behind everybody's back: the comparison finds exactly these, and clearing waits."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from contracts.ids import SettlementId, id_of_short_text
from simulators.agency import wait_for
from simulators.stack.servers import Servers
from tests.support.worlds import HOME, PLACE, Country, country, stay_of

BREAK_AFTER_S = 2
INSURED, TREATMENT = ("insured", HOME), ("treatment", PLACE)
MORE = """
    UPDATE settlements SET total_fen = total_fen + :fen, in_scope_fen = in_scope_fen + :fen,
        cash_fen = cash_fen + :fen WHERE settlement_id = :id
"""
SHIFT = """
    UPDATE grants SET pool_fen = pool_fen - :fen, cash_fen = cash_fen + :fen
    WHERE settlement_id = :id
"""
LOSE = (
    "CREATE TABLE lost_grants AS SELECT * FROM grants WHERE settlement_id = :id",
    "CREATE TABLE lost_workings AS SELECT * FROM workings WHERE settlement_id = :id",
    "DELETE FROM workings WHERE settlement_id = :id",
    "DELETE FROM grants WHERE settlement_id = :id",
)
FIND = (
    "INSERT INTO grants SELECT * FROM lost_grants WHERE settlement_id = :id",
    "INSERT INTO workings SELECT * FROM lost_workings WHERE settlement_id = :id",
)
STAYS_FEN = 400_000


@dataclass(frozen=True, slots=True)
class Planted:
    """What to do to a row, what the comparison must call it, and how it is put right again."""

    called: str
    side: tuple[str, str]
    plant: tuple[str, ...]
    mend: tuple[str, ...]
    fen: int = 0
    side_fen: int | None = STAYS_FEN

    def done(self, where: Country, statements: tuple[str, ...], id_: SettlementId) -> None:
        sign = 1 if statements is self.plant else -1
        for statement in statements:
            named = {"id": id_} | ({"fen": sign * self.fen} if ":fen" in statement else {})
            where.run(".".join(self.side), statement, **named)


PLANTED = (
    Planted("amount", TREATMENT, (MORE,), (MORE,), 1, STAYS_FEN + 1),
    Planted("only_at_hub", INSURED, LOSE, FIND, side_fen=None),
    Planted("fund_split", INSURED, (SHIFT,), (SHIFT,), 700),
)


@pytest.fixture
def closing(stack: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Country]:
    monkeypatch.setenv("YIDI_BREAK_AFTER_S", str(BREAK_AFTER_S))
    with country(stack) as found:
        yield found


@pytest.mark.slow
def test_planted_breaks_are_found_hold_up_clearing_and_are_mended(closing: Country) -> None:
    ids = settled(closing, len(PLANTED) + 1)  # One of them is left as it is.
    for planted, id_ in zip(PLANTED, ids, strict=False):
        planted.done(closing, planted.plant, id_)
    day = closed_day(closing)
    month = f"{day:%Y-%m}"

    both_broken = {INSURED: "broken", TREATMENT: "broken"}
    wait_for("the agreed time is over", lambda: sides(closing, day) == both_broken)
    found = breaks(closing, day)
    assert sorted(map(told, found)) == sorted(map(expected, PLANTED, ids))
    assert not any(one["resolved_at"] for one in found)

    close_the_month(closing, day)
    assert_refused(closing, month, "5004")

    for planted, id_ in zip(PLANTED, ids, strict=False):
        planted.done(closing, planted.mend, id_)
    assert closing.operator.post(f"/reconciliation/{day}/ask") == {"asked": 2}
    wait_for("the day agrees", lambda: agreed(closing, day))
    assert sorted(map(told, breaks(closing, day))) == sorted(map(told, found))
    assert all(one["resolved_at"] for one in breaks(closing, day))

    run = closing.operator.post(f"/clearing/{month}")
    assert run["state"] == "issued"
    assert run["payable_fen"] == run["receivable_fen"] == funds_paid(closing) > 0
    assert_refused(closing, month, "5005")


def settled(closing: Country, count: int) -> list[SettlementId]:
    person = closing.person(0)
    closing.register(person, "retired_resettled")
    visits = [closing.settled(person, stay_of(STAYS_FEN // 40_000)) for _ in range(count)]
    closing.settle_down()
    return [SettlementId(id_of_short_text(visit.setl_id)) for visit in visits]


def closed_day(closing: Country) -> date:
    """Close the open day; the comparison begins by itself."""
    day = closing.operator.get("/business-days")[0]["business_date"]
    closing.operator.post("/business-days/close", {"business_date": day})
    return date.fromisoformat(day)


def close_the_month(closing: Country, day: date) -> None:
    """The rest of the month has no business: each of its days is closed, compared, and agrees."""
    while (day + timedelta(days=1)).month == day.month:
        day = closed_day(closing)
        wait_for("an empty day agrees", partial(agreed, closing, day))


def agreed(closing: Country, day: date) -> bool:
    closing.world.check()
    return bool(closing.operator.get(f"/reconciliation/{day}")["agreed"])


def sides(closing: Country, day: date) -> dict[tuple[str, str], str]:
    """Sides with business on that day, and how far their comparison has come."""
    closing.world.check()
    found = closing.operator.get(f"/reconciliation/{day}")["sides"]
    return {(one["role"], one["area"]): one["state"] for one in found if one["hub_count"]}


def breaks(closing: Country, day: date) -> list[Any]:
    found: list[Any] = closing.operator.get(f"/reconciliation/{day}/breaks")
    return found


def told(found: Any) -> tuple[str, ...]:
    names = ("break_class", "role", "area", "settlement_id", "hub_fen", "side_fen")
    return tuple(str(found[name]) for name in names)


def expected(planted: Planted, id_: SettlementId) -> tuple[str, ...]:
    row = (planted.called, *planted.side, id_, STAYS_FEN, planted.side_fen)
    return tuple(map(str, row))


def assert_refused(closing: Country, month: str, code: str) -> None:
    answer = closing.http.post(
        f"{closing.world.hub_api}/clearing/{month}",
        headers={"Authorization": f"Bearer {closing.world.tokens.operator}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def funds_paid(closing: Country) -> int:
    """By the hub's own rows, apart from lines and ledger: what the insured area's funds pay."""
    query = "SELECT sum(total_fen - cash_fen - hospital_fen) FROM settlements WHERE state='settled'"
    return closing.count("hub", query)
