"""Registrations between hub, insured and treatment area, no party faked: in the end all agree.

Messages of one key keep their order, as on a topic; any may come twice, and keys overtake others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.delivery import bulk, inbox
from contracts.delivery.processor import Subscription
from contracts.ids import MessageId, PersonId, RegistrationId, new_id
from contracts.message import Message, Outgoing
from contracts.messages.registration import Change, Material, Wanted
from contracts.refusal import Refused
from hub.processors import COMPARISONS
from hub.processors import subscriptions as hub_subscriptions
from hub.services import days, expiring, participants
from hub.store.db import migrate as migrate_hub
from participants.insured.area_file import load
from participants.insured.domain.area import Area
from participants.insured.services import changes, desk
from participants.insured.services.changes import Wish
from participants.insured.services.desk import Verdict
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.domain.filing import NewCancellation, NewFiling
from participants.treatment.processors import subscriptions as treatment_subscriptions
from participants.treatment.services import attempts, registrations
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.hub import ANSWER_WITHIN
from tests.support.insured import NOON

PEOPLE, MOVES = 3, 120
STORIES = range(1, 11)
CREDENTIAL = Material(kind=MaterialKind.CREDENTIAL)
CATEGORIES = {
    RegistrationCategory.REFERRAL: ("2501", MaterialKind.REFERRAL_LETTER),
    RegistrationCategory.RETIRED_RESETTLED: ("2505", MaterialKind.COMMITMENT),
    RegistrationCategory.CHRONIC_DISEASE: ("2503", MaterialKind.DIAGNOSIS_PROOF),
}
CANCELS = {"2501": "2502", "2503": "2504", "2505": "2506"}
STANDS = "SELECT registration_id, state FROM registrations ORDER BY registration_id"
# What the hub refused at once was never put before the insured area.
OF_INSURED = "SELECT registration_id, standing FROM registration_reviews ORDER BY registration_id"
ASKED = """
    SELECT registration_id, state FROM registrations AS r
    WHERE decided_by IS DISTINCT FROM 'hub' ORDER BY registration_id
"""
STEPS = """
    SELECT registration_id, count(*) FROM registration_steps GROUP BY 1 ORDER BY 1
"""
ENTITLED = """
    SELECT registration_id FROM chronic_eligibilities WHERE source = 'registration'
        AND (valid_to IS NULL OR valid_to >= %s) AND valid_from <= %s ORDER BY registration_id
"""
IN_FORCE_FOR_A_DISEASE = """
    SELECT registration_id FROM registrations WHERE state = 'active'
        AND category = 'chronic_disease' AND begins_on <= %s ORDER BY registration_id
"""


@dataclass(slots=True)
class World:
    """Three databases, and what is on its way between them."""

    hub: Engine
    insured: Engine
    treatment: Engine
    area: Area
    handlers: dict[tuple[str, str], tuple[Engine, Subscription]]
    random: Random
    now: datetime = NOON
    on_the_way: list[Outgoing] = field(default_factory=list)
    filed: list[tuple[RegistrationId, PersonId, str]] = field(default_factory=list)

    def deliver(self, *, may_repeat: bool = True) -> None:
        """The oldest message of any key of those on the way, which may come again."""
        heads: dict[tuple[str, str], int] = {}
        for n, one in enumerate(self.on_the_way):
            heads.setdefault((one.topic, one.key), n)
        if not heads:
            return
        n = self.random.choice(list(heads.values()))
        one = self.on_the_way[n]
        if not may_repeat or self.random.random() < 0.9:
            del self.on_the_way[n]
        self.now += timedelta(seconds=1)
        message: Message[Any] = one.message
        engine, subscription = self.handlers[one.topic, message.head.kind]
        with engine.begin() as tx:
            if inbox.claim(tx, [message], self.now).fresh:
                self.on_the_way += subscription.handle(tx, [message], self.now)

    def file(self) -> None:
        """By a hospital; now and then as the next version of what it filed before."""
        category = self.random.choice(list(CATEGORIES))
        infno, proof = CATEGORIES[category]
        who, msgid = PersonId(insured.person(self.random.randrange(PEOPLE))), f"F{len(self.filed)}"
        is_chronic = category is RegistrationCategory.CHRONIC_DISEASE
        earlier = [id_ for id_, person, of in self.filed if person == who and of == infno]
        wanted = Wanted(
            registration_id=RegistrationId(new_id()),
            person_id=who,
            insured_division=insured.HOME,
            insurance_kind=InsuranceKind.EMPLOYEE,
            category=category,
            place=None if is_chronic else treatment.AREA,
            disease_code="M03900" if is_chronic else None,
            begins_on=insured.TODAY + timedelta(days=self.random.choice((-10, 0, 0, 400))),
            ends_on=None,
            materials=(CREDENTIAL, Material(kind=proof)),
            channel=Channel.HOSPITAL,
            replaces=self.random.choice(earlier)
            if earlier and self.random.random() < 0.4
            else None,
        )
        with self.treatment.begin() as tx:
            attempts.claim(tx, [treatment.an_attempt(msgid, infno=infno)], self.now)
            filing = NewFiling(msgid, treatment.HOSPITAL, infno, wanted, "某医院")
            _, said = registrations.file(tx, [filing], self.now, treatment.TERMS)
        self.filed.append((wanted.registration_id, who, infno))
        self.on_the_way += said

    def take_back(self) -> None:
        if not self.filed:
            return
        id_, who, infno = self.random.choice(self.filed)
        msgid = f"C{len(self.on_the_way)}-{self.random.random()}"[:30]
        wish = NewCancellation(msgid, treatment.HOSPITAL, infno, id_, who, "撤销", "某医院")
        with self.treatment.begin() as tx:
            attempt = treatment.an_attempt(msgid, infno=CANCELS[infno])
            attempts.claim(tx, [attempt], self.now)
            self.on_the_way += registrations.cancel(tx, [wish], self.now, treatment.TERMS)[1]

    def decide(self) -> None:
        if self.filed:
            id_, _, _ = self.random.choice(self.filed)
            verdict = Verdict(self.random.random() < 0.7, "审核", "经办员007")
            with self.insured.begin() as tx:
                self.on_the_way += desk.decide_many(self.area, tx, [id_], verdict, self.now)[1]

    def change(self) -> None:
        """A clerk's wish; what the desk refuses by itself asks nobody."""
        if not self.filed:
            return
        id_, _, _ = self.random.choice(self.filed)
        what = self.random.choice((Change.SUSPEND, Change.SUSPEND, Change.RESUME, *Change))
        papers = (Material(kind=MaterialKind.OTHER),) if what is Change.SUPPLEMENT else ()
        wish = Wish(MessageId(new_id()), what, papers, "核查", "经办员007")
        try:
            with self.insured.begin() as tx:
                self.on_the_way += changes.ask(self.area, tx, id_, wish, self.now)[1]
        except Refused:
            return

    def wait(self) -> None:
        """Weeks pass, and what is over expires."""
        self.now += timedelta(days=self.random.randrange(40))
        with self.hub.begin() as tx:
            self.on_the_way += expiring.expire(tx, self.now, 100)

    def end(self) -> None:
        while self.on_the_way:
            self.deliver(may_repeat=False)


def _world(databases: Databases, random: Random) -> World:
    hub = databases.fresh("hub", migrate_hub)
    area = insured.InsuredArea(databases.fresh("insured", migrate_insured))
    area.insure(*(insured.row(number) for number in range(PEOPLE)))
    hospitals = treatment.treatment_database(databases)
    with hub.begin() as tx:
        participants.connect(tx, [insured.AREA, treatment.AREA])
        days.open_first(tx, insured.TODAY, NOON)
    tables = (
        (hub, (*hub_subscriptions(ANSWER_WITHIN), *COMPARISONS)),
        (area.engine, area.worker.subscriptions),
        (hospitals, treatment_subscriptions(treatment.AREA)),
    )
    handlers = {
        (row.topic, row.body.KIND): (engine, row) for engine, rows in tables for row in rows
    }
    return World(hub, area.engine, hospitals, load(insured.AREA), handlers, random)


@pytest.mark.parametrize("story", STORIES)
def test_in_the_end_all_agree_where_every_registration_stands(
    databases: Databases, story: int
) -> None:
    random = Random(story)
    world = _world(databases, random)
    moves = [world.deliver, world.file, world.decide, world.change, world.take_back, world.wait]
    for _ in range(MOVES):
        random.choices(moves, weights=[40, 8, 10, 10, 5, 1])[0]()
    world.end()
    at_hub = _rows(world.hub, STANDS)
    assert at_hub == _rows(world.treatment, STANDS)
    _agree_with_the_insured_area(world)
    _never_overlap(world)
    today = world.now.date()
    entitled = {id_ for (id_,) in _rows(world.insured, ENTITLED, (today, today))}
    assert entitled == {id_ for (id_,) in _rows(world.hub, IN_FORCE_FOR_A_DISEASE, (today,))}
    open_wishes = (
        "SELECT count(*) FROM registration_cancellations WHERE NOT is_done AND code IS NULL"
    )
    assert _rows(world.treatment, open_wishes) == [(0,)]


def _agree_with_the_insured_area(world: World) -> None:
    """Where the hub never said more than 'please decide', the area has no word to compare."""
    hub = dict(_rows(world.hub, ASKED))
    told = dict(_rows(world.insured, OF_INSURED))
    assert {id_ for id_ in hub if id_ not in told} == set()
    assert {id_: hub[id_] for id_ in hub if told[id_]} == {i: s for i, s in told.items() if s}
    assert {hub[id_] for id_, standing in told.items() if standing is None} <= {"submitted"}


def _never_overlap(world: World) -> None:
    """Each day of a person belongs to one registration in force, disease by disease."""
    rows = _rows(
        world.hub,
        """
        SELECT person_id, coalesce(disease_code, ''), begins_on, coalesce(ended_on, ends_on)
        FROM registrations WHERE state IN ('active', 'suspended') OR ended_on IS NOT NULL
        ORDER BY 1, 2, 3
        """,
    )
    spans: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for person, disease, begins, ends in rows:
        if ends is None or begins <= ends:
            spans.setdefault((person, disease), []).append((begins, ends or date.max))
    for days_of_one in spans.values():
        for before, after in pairwise(days_of_one):
            assert before[1] < after[0], (before, after)


def _rows(engine: Engine, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with engine.begin() as tx:
        return bulk.fetch(tx, statement, parameters)
