"""The advance fund by tables a clerk can check: states, accounts, amounts, marks and dates."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import grimp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode
from contracts.ids import new_id
from contracts.messages.advance import Direction, Level, NoticeKind
from contracts.state_machine import IllegalStep
from hub.domain.advance import (
    CHANGE,
    Account,
    Balance,
    Cause,
    Change,
    ChangeEvent,
    ChangeState,
    balance_of,
    event_of_payment,
    event_of_receipt,
    posting_of,
    yearly_amount,
)
from hub.domain.advance_notice import due_dates, notices_of
from hub.domain.advance_parameters import (
    Dates,
    Forecasting,
    Formula,
    NoParameter,
    Thresholds,
    all_thresholds,
    escalations,
    on,
    thresholds_for,
)
from hub.domain.advance_usage import level_of, mark_fen, usage_bp
from hub.domain.advance_warning import Standing, Warned, tier_due, to_end, to_raise
from tests.support.tables import rows

ANHUI, SHANGHAI, HUNAN = AreaCode("340000"), AreaCode("310000"), AreaCode("430000")
AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
DAY = date(2026, 1, 5)
YUAN = 100


def a_change(amount_fen: int = 500_00, **changes: object) -> Change:
    usual: dict[str, object] = {
        "change_id": new_id(),
        "kind": NoticeKind.YEARLY,
        "year": 2026,
        "pair": (ANHUI, SHANGHAI),
        "before_fen": 600_00,
        "amount_fen": amount_fen,
        "basis_fen": 0,
        "state": ChangeState.DRAFTED,
        "drafted_at": AT,
    }
    return Change(**usual | changes)  # type: ignore[arg-type]  # written out above


STATES = """
    from     on           to
    drafted  issue        issued
    drafted  take_over    received
    drafted  drop         dropped
    issued   pay_part     issued
    issued   pay_rest     paid
    issued   receive_part issued
    paid     receive_part paid
    paid     receive_rest received
"""


def test_a_change_takes_these_steps_and_no_other() -> None:
    allowed = {(row["from"], row["on"]): row["to"] for row in rows(STATES)}
    for state, event in product(ChangeState, ChangeEvent):
        if (state.value, event.value) in allowed:
            assert CHANGE.after(state, event).value == allowed[state.value, event.value]
        else:
            with pytest.raises(IllegalStep):
                CHANGE.after(state, event)


# What a pair's accounts hold after each step of an advance of 600 yuan that is raised by 500 and
# then, the year after, lowered by 300. In yuan.
ACCOUNTS = """
    step            granted owed in_transit held returning coming_back amount
    opening_600     -600    0    0          600  0         0           600
    notice_500      -1100   500  0          600  0         0           1100
    payment_200     -1100   300  200        600  0         0           1100
    receipt_200     -1100   300  0          800  0         0           1100
    payment_300     -1100   0    300        800  0         0           1100
    receipt_300     -1100   0    0          1100 0         0           1100
    notice_-300     -1100   0    0          800  300       0           800
    payment_-300    -1100   0    0          800  0         300         800
    receipt_-300    -800    0    0          800  0         0           800
"""


def test_every_step_of_an_advance_moves_it_between_two_accounts() -> None:
    posted = []
    for row in rows(ACCOUNTS):
        cause, yuan = row["step"].split("_")
        change = a_change(int(yuan) * YUAN)
        payment = None if cause in {"opening", "notice"} else new_id()
        posted.append(posting_of(change, Cause(cause), abs(change.amount_fen), AT, payment))
        balance = balance_of(posted)
        expected = {f"{account}_fen": int(row[account]) * YUAN for account in Account}
        assert balance == Balance(**expected), row
        assert balance.amount_fen == int(row["amount"]) * YUAN, row


# A change of 500 yuan: what was paid (or confirmed) before, what comes now, and what it does.
PARTS = """
    before now paid     confirmed
    0      500 pay_rest receive_rest
    0      499 pay_part receive_part
    200    299 pay_part receive_part
    200    300 pay_rest receive_rest
"""


def test_payments_and_receipts_may_come_in_parts() -> None:
    for row in rows(PARTS):
        before, now = int(row["before"]) * YUAN, int(row["now"]) * YUAN
        assert event_of_payment(a_change(), before, now) == row["paid"]
        assert event_of_receipt(a_change(), before, now) == row["confirmed"]


# Two times the average month of the quarter, upwards to whole hundreds of yuan.
AMOUNTS = """
    quarter_yuan amount_yuan
    0            0
    1            100
    150          100
    151          200
    3000         2000
    3000000      2000000
    3000001      2000100
    -500         0
"""


def test_the_yearly_amount_is_twice_the_average_month_of_the_quarter() -> None:
    formula = on(Formula, DAY)
    for row in rows(AMOUNTS):
        assert yearly_amount(int(row["quarter_yuan"]) * YUAN, formula) == (
            int(row["amount_yuan"]) * YUAN
        ), row


LEVELS = """
    spent held level  usage
    0     1000 green  0
    699   1000 green  6990
    700   1000 yellow 7000
    899   1000 yellow 8990
    900   1000 red    9000
    5000  1000 red    50000
    -20   1000 green  -200
    0     0    none   -
    50    0    none   -
"""


def test_yellow_and_red_begin_exactly_at_their_marks() -> None:
    for row in rows(LEVELS):
        spent, held = int(row["spent"]), int(row["held"])
        assert level_of(spent, held, on(Thresholds, DAY)) is Level(row["level"]), row
        usage = usage_bp(spent, held)
        assert ("-" if usage is None else str(usage)) == row["usage"], row


@given(held=st.integers(1, 10**13), mark=st.integers(1, 20_000))
def test_a_mark_is_the_first_fen_at_which_its_share_is_reached(held: int, mark: int) -> None:
    fen = mark_fen(held, mark)
    assert fen * 10_000 >= held * mark > (fen - 1) * 10_000


# 2026: New Year's Day rests 1–3 January, 4 January is worked; Spring Festival rests 15–23 February,
# 14 and 28 February are worked. The yearly round is paid before 1 March.
DATES = """
    kind      issued_on  finance_by pay_by
    yearly    2026-01-12 2026-01-19 2026-02-02
    yearly    2026-01-31 2026-02-06 2026-02-27
    emergency 2026-01-31 2026-02-06 2026-02-27
    emergency 2026-02-09 2026-02-14 2026-03-06
    yearly    2026-02-09 2026-02-14 2026-02-28
    yearly    2026-03-20 2026-03-27 2026-04-13
"""


def test_due_dates_count_working_days_and_the_round_ends_in_february() -> None:
    for row in rows(DATES):
        issued = date.fromisoformat(row["issued_on"])
        found = due_dates(NoticeKind(row["kind"]), issued, on(Dates, issued))
        assert [day.isoformat() for day in found] == [row["finance_by"], row["pay_by"]], row


def test_each_party_gets_one_notice_a_direction() -> None:
    issued = {
        "state": ChangeState.ISSUED,
        "issue_id": UUID(int=7),
        "issued_on": DAY,
        "finance_by": date(2026, 1, 12),
        "pay_by": date(2026, 1, 26),
    }
    up = a_change(500_00, **issued)
    down = a_change(-100_00, pair=(ANHUI, HUNAN), **issued)
    back = a_change(200_00, pair=(SHANGHAI, ANHUI), **issued)
    found = {(n.area, n.direction): n for n in notices_of([up, down, back])}
    assert {key: notice.lines for key, notice in found.items()} == {
        (ANHUI, Direction.PAY): (up,),
        (ANHUI, Direction.COLLECT): (back, down),
        (SHANGHAI, Direction.COLLECT): (up,),
        (SHANGHAI, Direction.PAY): (back,),
        (HUNAN, Direction.PAY): (down,),
    }
    assert found[ANHUI, Direction.COLLECT].total_fen == 300_00
    assert found[ANHUI, Direction.PAY].title_zh == "预付金额度调整付款通知书"
    paid = sum(n.total_fen for n in found.values() if n.direction is Direction.PAY)
    collected = sum(n.total_fen for n in found.values() if n.direction is Direction.COLLECT)
    assert paid == collected
    assert len({notice.number for notice in found.values()}) == len(found)


def test_an_opening_amount_has_no_notice() -> None:
    assert notices_of([a_change(kind=NoticeKind.OPENING)]) == []


# Hours after a warning was raised, whether it is acknowledged, and the tier that should know.
ESCALATION = """
    level  hours acknowledged tier
    yellow 0     no           1
    yellow 71    no           1
    yellow 72    no           2
    yellow 500   no           2
    red    23    no           1
    red    24    no           2
    red    48    no           3
    red    500   yes          1
"""


def test_a_warning_nobody_acknowledges_goes_to_the_next_tier() -> None:
    for row in rows(ESCALATION):
        warned = a_warning(Level(row["level"]), row["acknowledged"] == "yes")
        later = AT + timedelta(hours=int(row["hours"]))
        assert tier_due(warned, escalations(), later) == int(row["tier"]), row


def a_warning(level: Level, acknowledged: bool = False) -> Warned:
    return Warned(
        warning_id=new_id(),
        subject=(ANHUI, SHANGHAI),
        cycle="2026-01",
        level=level,
        spent_fen=0,
        held_fen=0,
        raised_at=AT,
        acknowledged_by="somebody" if acknowledged else None,
        acknowledged_at=AT if acknowledged else None,
    )


# What is open, how the pair stands now, and what happens to the warning.
WARNINGS = """
    open   cycle   level  ends raised
    -      2026-01 green  no   no
    -      2026-01 yellow no   yes
    -      2026-01 none   no   no
    yellow 2026-01 yellow no   no
    yellow 2026-01 red    yes  yes
    red    2026-01 yellow yes  yes
    red    2026-01 green  yes  no
    red    2026-02 red    yes  yes
    red    2026-02 green  yes  no
"""


def test_a_warning_is_raised_once_and_ends_with_its_level_or_cycle() -> None:
    for row in rows(WARNINGS):
        open_ones = [] if row["open"] == "-" else [a_warning(Level(row["open"]))]
        now = Standing((ANHUI, SHANGHAI), row["cycle"], Level(row["level"]), 0, 0)
        assert bool(to_end(open_ones, {now.subject: now})) == (row["ends"] == "yes"), row
        assert bool(to_raise(open_ones, [now])) == (row["raised"] == "yes"), row


# Rows of thresholds as an agency could add them; and which one holds for whom, by its yellow mark.
MARKS = """
    holds_from insured treatment yellow
    2023-01-01 -       -         7000
    2026-06-01 -       -         6500
    2026-01-01 340000  -         6000
    2026-01-01 340000  310000    5000
    2026-03-01 340000  310000    5500
"""
MARKED = """
    day        insured treatment yellow
    2025-12-31 340000  310000    7000
    2026-01-01 340000  310000    5000
    2026-03-01 340000  310000    5500
    2026-06-01 340000  310000    5500
    2026-06-01 340000  430000    6000
    2026-06-01 430000  310000    6500
    2026-06-01 -       310000    6500
"""


def _named(text: str) -> str | None:
    return None if text == "-" else text


def test_the_marks_of_a_pair_go_before_those_of_everybody() -> None:
    table = [
        Thresholds(
            holds_from=date.fromisoformat(row["holds_from"]),
            yellow_bp=int(row["yellow"]),
            red_bp=9_000,
            counts_account=True,
            source="",
            insured_area=_named(row["insured"]),
            treatment_area=_named(row["treatment"]),
        )
        for row in rows(MARKS)
    ]
    for row in rows(MARKED):
        day = date.fromisoformat(row["day"])
        found = thresholds_for(table, day, _named(row["insured"]), row["treatment"])
        assert found.yellow_bp == int(row["yellow"]), row
    with pytest.raises(NoParameter):
        thresholds_for(table, date(2022, 12, 31), None, SHANGHAI)


def test_the_marks_that_travel_with_the_program_are_sound() -> None:
    for row in all_thresholds():
        assert 0 < row.yellow_bp < row.red_bp <= 10_000
    assert {row.level for row in escalations()} == {Level.YELLOW, Level.RED}


STEPS = st.lists(
    st.tuples(
        st.sampled_from([cause for cause in Cause if cause is not Cause.OPENING]),
        st.integers(-(10**12), 10**12).filter(bool),
    )
)


@given(steps=STEPS)
def test_the_accounts_of_a_pair_sum_to_zero_whatever_happens(
    steps: list[tuple[Cause, int]],
) -> None:
    posted = [
        posting_of(a_change(amount), cause, abs(amount), AT, new_id()) for cause, amount in steps
    ]
    balance = balance_of(posted)
    by_account = {account: getattr(balance, f"{account}_fen") for account in Account}
    assert sum(by_account.values()) == 0
    # A notice alone changes the amount; paying and receiving only move it.
    assert balance.amount_fen == sum(fen for cause, fen in steps if cause is Cause.NOTICE)


def test_every_parameter_has_a_day_from_which_it_holds() -> None:
    assert on(Formula, DAY).source
    assert on(Thresholds, DAY).source
    assert on(Dates, DAY).source
    assert on(Forecasting, DAY).source
    with pytest.raises(NoParameter):
        on(Formula, date(2022, 12, 31))


def test_what_handles_bills_cannot_even_reach_what_knows_of_levels() -> None:
    """It warns, it never stops a patient. (Who decides proposals may issue notices, no more.)"""
    graph = grimp.build_graph("hub")
    knowing = {
        "hub.services.advance_positions",
        "hub.services.advance_watching",
        "hub.store.advance_spending",
        "hub.store.advance_warnings",
    }
    assert knowing <= graph.modules
    for name in ("settlements", "calculations", "undoing", "releases", "trials", "preflight"):
        reached = graph.find_upstream_modules(f"hub.services.{name}")
        assert not reached & knowing, name
