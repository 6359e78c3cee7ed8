"""Hub, insured and treatment area together, no party faked: whatever overtakes what, they agree.

Messages may be handled in any order and twice: as after a rebalance, when the messages of one
settlement on two topics, or of one key, are in the hands of different processes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.codes import DivisionCode, VisitKind
from contracts.delivery import bulk, inbox
from contracts.delivery.processor import Subscription
from contracts.ids import PersonId, SettlementId
from contracts.message import Message, Outgoing
from contracts.messages.values import PARTS
from hub.processors import COMPARISONS
from hub.processors import subscriptions as hub_subscriptions
from hub.services import days, participants
from hub.services import settlements as hub_settlements
from hub.store import registrations
from hub.store.db import migrate as migrate_hub
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import CancelRequest, Split, WithdrawRequest
from participants.treatment.processors import subscriptions as treatment_subscriptions
from participants.treatment.services import settlements
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.hub import ANSWER_WITHIN, a_registration
from tests.support.insured import NOON

PEOPLE, BALANCE_FEN, MOVES = 2, 500_00, 60
STORIES = range(102, 114)

# What a treatment area may think of a settlement when all is said, by where it stands at the hub.
# A withdrawal that overtook its request is refused there, and here whichever answer came first.
AGREES = {
    "settled": {"settled"},
    "reversed": {"reversed"},
    "rejected": {"refused", "withdrawn"},
    "expired": {"expired"},
    "withdrawn": {"withdrawn"},
}
BOOKED = ("settled", "reversed")
AT_THE_HUB = f"""
    SELECT settlement_id, state, settled_on, reversed_on, deductible_fen, {", ".join(PARTS)}
    FROM settlements ORDER BY settlement_id
"""  # noqa: S608 - column names of ours
OF_TREATMENT = f"""
    SELECT settlement_id, state, business_date, reversed_on, deductible_fen, {", ".join(PARTS)}
    FROM settlements ORDER BY settlement_id
"""  # noqa: S608 - column names of ours
GRANTED = f"""
    SELECT settlement_id, CASE state WHEN 'released' THEN 'reversed' ELSE state END,
        settled_on, reversed_on, deductible_fen, {", ".join(PARTS)}
    FROM grants WHERE settled_on IS NOT NULL ORDER BY settlement_id
"""  # noqa: S608 - column names of ours
HELD = """
    SELECT i.person_id, coalesce(sum(added_in_scope_fen), 0), coalesce(sum(added_pool_fen), 0),
        coalesce(sum(added_stays), 0), coalesce(sum(account_fen), 0)
    FROM insurances AS i LEFT JOIN grants AS g
        ON g.person_id = i.person_id AND state IN ('granted', 'settled')
    GROUP BY i.person_id ORDER BY i.person_id
"""
USED = f"""
    SELECT i.person_id, coalesce(in_scope_fen, 0), coalesce(pool_fen, 0), coalesce(stays, 0),
        {BALANCE_FEN} - account_balance_fen
    FROM insurances AS i LEFT JOIN person_years USING (person_id, insurance_kind)
    ORDER BY i.person_id
"""  # noqa: S608 - a number of ours
OWED = """
    SELECT coalesce(sum(CASE kind WHEN 'settlement' THEN amount_fen ELSE -amount_fen END), 0)
    FROM postings
"""
HELD_FUNDS = f"""
    SELECT coalesce(sum({" + ".join(PARTS[:9])}), 0) FROM settlements WHERE state = 'settled'
"""  # noqa: S608 - column names of ours


@dataclass(slots=True)
class World:
    """Three databases, and what is on its way between them."""

    hub: Engine
    insured: Engine
    treatment: Engine
    handlers: dict[tuple[str, str], tuple[Engine, Subscription]]
    random: Random
    now: datetime = NOON
    on_the_way: list[Outgoing] = field(default_factory=list)
    asked: list[tuple[str, SettlementId]] = field(default_factory=list)

    def deliver(self, *, may_repeat: bool = True) -> None:
        """Any message of those on the way, which may come again."""
        if not self.on_the_way:
            return
        n = self.random.randrange(len(self.on_the_way))
        one = self.on_the_way[n]
        if not may_repeat or self.random.random() < 0.9:
            del self.on_the_way[n]
        message: Message[Any] = one.message
        engine, subscription = self.handlers[one.topic, message.head.kind]
        with engine.begin() as tx:
            if inbox.claim(tx, [message], self.now).fresh:
                self.on_the_way += subscription.handle(tx, [message], self.now)

    def settle(self) -> None:
        msgid, who = f"M{len(self.asked)}", self.random.randrange(PEOPLE)
        total_fen = self.random.choice([900_00, 3_000_00, 12_345_67])
        bill = treatment.a_bill(
            msgid,
            person_id=PersonId(insured.person(who)),
            insured_division=DivisionCode(insured.HOME),
            total_fen=total_fen,
            split=Split(1_00, 0, 0, total_fen - 1_00),
            visit_kind=VisitKind.INPATIENT,
            admitted_on=insured.TODAY,
            discharged_on=insured.TODAY,
            use_account=self.random.random() < 0.5,
        )
        with self.treatment.begin() as tx:
            wishes = treatment.claimed(tx, bill)
            [result], said = settlements.request(tx, wishes, self.now, treatment.TERMS)
        assert isinstance(result, Requested)
        self.asked.append((msgid, result.settlement_id))
        self.on_the_way += said

    def withdraw(self) -> None:
        if self.asked:
            msgid, _ = self.random.choice(self.asked)
            self._wish(
                settlements.withdraw, WithdrawRequest("W", treatment.HOSPITAL, msgid, "2207")
            )

    def cancel(self) -> None:
        if self.asked:
            _, id_ = self.random.choice(self.asked)
            self._wish(settlements.cancel, CancelRequest("C", treatment.HOSPITAL, id_))

    def _wish(self, service: Callable[..., tuple[Any, Sequence[Outgoing]]], wish: object) -> None:
        with self.treatment.begin() as tx:
            self.on_the_way += service(tx, [wish], self.now, treatment.TERMS)[1]

    def expire(self) -> None:
        self.now += timedelta(seconds=self.random.randrange(4))
        with self.hub.begin() as tx:
            self.on_the_way += hub_settlements.expire(tx, self.now, 10)

    def close(self) -> None:
        with self.hub.begin() as tx:
            days.close(tx, self.now)

    def end(self) -> None:
        """Everything arrives, and what nobody answered expires."""
        self._drain()
        self.now += timedelta(hours=1)
        self.expire()
        self._drain()

    def _drain(self) -> None:
        while self.on_the_way:
            self.deliver(may_repeat=False)


def _world(databases: Databases, random: Random) -> World:
    hub = databases.fresh("hub", migrate_hub)
    area = insured.InsuredArea(databases.fresh("insured", migrate_insured))
    area.insure(*(insured.row(n, account_balance_fen=BALANCE_FEN) for n in range(PEOPLE)))
    hospitals = treatment.treatment_database(databases)
    with hub.begin() as tx:
        participants.connect(tx, [insured.AREA, treatment.AREA])
        days.open_first(tx, insured.TODAY, NOON)
        registrations.add(tx, [_registration(n) for n in range(PEOPLE)])
    tables: Iterable[tuple[Engine, Iterable[Subscription]]] = (
        (hub, (*hub_subscriptions(ANSWER_WITHIN), *COMPARISONS)),
        (area.engine, area.worker.subscriptions),
        (hospitals, treatment_subscriptions(treatment.AREA)),
    )
    handlers = {
        (row.topic, row.body.KIND): (engine, row) for engine, rows in tables for row in rows
    }
    return World(hub, area.engine, hospitals, handlers, random)


def _registration(number: int) -> Any:
    return a_registration(
        person_id=insured.person(number),
        insured_area=insured.AREA,
        insured_division=insured.HOME,
        place=treatment.AREA,
    )


@pytest.mark.parametrize("story", STORIES)
def test_in_the_end_all_agree_on_states_days_and_fen(databases: Databases, story: int) -> None:
    random = Random(story)
    world = _world(databases, random)
    moves = [world.settle, world.withdraw, world.cancel, world.expire, world.close]
    for _ in range(MOVES):
        random.choices([world.deliver, *moves], weights=[40, 8, 4, 4, 3, 2])[0]()
    world.end()
    at_hub, of_treatment = _rows(world.hub, AT_THE_HUB), _rows(world.treatment, OF_TREATMENT)
    assert [row[0] for row in at_hub] == [row[0] for row in of_treatment]
    for ours, theirs in zip(at_hub, of_treatment, strict=True):
        assert theirs[1] in AGREES[ours[1]], (ours, theirs)
    booked = [row for row in at_hub if row[1] in BOOKED]
    assert booked == [row for row in of_treatment if row[1] in BOOKED]
    assert booked == _rows(world.insured, GRANTED)
    assert _rows(world.insured, HELD) == _rows(world.insured, USED)
    assert _rows(world.hub, OWED) == _rows(world.hub, HELD_FUNDS)
    for engine in (world.hub, world.insured, world.treatment):
        assert _rows(engine, "SELECT kind, detail FROM anomalies") == []


def _rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.begin() as tx:
        return bulk.fetch(tx, statement)
