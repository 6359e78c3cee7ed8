"""What is planned, how a run is judged, and five minutes in which everything breaks."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from contracts.ids import PersonId, new_id
from simulators.agency import wait_for
from simulators.bench.http_client import HttpAnswer
from simulators.chaos import complaints, report
from simulators.chaos.absence import STARTING, WAKING, absences, crowded_out
from simulators.chaos.asking import Asker
from simulators.chaos.crowd import Patient, registered
from simulators.chaos.door import Door
from simulators.chaos.flow import Flow
from simulators.chaos.ground import Dead
from simulators.chaos.hospitals import Hospitals
from simulators.chaos.judgement import Judgement, between, judge
from simulators.chaos.messages import Asked, Pen
from simulators.chaos.outcome import Befallen, Load, Outcome
from simulators.chaos.plan import (
    DECK,
    MINUTES_FOR_EVERY_PROGRAM,
    MINUTES_MIN,
    PROGRAMS,
    Card,
    Fault,
    Kind,
    drawn,
)
from simulators.chaos.replies import heard
from simulators.chaos.visits import Ending, Tills
from simulators.stack.servers import Servers
from simulators.truths import Sides, begun
from simulators.witness import Reply, Verdict, Witness
from simulators.world.population import institutions, residents
from tests.support.worlds import HOME, PLACE, Country, country

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SEEDS = range(200)


# The plan.


@pytest.mark.parametrize("minutes", [MINUTES_MIN, 5, 60])
def test_the_same_seed_draws_the_same_plan_and_another_seed_another(minutes: int) -> None:
    assert drawn(7, minutes) == drawn(7, minutes)
    assert drawn(7, minutes).faults != drawn(8, minutes).faults


@pytest.mark.parametrize("minutes", [MINUTES_MIN, 3, 5])
def test_every_kind_of_fault_is_in_every_plan(minutes: int) -> None:
    for seed in SEEDS:
        assert {one.card.kind for one in drawn(seed, minutes).faults} == set(Kind), seed


def test_every_program_is_killed_within_five_minutes() -> None:
    assert MINUTES_FOR_EVERY_PROGRAM <= 5
    for seed in SEEDS:
        faults = drawn(seed, MINUTES_FOR_EVERY_PROGRAM).faults
        killed = {one.card.target for one in faults if one.card.kind is Kind.KILLED}
        assert killed == set(PROGRAMS), seed


def test_everything_that_can_happen_happens_within_an_hour() -> None:
    for seed in range(20):
        assert {one.card for one in drawn(seed, 60).faults} == set(DECK), seed


@pytest.mark.parametrize("minutes", [MINUTES_MIN, 5, 60])
def test_faults_come_one_after_the_other_and_end_before_the_load_does(minutes: int) -> None:
    for seed in SEEDS:
        plan = drawn(seed, minutes)
        ends = [one.at_s + one.lasts_s for one in plan.faults]
        begins = [*(one.at_s for one in plan.faults[1:]), plan.load_s]
        assert all(end < begin for end, begin in zip(ends, begins, strict=True)), seed


# Recovery, and what is excused by it.


def acknowledged(*spans: tuple[float, float, float]) -> list[datetime]:
    """(from second, to second, so many a second)."""
    return [
        NOON + timedelta(seconds=begin + n / per_s)
        for begin, end, per_s in spans
        for n in range(int((end - begin) * per_s))
    ]


# fmt: off
FLOWS: dict[str, tuple[list[datetime], float | None]] = {
    # what was acknowledged since the fault's end                   when it flowed as ever
    "nothing stopped":          (acknowledged((0, 9, 10)),                       0.0),
    "a while of nothing":       (acknowledged((5, 9, 10)),                       4.5),
    "slowly at first":          (acknowledged((0, 4, 3), (4, 9, 10)),            3.3),
    "all that queued, at once": (acknowledged((2, 2.1, 400), (6, 12, 10)),       5.5),
    "never again":              (acknowledged((0, 20, 3)),                      None),
    "nothing at all":           ([],                                            None),
    "not long enough to tell":  (acknowledged((0, 2, 10)),                      None),
}
# fmt: on


@pytest.mark.parametrize("name", FLOWS)
def test_work_flows_again_when_there_is_as_much_as_ever_in_every_second(name: str) -> None:
    settled_at, expected_s = FLOWS[name]
    found = Flow(ordinary_per_s=10.0).recovered_at(settled_at, NOON)
    assert (found is None) == (expected_s is None)
    if found is not None:
        assert (found - NOON).total_seconds() == pytest.approx(expected_s, abs=0.2)


ALL_PARTIES = {"hub", *(f"{r}.{a}" for r in ("insured", "treatment") for a in (HOME, PLACE))}


def befallen(target: str, kind: Kind) -> Befallen:
    """It begins at noon, lasts a minute, and work flows two minutes later."""
    fault = Fault(1, 20.0, Card(kind, target, (60, 60)), 60.0)
    minute = timedelta(minutes=1)
    return Befallen(fault, NOON, NOON + minute, NOON + minute, NOON + 3 * minute, NOON + 4 * minute)


@pytest.mark.parametrize(
    ("target", "kind", "parties"),
    [
        ("hub jobs", Kind.KILLED, {"hub"}),
        ("hub work", Kind.HANGS, {"hub"}),  # with rows in its hands
        ("hub work", Kind.KILLED, set()),  # deadlines are the jobs'
        ("hub api", Kind.HANGS, set()),
        ("insured work", Kind.AREA_GONE, {f"insured.{PLACE}", f"insured.{HOME}"}),
        ("gateway", Kind.KILLED, {f"treatment.{PLACE}", f"treatment.{HOME}"}),
        ("broker", Kind.BROKER_STOPPED, {"hub", f"insured.{PLACE}", f"insured.{HOME}"}),  # T stays
        ("database", Kind.DATABASE_STOPPED, ALL_PARTIES),
    ],
)
def test_a_fault_excuses_those_whom_it_hit_until_they_work_again(
    target: str, kind: Kind, parties: set[str]
) -> None:
    found = absences([befallen(target, kind)], [], (PLACE, HOME))
    assert found == {party: [(NOON, NOON + timedelta(minutes=3))] for party in parties}


@pytest.mark.parametrize(("kind", "ready"), [(Kind.KILLED, STARTING), (Kind.HANGS, WAKING)])
def test_a_fault_that_stops_no_work_excuses_no_more_than_a_start(
    kind: Kind, ready: timedelta
) -> None:
    one = befallen("hub jobs", kind)
    at_once = replace(one, recovered_at=one.ended_at)
    assert absences([at_once], [], (PLACE, HOME)) == {"hub": [(NOON, one.ended_at + ready)]}


def test_where_a_machine_is_crowded_nobody_is_late_in_all_the_run() -> None:
    whole = (NOON, NOON + timedelta(minutes=5))
    away = crowded_out(whole, (PLACE, HOME))
    assert away == {party: [whole] for party in ALL_PARTIES}


def test_of_a_program_nobody_knows_how_long_it_only_started() -> None:
    assert befallen("hub work", Kind.KILLED).starting_s is None
    assert befallen("broker", Kind.BROKER_STOPPED).starting_s == 0.0


# What is wrong whatever the books say.


def test_a_run_in_which_nothing_was_settled_proves_nothing() -> None:
    assert list(complaints.nothing_to_judge(Flow(0.0)))
    assert not list(complaints.nothing_to_judge(Flow(0.1)))


@pytest.mark.parametrize(("minutes", "is_wrong"), [(-1, True), (2, False), (4, True)])
def test_a_program_that_ends_by_itself_in_a_calm_is_wrong(minutes: int, is_wrong: bool) -> None:
    dead = Dead("hub jobs", 1, NOON + timedelta(minutes=minutes))
    found = list(complaints.unprovoked([dead], [befallen("database", Kind.DATABASE_STOPPED)]))
    assert bool(found) is is_wrong


# What an answer means.


def pen(patients: tuple[Patient, ...] = ()) -> Pen:
    one = Patient(residents(HOME)[0], PersonId("0" * 29), tuple(institutions(PLACE)))
    return Pen(patients or (one,), SystemClock(), Random(1))


# fmt: off
ANSWERS: tuple[tuple[object, str, Verdict, str], ...] = (
    # infcode  err_msg                        what it is       its code
    (0,        "",                            Verdict.DONE,    ""),
    ("0",      "",                            Verdict.DONE,    ""),
    (-1,       "[2006]参保地超时未应答",        Verdict.REFUSED, "2006"),
    (-1,       "[1009]报文ID已使用",           Verdict.REFUSED, "1009"),
    (-1,       "[2005]系统繁忙",               Verdict.UNKNOWN, "2005"),
    (-1,       "[2008]参保地系统中断",          Verdict.UNKNOWN, "2008"),
    (-1,       "[2004]将于 12:00:09 前确定",    Verdict.UNKNOWN, "2004"),
)
# fmt: on


def answer(infcode: object, err_msg: str) -> HttpAnswer:
    document = {"infcode": infcode, "err_msg": err_msg, "output": None}
    return HttpAnswer(200, json.dumps(document).encode(), 0.0)


@pytest.mark.parametrize(("infcode", "err_msg", "verdict", "code"), ANSWERS)
def test_every_answer_is_one_of_three(
    infcode: object, err_msg: str, verdict: Verdict, code: str
) -> None:
    told = heard(pen().settlement(), answer(infcode, err_msg), NOON)
    assert told is not None
    assert (told.reply.verdict, told.reply.code) == (verdict, code)
    assert told.is_certain == (code not in {"2004", "2005"})
    assert (told.reply.certain_by is not None) == (code == "2004")


def test_what_is_no_answer_of_the_interface_is_none() -> None:
    assert heard(pen().settlement(), HttpAnswer(502, b"<html>", 0.0), NOON) is None


def test_a_time_told_before_midnight_may_be_after_it() -> None:
    at = datetime(2026, 11, 22, 15, 59, 58, tzinfo=UTC)  # two seconds to midnight in China
    told = heard(pen().settlement(), answer(-1, "[2004]将于 00:00:04 前确定"), at)
    assert told is not None
    assert told.reply.certain_by == datetime(2026, 11, 22, 16, 0, 5, tzinfo=UTC)


# The judgement sees what is wrong.


@dataclass(frozen=True, slots=True)
class Rested:
    """A country in which hospitals have worked and come to rest, and what they were told."""

    country: Country
    sides: Sides
    witness: Witness
    tills: Tills

    def judged(self, *more: Reply) -> Judgement:
        """With replies that were never given."""
        heard_of = Witness()
        for reply in (*self.witness.replies, *more):
            heard_of.heard(reply)
        return self.judged_by(heard_of)

    def judged_by(self, heard_of: Witness) -> Judgement:
        now = self.country.clock.now()
        whole = (now - timedelta(hours=1), now)  # a country in one process may be late
        away = crowded_out(whole, (PLACE, HOME))
        return judge(replace(self.sides, away=away), heard_of, now)

    def settled(self) -> tuple[Reply, Asked]:
        """A yes to a settlement that stands, and its message."""
        case = next(one for one in self.tills.cases if one.ending is Ending.SETTLED)
        told = (one for one in self.witness.replies if one.msgid == case.asked.msgid)
        return next(one for one in told if one.verdict is Verdict.DONE), case.asked

    @contextmanager
    def planted(self, name: str, do: str, undo: str) -> Iterator[None]:
        """Behind everybody's back; `:id` is the settlement of `settled`."""
        reply, _ = self.settled()
        self.country.run(name, do, id=reply.settlement_id)
        try:
            yield
        finally:
            self.country.run(name, undo, id=reply.settlement_id)


@pytest.fixture(scope="module")
def rested(stack: Servers) -> Iterator[Rested]:
    with country(stack) as found:
        patients = registered(
            (PLACE, HOME),
            http=found.http,
            hub_api=found.world.hub_api,
            agencies=found.world.tokens.agencies,
            hub=found.engines["hub"],
            key=base64.b64decode(found.world.deployment.secrets["YIDI_PERSON_TOKEN_KEY"]),
        )
        sides, witness = begun(_sides(found)), Witness()
        door = Door("127.0.0.1", int(found.world.gateway.rpartition(":")[2]))
        tills = Tills(pen(patients), Asker(door, witness, found.clock), Random(1))
        _worked(Hospitals(tills), sides)
        yield Rested(found, sides, witness, tills)


def _sides(found: Country) -> Sides:
    def of(role: str) -> dict[AreaCode, Engine]:
        return {area: found.engines[f"{role}.{area}"] for area in (HOME, PLACE)}

    return Sides(hub=found.engines["hub"], insured=of("insured"), treatment=of("treatment"))


def _worked(hospitals: Hospitals, sides: Sides) -> None:
    """Until every way of a visit has been gone; then all come to rest, and look again."""
    try:
        hospitals.work_at(20.0)
        wait_for("enough visits", lambda: len(hospitals.tills.cases) >= 60)
        hospitals.rest()
        wait_for("every visit ends", lambda: not hospitals.under_way)
        hospitals.look_again().result(60.0)
        wait_for("all is quiet", lambda: not any(between(sides)))
    finally:
        hospitals.close()


def test_where_nothing_broke_everything_holds(rested: Rested) -> None:
    # A canary may be on its way while one database is read after the other; what is lost stays so.
    wait_for("everything holds", lambda: rested.judged().holds)
    assert rested.tills.surprises == []
    assert rested.tills.asker.unanswered == []
    assert {case.ending for case in rested.tills.cases} >= {Ending.SETTLED, Ending.UNDONE}


def test_an_acknowledgement_of_what_nobody_has_is_found(rested: Rested) -> None:
    told, asked = rested.settled()
    lost = replace(told, msgid=f"{asked.hospital.code}202611220000009999", settlement_id=new_id())
    found = rested.judged(lost).lost
    assert [sentence.split()[0] for sentence in found] == [lost.msgid] * 3  # on every side


def test_a_settlement_that_its_hospital_was_never_told_of_is_found(rested: Rested) -> None:
    told, _ = rested.settled()
    silent = Witness()
    for reply in rested.witness.replies:
        if reply.settlement_id != told.settlement_id:
            silent.heard(reply)
    found = rested.judged_by(silent).broken
    assert f"{told.settlement_id} stands at the hub, and no hospital was told so" in found


def test_an_acknowledged_settlement_that_is_gone_again_is_found(rested: Rested) -> None:
    told, _ = rested.settled()
    gone = "UPDATE settlements SET state = 'reversing' WHERE settlement_id = :id"
    back = "UPDATE settlements SET state = 'settled' WHERE settlement_id = :id"
    with rested.planted("hub", gone, back):
        found = rested.judged()
    assert found.lost == (f"{told.msgid} was acknowledged, and is not settled at the hub",)
    assert f"{told.settlement_id} is between states at the hub" in found.between


def test_an_acknowledged_undoing_of_what_still_stands_is_found(rested: Rested) -> None:
    told, _ = rested.settled()
    undone = replace(
        told, infno="2601", msgid="W", settlement_id=None, figures={}, about=told.msgid
    )
    found = rested.judged(undone).lost
    assert len(found) == 3
    assert f"{told.msgid} was undone, and is settled at the hub" in found


def test_money_that_was_booked_twice_is_found(rested: Rested) -> None:
    told, _ = rested.settled()
    # The ledger refuses changes, so whoever plants one has to switch its triggers off.
    unwatched = "SET LOCAL session_replication_role = replica;"
    double = "UPDATE postings SET amount_fen = amount_fen * 2 WHERE settlement_id = :id"
    half = "UPDATE postings SET amount_fen = amount_fen / 2 WHERE settlement_id = :id"
    with rested.planted("hub", unwatched + double, unwatched + half):
        found = rested.judged()
    assert f"{told.settlement_id} is not booked exactly once" in found.doubled


def test_one_message_that_became_two_settlements_is_found(rested: Rested) -> None:
    told, _ = rested.settled()
    found = rested.judged(replace(told, settlement_id=new_id()))
    assert f"{told.msgid} became 2 settlements" in found.doubled


# What is said of a run.


def outcome(*, lost: tuple[str, ...] = ()) -> Outcome:
    plan = drawn(7, MINUTES_MIN)
    return Outcome(
        plan=plan,
        befallen=[befallen("broker", Kind.BROKER_STOPPED)],
        load=Load(
            12.0,
            9.5,
            Counter(settled=3),
            7,
            Counter({"2004": 1}),
            no_answer=2,
            late=0,
            late_s_max=0.0,
        ),
        judgement=Judgement(lost, (), (), ()),
        found_dead=[],
        crowding=1.0,
        in_time=True,
        broker="a broker",
        database="a database",
        converged_s=1.0,
        elapsed_s=130.0,
    )


def test_a_broken_run_is_told_in_one_sentence_with_how_to_repeat_it() -> None:
    told = report.sentence(outcome(lost=("M1 was acknowledged, and is not settled at the hub",)))
    assert "M1 was acknowledged" in told
    assert "yidi chaos --seed 7 --minutes 2 --rate 12" in told
    assert "\n" not in told


def test_a_run_says_how_long_each_recovery_took() -> None:
    found = json.loads(report.as_json(outcome()))
    assert found["holds"] is True
    assert [(one["target"], one["lasted_s"], one["recovery_s"]) for one in found["faults"]] == [
        ("broker", 60.0, 120.0)
    ]
