"""The open day compared all the time: what one party alone has shows early, and is no break."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from contracts.codes import Role
from contracts.control_sums import days_of
from contracts.delivery import bulk
from contracts.ids import MessageId, new_id
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.reconciliation import (
    RowsReported,
    RowsRequested,
    SliceReported,
    SliceRequested,
)
from hub.services import days, open_day, reconciliation, slices
from hub.store import open_slices, provisional_breaks
from hub.store.db import migrate
from hub.store.tables import metadata
from tests.support.databases import Databases
from tests.support.hub_books import HUNAN, NOON, SHANGHAI, Case, add_cases, add_days

TODAY = date(2026, 3, 31)
SETTLED_AT = NOON + timedelta(seconds=2)
SINCE, UNTIL = NOON, NOON + timedelta(seconds=10)
SOON = NOON + timedelta(seconds=15)
CASES = (Case(1, TODAY), Case(2, TODAY, total_fen=70_00, reversed_on=TODAY))


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, TODAY, TODAY)
        add_cases(tx, CASES)
        tx.exec_driver_sql("ALTER TABLE settlement_steps DISABLE TRIGGER USER")
        tx.execute(update(metadata.tables["settlement_steps"]).values(at=SETTLED_AT))
        tx.exec_driver_sql("ALTER TABLE settlement_steps ENABLE TRIGGER USER")
        open_slices.look(tx, NOON)
    return engine


def _from_insured(body: Body, sender: str = "insured.430000") -> Message[Body]:
    head = Head(
        message_id=MessageId(new_id()), cause_id=None, kind=body.KIND, sender=sender, sent_at=NOON
    )
    return Message(head, body)


def _hears(
    engine: Engine,
    lacks: int | None = None,
    *,
    sender: str = "insured.430000",
    now: datetime = SOON,
    until: datetime = UNTIL,
) -> list[Outgoing]:
    """The insured area reports the slice, without one of the settlements, and sends its rows."""
    left_out = [] if lacks is None else [Case(lacks, TODAY).settlement_id]
    rows, parameters = open_slices.rows_of(Role.INSURED, HUNAN, SINCE, until)
    theirs = f"SELECT * FROM ({rows}) AS r WHERE NOT settlement_id = ANY(%(out)s::uuid[])"  # noqa: S608
    named = parameters | {"out": left_out}
    with engine.begin() as tx:
        said = SliceReported(
            area=HUNAN,
            role=Role.INSURED,
            since=SINCE,
            until=until,
            days=days_of(tx, theirs, named),
        )
        asked = slices.record(tx, [_from_insured(said, sender)], now)  # type: ignore[list-item]  # its body
        for one in asked:
            body = one.message.body
            assert isinstance(body, RowsRequested)
            answer = _rows(tx, theirs, named, body)
            reconciliation.record_rows(tx, [_from_insured(answer, sender)], now)  # type: ignore[list-item]  # its body
    return asked


def _rows(tx: object, theirs: str, named: dict[str, object], asked: RowsRequested) -> RowsReported:
    from contracts.control_sums import rows_of

    bucket = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    return RowsReported(
        area=HUNAN,
        role=Role.INSURED,
        part=1,
        parts=1,
        rows=tuple(rows_of(tx, theirs, named, bucket)),  # type: ignore[arg-type]  # a connection
        **asked.model_dump(exclude={"pieces", "among"}),
    )


def _open(engine: Engine) -> list[tuple[str, str, object]]:
    with engine.begin() as tx:
        found = provisional_breaks.all_of(tx, 10)
        assert bulk.fetch(tx, "SELECT * FROM breaks") == []
        return [(one.area, one.found.break_class.value, one.found.row) for one in found]


def _watched(engine: Engine, at: datetime) -> Sequence[Outgoing]:
    with engine.begin() as tx:
        return slices.watch(tx, at)


def test_a_slice_that_agrees_needs_one_message_and_leaves_nothing(engine: Engine) -> None:
    assert _hears(engine) == []
    assert _open(engine) == []
    with engine.begin() as tx:
        assert open_slices.not_agreed(tx, 10) == []


def test_an_idle_day_costs_no_message(engine: Engine) -> None:
    """Nobody has anything after noon, so nobody is asked, and nobody reports."""
    with engine.begin() as tx:
        open_slices.look(tx, UNTIL)
    assert [_watched(engine, UNTIL + timedelta(minutes=n)) for n in (1, 10, 100)] == [[], [], []]


def test_a_lost_conclusion_shows_within_a_minute_and_is_no_break(engine: Engine) -> None:
    lost = [("430000", "only_at_hub", (CASES[0].settlement_id, 1))]
    assert len(_hears(engine, lacks=1)) == 1
    assert _open(engine) == lost
    again = _watched(engine, SOON + timedelta(seconds=10))
    assert [one.message.body for one in again] == [SliceRequested(since=SINCE, until=UNTIL)]
    _hears(engine, now=SOON + timedelta(seconds=11))  # The conclusion has come meanwhile.
    assert _open(engine) == []


def test_who_is_silent_about_a_row_is_asked_before_half_a_minute_is_over(engine: Engine) -> None:
    assert _watched(engine, SETTLED_AT + timedelta(seconds=20)) == []
    asked = _watched(engine, SETTLED_AT + timedelta(seconds=26))
    assert [one.topic for one in asked] == ["treatment.310000.notices", "insured.430000.notices"]
    until = SETTLED_AT + timedelta(seconds=1)
    assert {one.message.body for one in asked} == {SliceRequested(since=NOON, until=until)}
    _hears(engine, lacks=1, until=until, now=SETTLED_AT + timedelta(seconds=28))
    assert [row[1] for row in _open(engine)] == ["only_at_hub"]


def test_what_differs_is_asked_for_ever_more_rarely(engine: Engine) -> None:
    _hears(engine, lacks=1)
    at, pauses = SOON, []
    for _ in range(7):
        pause = next(
            n
            for n in range(1, 400)
            if any("insured" in one.topic for one in _watched(engine, at + timedelta(seconds=n)))
        )
        pauses.append(pause)
        at += timedelta(seconds=pause)
    assert pauses[0] < pauses[-1] == 300


def test_a_row_at_another_instant_of_the_day_is_the_same_row(engine: Engine) -> None:
    """The area counts everything to a slice in which the hub has nothing."""
    later = UNTIL + timedelta(seconds=1)
    rows, named = open_slices.rows_of(Role.INSURED, HUNAN, SINCE, UNTIL)
    with engine.begin() as tx:
        said = SliceReported(
            area=HUNAN,
            role=Role.INSURED,
            since=UNTIL,
            until=later,
            days=days_of(tx, rows, named),
        )
        [asked] = slices.record(tx, [_from_insured(said)], SOON)  # type: ignore[list-item]  # its body
        body = asked.message.body
        assert isinstance(body, RowsRequested)
        reconciliation.record_rows(tx, [_from_insured(_rows(tx, rows, named, body))], SOON)  # type: ignore[list-item]  # its body
    assert _open(engine) == []


def test_what_others_differ_in_hides_nothing_of_an_area(engine: Engine) -> None:
    with engine.begin() as tx:
        for role, area, since in ((Role.INSURED, HUNAN, SINCE), (Role.TREATMENT, SHANGHAI, SOON)):
            key = (role, area, since, since + timedelta(seconds=5))
            open_slices.keep(tx, key, SOON, ask_again_at=SOON, is_reported=False)
        seen = open_day.open_now(tx, 1, area=SHANGHAI, roles={Role.TREATMENT})
        assert [one.area for one in seen[0]] == [SHANGHAI]
        assert open_day.open_now(tx, 1, area=SHANGHAI, roles={Role.INSURED}) == ([], [])


def test_only_the_area_speaks_for_itself_and_not_of_the_future(engine: Engine) -> None:
    assert _hears(engine, lacks=1, sender="insured.340000") == []
    assert _hears(engine, lacks=1, now=UNTIL - timedelta(seconds=5)) == []
    assert _open(engine) == []


def test_when_the_day_is_closed_the_daily_comparison_takes_over(engine: Engine) -> None:
    _hears(engine, lacks=1)
    with engine.begin() as tx:
        days.close(tx, datetime(2026, 3, 31, 17, 0, tzinfo=UTC))
    _watched(engine, datetime(2026, 3, 31, 17, 1, tzinfo=UTC))
    assert _open(engine) == []
    with engine.begin() as tx:
        asked = reconciliation.begin(tx, TODAY, NOON)
    assert [one.topic for one in asked] == [
        f"insured.{HUNAN}.notices",
        f"treatment.{SHANGHAI}.notices",
    ]
