"""The close preview over HTTP: what blocks, who owes whom gross and net, and each area its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub.api.app import create_app
from hub.services import clearing
from hub.settings import Settings
from hub.store import reconciliation as store
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.http import Client, served
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    add_participants,
)

FIRST, OPENED = date(2026, 3, 1), date(2026, 4, 3)
NOW = NOON + timedelta(days=10)
# Hunan owes Shanghai 50.00, Shanghai owes Hunan 20.00, Anhui owes Shanghai 40.00 on the last day.
CASES = (
    Case(1, FIRST, total_fen=100_00),
    Case(2, FIRST, insured=SHANGHAI, treatment=HUNAN, total_fen=40_00),
    Case(3, date(2026, 3, 31), insured=ANHUI, total_fen=80_00),
)
PEOPLE = {
    "operator": (AccessRole.OPERATOR, None),
    "hunan": (AccessRole.INSURED_AGENCY, HUNAN),
    "anhui": (AccessRole.INSURED_AGENCY, ANHUI),
    "shanghai": (AccessRole.TREATMENT_AGENCY, SHANGHAI),
}


class At:
    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True, slots=True)
class World:
    engine: Engine
    client: Client
    tokens: dict[str, str]

    def preview(self, who: str = "operator", cycle: str = "2026-03") -> Any:
        return self.get(f"/clearing/preview?cycle={cycle}", who)

    def get(self, path: str, who: str = "operator") -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return self.client.get(path, headers=headers).json()


@pytest.fixture
def world(databases: Databases) -> Iterator[World]:
    engine = databases.fresh("hub", migrate)
    outbox = Outbox(engine, MemoryLog().sender("hub.api"), At())
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, FIRST, OPENED)
        add_cases(tx, CASES)
        _agree(tx)
        tokens = {
            who: access.issue(tx, Principal(who, *held), valid_for=timedelta(days=30), now=NOW)
            for who, held in PEOPLE.items()
        }
    with served(create_app(engine, outbox, At(), Settings())) as client:
        yield World(engine, client, tokens)
    outbox.close()


def _agree(tx: Connection) -> None:
    """Every day until the last but one is compared, and every side agrees."""
    for number in range(32):
        day = FIRST + timedelta(days=number)
        if store.begin(tx, day, NOON):
            store.freeze_totals(tx, day)
            store.open_sides(tx, day, asked_at=NOON, break_after=NOON)
    tx.execute(
        text(
            "UPDATE reconciliation_sides"
            " SET state = 'agreed', agreed_at = asked_at, reported_attempt = 1"
        )
    )


def _owed(found: Any) -> set[tuple[str, str, int, int]]:
    return {
        (one["insured_area"], one["treatment_area"], one["payable_fen"], one["receivable_fen"])
        for one in found["owed"]
    }


def test_an_operator_sees_who_owes_whom_by_both_computations_and_what_netting_spares(
    world: World,
) -> None:
    found = world.preview()
    assert (found["can_freeze"], found["is_balanced"], found["obstacles"]) == (True, True, [])
    assert (found["ready"], found["late"], found["issue_on"]) == (3, 0, "2026-04-21")
    assert found["payable_fen"] == found["receivable_fen"] == 110_00
    assert _owed(found) == {
        (HUNAN, SHANGHAI, 50_00, 50_00),
        (SHANGHAI, HUNAN, 20_00, 20_00),
        (ANHUI, SHANGHAI, 40_00, 40_00),
    }
    balances = {one["area"]: one["balance_fen"] for one in found["positions"]}
    assert balances == {HUNAN: -30_00, ANHUI: -40_00, SHANGHAI: 70_00}
    saved = [
        (one["netting"], one["transfers"], one["moved_fen"], one["spared_fen"])
        for one in found["savings"]
    ]
    assert saved == [
        ("gross", 3, 110_00, 0),
        ("bilateral", 2, 70_00, 40_00),
        ("multilateral", 2, 70_00, 40_00),
    ]


def test_an_area_sees_the_pairs_that_are_its_own(world: World) -> None:
    assert _owed(world.preview("hunan")) == {(HUNAN, SHANGHAI, 50_00, 50_00)}
    assert _owed(world.preview("anhui")) == {(ANHUI, SHANGHAI, 40_00, 40_00)}
    mine = world.preview("shanghai")
    assert _owed(mine) == {(HUNAN, SHANGHAI, 50_00, 50_00), (ANHUI, SHANGHAI, 40_00, 40_00)}
    assert mine["payable_fen"] == mine["receivable_fen"] == 90_00
    assert mine["ready"] == 2


def test_what_is_held_is_named_with_its_side_and_its_money(world: World) -> None:
    with world.engine.begin() as tx:
        tx.execute(
            text(
                "UPDATE reconciliation_sides SET state = 'waiting', agreed_at = NULL"
                " WHERE business_date = '2026-03-31' AND area = '340000'"
            )
        )
    found = world.preview()
    assert (found["can_freeze"], found["ready"], found["payable_fen"]) == (True, 2, 70_00)
    [held] = found["obstacles"]
    assert (held["blocker"], held["is_blocking"], held["count"]) == ("held", False, 1)
    assert held["amount_fen"] == 40_00
    assert held["zh"].startswith("安徽省（参保地）：对账未完成")
    assert world.preview("hunan")["obstacles"] == []
    assert len(world.preview("anhui")["obstacles"]) == 1


def test_a_cycle_that_is_not_over_is_blocked_and_so_is_a_ledger_that_says_otherwise(
    world: World,
) -> None:
    april = world.preview(cycle="2026-04")
    assert [(one["blocker"], one["count"]) for one in april["obstacles"]] == [
        ("day_open", 28),
        ("day_not_begun", 1),
    ]
    assert april["can_freeze"] is False
    with world.engine.begin() as tx:
        tx.execute(text("ALTER TABLE postings DISABLE TRIGGER postings_append_only"))
        tx.execute(
            text("UPDATE postings SET amount_fen = amount_fen + 1 WHERE insured_area = '340000'")
        )
    march = world.preview()
    assert (march["can_freeze"], march["is_balanced"]) == (False, False)
    assert [(one["blocker"], one["amount_fen"]) for one in march["obstacles"]] == [
        ("ledger_differs", -1)
    ]


def test_the_preview_is_of_the_oldest_cycle_that_was_not_issued(world: World) -> None:
    assert world.get("/clearing/preview")["cycle"] == "2026-03"
    with world.engine.begin() as tx:
        clearing.run(tx, "2026-03", NOW)
    found = world.get("/clearing/preview")
    assert (found["cycle"], found["payable_fen"]) == ("2026-04", 0)


def test_the_calendar_says_when_everything_is_due_and_how_sure_that_is(world: World) -> None:
    found = world.get("/clearing/calendar?cycle=2026-12", "hunan")
    due = {one["step"]: (one["on"], one["is_provisional"]) for one in found["due"]}
    assert due["issue"] == ("2027-01-21", False)
    assert due["pay"] == ("2027-02-23", True)
    assert (found["late_from"], found["netting"]) == ("2026-10-01", "gross")
    assert world.get("/clearing/calendar?cycle=2026-13")["code"] == "1006"
    assert world.get("/clearing/preview?cycle=2026-01-01..10")["code"] == "1006"
