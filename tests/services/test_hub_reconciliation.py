"""A closed day is compared with its sides, on a real database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry, bucket_of
from contracts.ids import MessageId, new_id
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.reconciliation import (
    BreaksTold,
    Row,
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from hub.domain.reconciliation import SideState
from hub.services import reconciliation
from hub.services.breaks import record_rows
from hub.services.day_summary import DaySummary, summary
from hub.store import breaks
from hub.store import reconciliation as store
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    settlement_id,
)

DAY, NEXT = date(2026, 3, 30), date(2026, 3, 31)
LATE = NOON + timedelta(seconds=61)
CASES = (
    Case(1, DAY, total_fen=100_00),
    Case(2, DAY, total_fen=70_00, reversed_on=DAY),
    Case(3, DAY, insured=ANHUI, visit_kind=VisitKind.CHRONIC, total_fen=33_33),
    Case(4, DAY - timedelta(days=1), total_fen=50_00, reversed_on=DAY),
)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, DAY - timedelta(days=1), NEXT)
        add_cases(tx, CASES)
    return engine


def _message(body: Body, sender: str, sent_at: datetime = NOON) -> Message[Any]:
    head = Head(
        message_id=MessageId(new_id()),
        cause_id=None,
        kind=body.KIND,
        sender=sender,
        sent_at=sent_at,
    )
    return Message(head, body)


def _buckets(role: Role, area: AreaCode, cases: Sequence[Case]) -> dict[BucketKey, list[Entry]]:
    found: dict[BucketKey, list[Entry]] = {}
    for case in cases:
        me, other = case.insured, case.treatment
        if role is Role.TREATMENT:
            me, other = other, me
        if me == area:
            key = (other, case.insurance_kind, case.visit_kind)
            found.setdefault(key, []).extend(case.entries_on(DAY))
    return {key: entries for key, entries in found.items() if entries}


def _report(
    tx: Connection,
    role: Role,
    area: AreaCode,
    cases: Sequence[Case],
    *,
    attempt: int = 1,
    at_once: int = 500,
    sender: str = "",
    twice: int | None = None,
    now: datetime = NOON,
) -> list[Outgoing]:
    """The side reports its totals, and its rows where the hub asks; what the hub says to it all."""
    buckets = _buckets(role, area, cases)
    if twice is not None:
        for entries in buckets.values():
            entries += [e for e in entries if e.settlement_id == settlement_id(twice)]
    who = sender or f"{role}.{area}"
    totals = TotalsReported(
        area=area,
        role=role,
        business_date=DAY,
        attempt=attempt,
        buckets=tuple(bucket_of(key, entries) for key, entries in buckets.items()),
    )
    outgoing = reconciliation.record_totals(tx, [_message(totals, who, now)], now)
    wanted = [one.message.body for one in outgoing]
    for body in [one for one in wanted if isinstance(one, RowsRequested)]:
        key = (body.counterpart, body.insurance_kind, body.visit_kind)
        for said in _rows(body, role, area, buckets.get(key, []), at_once):
            outgoing += record_rows(tx, [_message(said, who)], now)
    return outgoing


def _told(outgoing: Sequence[Outgoing]) -> list[tuple[str, str, str, int, bool]]:
    """Of breaks: (topic, class, settlement, sign, whether it is repaired)."""
    return [
        (said.topic, one.break_class, str(one.settlement_id), one.sign, one.is_repaired)
        for said in outgoing
        if isinstance(said.message.body, BreaksTold)
        for one in said.message.body.breaks
    ]


def _rows(
    wanted: RowsRequested, role: Role, area: AreaCode, entries: Sequence[Entry], at_once: int
) -> list[RowsReported]:
    cut = [entries[n : n + at_once] for n in range(0, len(entries), at_once)] or [[]]
    return [
        RowsReported(
            area=area,
            role=role,
            part=number,
            parts=len(cut),
            rows=tuple(
                Row(
                    settlement_id=e.settlement_id,
                    sign=e.sign,
                    total_fen=e.total_fen,
                    parts_fen=e.parts_fen,
                )
                for e in part
            ),
            **wanted.model_dump(exclude={"pieces", "among"}),
        )
        for number, part in enumerate(cut, 1)
    ]


def _begin(engine: Engine) -> list[Outgoing]:
    with engine.begin() as tx:
        return reconciliation.begin(tx, DAY, NOON)


def _summary(engine: Engine) -> DaySummary:
    with engine.begin() as tx:
        return summary(tx, DAY)


def _states(engine: Engine) -> dict[str, SideState]:
    return {f"{one.side.role}.{one.side.area}": one.side.state for one in _summary(engine).sides}


def _open(engine: Engine) -> list[tuple[str, object, int | None, int | None]]:
    return [
        (one.found.break_class.value, one.found.row, one.found.hub_fen, one.found.side_fen)
        for one in _summary(engine).breaks
        if one.resolved_at is None
    ]


def test_a_day_asks_everyone_who_has_rows_and_begins_once(engine: Engine) -> None:
    asked = _begin(engine)
    assert [said.topic for said in asked] == [
        "insured.340000.notices",
        "insured.430000.notices",
        "treatment.310000.notices",
    ]
    assert {said.message.body for said in asked} == {TotalsRequested(business_date=DAY, attempt=1)}
    assert _begin(engine) == []
    with engine.begin() as tx:
        assert reconciliation.begin(tx, NEXT, NOON) == []  # It is still open.
        assert [s.topic for s in reconciliation.begin_due(tx, NOON)] == [
            "insured.430000.notices",
            "treatment.310000.notices",
        ]  # The day before: every closed day is begun by the job.


def test_the_hubs_totals_are_those_of_the_contract(engine: Engine) -> None:
    """Goal: the digest computed in SQL is the digest an area computes in Python."""
    random = Random(7)
    more = [
        Case(
            100 + n,
            DAY,
            total_fen=random.randrange(1, 10**9),
            pool_fen=0,
            account_fen=0,
            reversed_on=random.choice([None, DAY, NEXT]),
        )
        for n in range(40)
    ]
    with engine.begin() as tx:
        add_cases(tx, more)
        reconciliation.begin(tx, DAY, NOON)
        for role, area in ((Role.INSURED, HUNAN), (Role.TREATMENT, SHANGHAI)):
            key = (DAY, role, area)
            expected = [
                bucket_of(bucket, entries)
                for bucket, entries in _buckets(role, area, [*CASES, *more]).items()
            ]
            found = store.totals_of(tx, [key])[key]
            assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_equal_totals_agree_at_once_and_a_repeated_report_changes_nothing(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        assert _report(tx, Role.INSURED, HUNAN, CASES) == []
        assert _report(tx, Role.INSURED, ANHUI, CASES) == []
        assert _report(tx, Role.TREATMENT, SHANGHAI, CASES) == []
    assert set(_states(engine).values()) == {SideState.AGREED}
    assert _summary(engine).agreed
    with engine.begin() as tx:
        assert _report(tx, Role.TREATMENT, SHANGHAI, CASES[:1]) == []
        assert reconciliation.ask_again(tx, LATE) == []
    assert _summary(engine).agreed


def test_an_agreed_side_that_later_says_otherwise_is_a_break_and_not_absorbed(
    engine: Engine,
) -> None:
    _begin(engine)
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, CASES)
        _report(tx, Role.INSURED, HUNAN, CASES[1:], now=NOON + timedelta(seconds=1))
    assert _states(engine)["insured.430000"] is SideState.WAITING  # There is time left.
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, CASES, now=NOON + timedelta(seconds=2))
        said = _report(tx, Role.INSURED, HUNAN, CASES[1:], now=LATE)
    told = ("treatment.310000.notices", "only_at_hub", str(settlement_id(1)), 1, False)
    assert _told(said) == [told]
    assert _states(engine)["insured.430000"] is SideState.BROKEN
    assert _open(engine) == [("only_at_hub", (settlement_id(1), 1), 100_00, None)]


def test_an_operator_may_ask_agreed_sides_again(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        for role, area in (
            (Role.INSURED, HUNAN),
            (Role.INSURED, ANHUI),
            (Role.TREATMENT, SHANGHAI),
        ):
            _report(tx, role, area, CASES)
        assert len(reconciliation.ask(tx, DAY, LATE)) == 3
        _report(tx, Role.INSURED, ANHUI, (), attempt=2, now=LATE)
    assert _open(engine) == [("only_at_hub", (settlement_id(3), 1), 33_33, None)]


def test_the_last_report_of_a_side_is_kept(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, CASES[1:])
        _report(tx, Role.INSURED, HUNAN, CASES)
        key = (DAY, Role.INSURED, HUNAN)
        assert breaks.buckets_of(tx, key) == store.totals_of(tx, [key])[key]


PLANTED = {
    "only_at_hub": (CASES[1:], (1, 1), 100_00, None),
    "only_at_insured": ((*CASES, Case(9, DAY, total_fen=5_00)), (9, 1), None, 5_00),
    "amount": ((Case(1, DAY, total_fen=101_00), *CASES[1:]), (1, 1), 100_00, 101_00),
    "status": ((CASES[0], Case(2, DAY, total_fen=70_00), *CASES[2:]), (2, -1), -70_00, None),
    "fund_split": ((Case(1, DAY, pool_fen=1_00), *CASES[1:]), (1, 1), 100_00, 100_00),
}


@pytest.mark.parametrize("at_once", [1, 500])
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_is_found_and_gone_once_corrected(
    engine: Engine, kind: str, at_once: int
) -> None:
    cases, (number, sign), hub_fen, side_fen = PLANTED[kind]
    expected = [(kind, (settlement_id(number), sign), hub_fen, side_fen)]
    _begin(engine)
    with engine.begin() as tx:
        assert len(_report(tx, Role.INSURED, HUNAN, cases, at_once=at_once)) == 1
    assert _open(engine) == expected
    assert _states(engine)["insured.430000"] is SideState.WAITING
    with engine.begin() as tx:
        said = reconciliation.ask_again(tx, LATE)
        asked = {one.message.body for one in said if isinstance(one.message.body, TotalsRequested)}
        assert asked == {TotalsRequested(business_date=DAY, attempt=2)}
        # The treatment area hears of it once the agreed time is over, and again when it is mended.
        told = ("treatment.310000.notices", kind, str(settlement_id(number)), sign)
        assert _told(said) == [(*told, False)]
        assert _told(_report(tx, Role.INSURED, HUNAN, cases, attempt=2, now=LATE)) == []
    assert _states(engine)["insured.430000"] is SideState.BROKEN
    assert [one for one in _open(engine) if one[0] != "no_report"] == expected
    with engine.begin() as tx:
        assert _told(_report(tx, Role.INSURED, HUNAN, CASES, attempt=2, now=LATE)) == [
            (*told, True)
        ]
    assert _states(engine)["insured.430000"] is SideState.AGREED
    assert {row[0] for row in _open(engine)} == {"no_report"}
    resolved = [one for one in _summary(engine).breaks if one.resolved_at is not None]
    assert [one.found.break_class.value for one in resolved] == [kind]


def test_a_row_reported_twice_is_a_duplicate(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        _report(tx, Role.TREATMENT, SHANGHAI, CASES, twice=3)
    assert _open(engine) == [("duplicate", (settlement_id(3), 1), 33_33, 66_66)]


def test_a_row_on_another_day_is_named_with_that_day(engine: Engine) -> None:
    """The hub has settlement 4's +1 the day before; the side has it on this day."""
    _begin(engine)
    moved = Case(4, DAY, total_fen=50_00, reversed_on=DAY)
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, (*CASES[:3], moved))
    (found,) = _summary(engine).breaks
    assert found.found.other_date == DAY - timedelta(days=1)
    assert _open(engine) == [("day", (settlement_id(4), 1), None, 50_00)]
    assert "另一方记在2026-03-29" in found.found.told()


def test_provisional_breaks_are_replaced_by_each_report(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, CASES[1:])
        reconciliation.ask_again(tx, NOON + timedelta(seconds=3))
        _report(tx, Role.INSURED, HUNAN, CASES, attempt=2)
    assert _summary(engine).breaks == ()
    assert _states(engine)["insured.430000"] is SideState.AGREED


def test_totals_stay_open_until_every_part_of_the_rows_is_there(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        key = (SHANGHAI, InsuranceKind.EMPLOYEE, VisitKind.INPATIENT)
        entries = _buckets(Role.INSURED, HUNAN, CASES[1:])[key]
        totals = TotalsReported(
            area=HUNAN,
            role=Role.INSURED,
            business_date=DAY,
            attempt=1,
            buckets=(bucket_of(key, entries),),
        )
        (wanted,) = reconciliation.record_totals(
            tx,
            [_message(totals, "insured.430000")],
            NOON,
        )
        assert isinstance(wanted.message.body, RowsRequested)
        parts = _rows(wanted.message.body, Role.INSURED, HUNAN, entries, 1)
        for part in (*parts[1:], parts[1]):
            record_rows(tx, [_message(part, "insured.430000")], NOON)
    assert _open(engine) == [("totals", None, 50_00, -50_00)]
    with engine.begin() as tx:
        record_rows(tx, [_message(parts[0], "insured.430000")], NOON)
    assert _open(engine) == [("only_at_hub", (settlement_id(1), 1), 100_00, None)]


def test_who_never_answers_is_a_break_after_the_agreed_time_and_not_before(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        early = reconciliation.ask_again(tx, NOON + timedelta(seconds=2))
        assert early == []
        assert len(reconciliation.ask_again(tx, NOON + timedelta(seconds=3))) == 3
    assert _open(engine) == []
    with engine.begin() as tx:
        assert len(reconciliation.ask_again(tx, NOON + timedelta(seconds=60))) == 3
    assert [row[0] for row in _open(engine)] == ["no_report"] * 3
    assert set(_states(engine).values()) == {SideState.BROKEN}
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, CASES, attempt=3, now=LATE)
    assert _states(engine)["insured.430000"] is SideState.AGREED
    assert len(_open(engine)) == 2


def test_a_side_is_never_given_up_and_asked_ever_more_rarely(engine: Engine) -> None:
    """However often it was asked: its time runs out, and a late correction is still noticed."""
    _begin(engine)
    patience = reconciliation.Patience(attempts_max=1)

    def asked(after: timedelta) -> int:
        with engine.begin() as tx:
            said = reconciliation.ask_again(tx, NOON + after, patience)
        return len([one for one in said if isinstance(one.message.body, TotalsRequested)])

    minute, day = timedelta(minutes=1), timedelta(days=1)
    assert asked(timedelta(seconds=30)) == 0
    sides = asked(2 * minute)
    assert sides > 0
    assert set(_states(engine).values()) == {SideState.BROKEN}
    steps = (6 * minute, 7 * minute, 60 * day, 60 * day + 60 * minute, 61 * day)
    assert [asked(after) for after in steps] == [0, sides, sides, 0, sides]


def test_one_areas_many_breaks_hide_none_of_anothers(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        reconciliation.ask_again(tx, NOON + timedelta(seconds=60))  # nobody reported
        mine = summary(tx, DAY, area=SHANGHAI, roles={Role.TREATMENT}, breaks_max=1)
        none = summary(tx, DAY, area=SHANGHAI, roles={Role.INSURED}, breaks_max=1)
    assert [one.side[1:] for one in mine.breaks] == [(Role.TREATMENT, SHANGHAI)]
    assert none.breaks == ()
    assert [one.open_breaks for one in mine.sides] == [1, 1, 1]


def test_only_the_area_itself_speaks_for_it(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        _report(tx, Role.INSURED, HUNAN, CASES, sender="insured.340000")
        _report(tx, Role.INSURED, HUNAN, CASES, sender="treatment.430000")
    assert _states(engine)["insured.430000"] is SideState.WAITING


def test_an_older_report_that_arrives_late_is_absorbed(engine: Engine) -> None:
    _begin(engine)
    with engine.begin() as tx:
        reconciliation.ask_again(tx, NOON + timedelta(seconds=3))
        _report(tx, Role.INSURED, HUNAN, CASES[1:], attempt=2)
        _report(tx, Role.INSURED, HUNAN, CASES, attempt=1)
    assert _states(engine)["insured.430000"] is SideState.WAITING
    assert [row[0] for row in _open(engine)] == ["only_at_hub"]


def test_a_side_that_the_hub_knows_nothing_of_and_that_reports_is_compared(engine: Engine) -> None:
    _begin(engine)
    ghost = Case(50, DAY, insured=AreaCode("110000"))
    with engine.begin() as tx:
        _report(tx, Role.INSURED, ghost.insured, [ghost])
    assert _open(engine) == [("only_at_insured", (ghost.settlement_id, 1), None, 100_00)]
