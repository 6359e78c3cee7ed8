"""Hospital's door, treatment area, hub and insured area together, on three databases and one clock.

No party is faked, and nothing waits: messages lie on the way until a test delivers, loses or
repeats them, in whatever order it likes.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, cast

from sqlalchemy import Engine

from contracts.clock import SHANGHAI
from contracts.codes import AreaCode
from contracts.delivery import bulk, inbox
from contracts.delivery.outbox import Outbox, Writing
from contracts.delivery.processor import Subscription
from contracts.message import Outgoing
from contracts.messages.settlement import SettlementConcluded
from contracts.sealing import Sealer
from hub.domain.reminding import Reminding as HubReminding
from hub.processors import COMPARISONS
from hub.processors import subscriptions as hub_subscriptions
from hub.services import days, participants
from hub.services import reminding as hub_reminding
from hub.services import settlements as hub_settlements
from hub.store import registrations
from hub.store.db import migrate as migrate_hub
from participants.gateway.serving.counter import Look, serve
from participants.gateway.serving.door import Door
from participants.gateway.serving.requests import Awaiting, Request, Step
from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire import jsontext
from participants.gateway.wire.checking import checked_input
from participants.gateway.wire.envelope import envelope_of
from participants.gateway.wire.fields import shapes
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.domain.reminding import Reminding
from participants.treatment.processors import subscriptions as treatment_subscriptions
from participants.treatment.services import reminding
from participants.treatment.store.listening import Listener
from tests.gateway.cases import inpatient_bill, split
from tests.gateway.street import envelope
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.hub import ANSWER_WITHIN, a_registration
from tests.support.insured import NOON

SECOND = timedelta(seconds=1)
TERMS = treatment.TERMS
REMINDING = Reminding(2 * SECOND, SECOND, 2 * SECOND, 60 * SECOND)
RELEASES = HubReminding(first=5 * SECOND, longest=60 * SECOND, alarm_after=30 * SECOND)
SEALER = Sealer({"k1": b"k" * 32}, "k1")
BALANCE_FEN = 500_00
INSURED, UNREGISTERED, UNKNOWN = 0, 1, 2
"""A person whom both sides know; one whom the hub refuses, one whom the insured area refuses."""


@dataclass(slots=True)
class Overheard(Writing):
    """A transaction whose messages the test carries itself."""

    heard: list[Outgoing] = field(default_factory=list)

    def say(self, outgoing: Iterable[Outgoing]) -> None:
        self.heard += outgoing


@dataclass(slots=True)
class World:
    """What a test holds in its hands. `is_up`: who can handle messages, and run its jobs."""

    hub: Engine
    insured: Engine
    treatment: Engine
    handlers: dict[tuple[str, str], tuple[Engine, Subscription]]
    random: Random
    now: datetime = NOON
    on_the_way: list[Outgoing] = field(default_factory=list)
    is_up: dict[str, bool] = field(default_factory=lambda: {"hub": True, "insured": True})
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def engines(self) -> Sequence[Engine]:
        return self.hub, self.insured, self.treatment

    @contextmanager
    def transaction(self) -> Iterator[Overheard]:
        """As an outbox's, of the gateway."""
        with self.treatment.begin() as tx:
            writing = Overheard(tx, self.now)
            yield writing
        self.on_the_way += writing.heard

    def document(self, infno: str, node: Any, msgid: str = "", **changes: Any) -> dict[str, Any]:
        """A request of the hospital; with a message id of its own unless one is given."""
        here = self.now.astimezone(SHANGHAI)
        usual = {
            "msgid": msgid or f"{treatment.HOSPITAL}{next(self._numbers):018d}",
            "fixmedins_code": treatment.HOSPITAL,
            "insuplc_admdvs": insured.HOME,
            "inf_time": f"{here:%Y-%m-%d %H:%M:%S}",
        }
        return envelope(infno, node, **usual | changes)

    def bill(self, person: int = INSURED, yuan: int = 3_000, visit: str = "") -> dict[str, Any]:
        """The input of a 2304 for a visit that was never opened here."""
        number = visit or f"ZY{next(self._numbers):06d}"
        node = inpatient_bill(number, yuan, **split(1, 0, 0, yuan - 1))
        return node | {"psn_no": insured.person(person), "insuplc_admdvs": insured.HOME}

    def ask(self, document: dict[str, Any]) -> tuple[Request, Step]:
        """What the door says at once, as it is or Awaiting."""
        request = self.request(document)
        [step] = serve(self._door(), [request], [])
        return request, step

    def look(self, request: Request, awaiting: Awaiting, *, is_last: bool = False) -> Step:
        [step] = serve(self._door(), [], [Look(request, awaiting, is_last)])
        return step

    def request(self, document: dict[str, Any]) -> Request:
        opened = envelope_of(jsontext.loads(json.dumps(document).encode()))
        shape = checked_input(shapes()[opened.infno], opened.input)
        return Request(opened, shape, TRANSACTIONS[opened.infno], self.now)

    def deliver(self, *, may_repeat: bool = True) -> bool:
        """Any message on the way to somebody who is up; it may come again. False: there is none."""
        found = [n for n, one in enumerate(self.on_the_way) if self._hears(one)]
        if not found:
            return False
        n = self.random.choice(found)
        one = self.on_the_way[n]
        if not may_repeat or self.random.random() < 0.9:
            del self.on_the_way[n]
        engine, subscription = self.handlers[one.topic, one.message.head.kind]
        with engine.begin() as tx:
            if inbox.claim(tx, [one.message], self.now).fresh:
                self.on_the_way += subscription.handle(tx, [one.message], self.now)
        return True

    def lose(self) -> None:
        """Any message but the one how it ended, to the insured area: reconciliation mends that."""
        lost = [
            n
            for n, one in enumerate(self.on_the_way)
            if not isinstance(one.message.body, SettlementConcluded)
        ]
        if lost:
            del self.on_the_way[self.random.choice(lost)]

    def drain(self) -> None:
        while self.deliver(may_repeat=False):
            pass

    def pass_time(self, seconds: float) -> None:
        """The jobs of those who are up run several times a second, as they do."""
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now = min(self.now + timedelta(milliseconds=500), until)
            self.run_jobs()

    def run_jobs(self) -> None:
        with self.treatment.begin() as tx:
            self.on_the_way += reminding.remind(
                tx, self.now, terms=TERMS, reminding=REMINDING, count_max=100
            )
        if self.is_up["hub"]:
            with self.hub.begin() as tx:
                self.on_the_way += hub_settlements.expire(tx, self.now, 100)
                self.on_the_way += hub_reminding.ask_again(
                    tx, self.now, reminding=RELEASES, count_max=100
                )

    def end(self) -> None:
        """Everybody is up, nothing is lost any more, and time passes until nothing is open."""
        self.is_up = dict.fromkeys(self.is_up, True)
        for _ in range(20):
            self.drain()
            self.pass_time(10)
        self.drain()

    def rows(self, engine: Engine, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with engine.begin() as tx:
            return bulk.fetch(tx, query, parameters)

    def close_day(self) -> None:
        with self.hub.begin() as tx:
            days.close(tx, self.now)

    def _hears(self, one: Outgoing) -> bool:
        return self.is_up.get(one.topic.partition(".")[0], True)

    def _door(self) -> Door:
        return Door(
            terms=TERMS,
            outbox=cast("Outbox", self),
            listener=cast("Listener", None),
            catalogue=load_catalogue(),
            sealer=SEALER,
            person_key=b"a key",
        )


def world(databases: Databases, random: Random) -> World:
    """The insured person has an account; the registrations of two persons hold."""
    hub = databases.fresh("hub", migrate_hub)
    area = insured.InsuredArea(databases.fresh("insured", migrate_insured))
    area.insure(*(insured.row(n, account_balance_fen=BALANCE_FEN) for n in (INSURED, UNREGISTERED)))
    hospitals = treatment.treatment_database(databases)
    with hub.begin() as tx:
        participants.connect(tx, [insured.AREA, treatment.AREA, AreaCode("330000")])
        days.open_first(tx, insured.TODAY, NOON)
        registrations.add(tx, [_registration(n) for n in (INSURED, UNKNOWN)])
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
