"""The terms of clearing: what each fault of a table is called, and what a good one says."""

from dataclasses import replace
from datetime import date

import pytest

from hub.domain.clearing_terms import (
    Due,
    DueRule,
    Terms,
    TermsWrong,
    all_terms,
    read_terms,
    shipped_terms,
    use_terms,
)
from hub.domain.cycle import cycle_named, cycles, due_dates, span_of
from hub.domain.netting import Netting

STEPS = "".join(
    f'[[terms.steps]]\nstep = "{step}"\nzh = "事{number}"\nwho = "who{number}"\nafter_days = {number}\n'
    for number, step in enumerate(Due, 1)
)
HEAD = """
[[terms]]
holds_from = 2023-01-01
length = 10
netting = "bilateral"
late_months = 2
year_end = "03-31"
source = "a test"
"""
GOOD = HEAD + STEPS
AFTER_PAY = 'working_days = 2\nafter = "pay"\n'
FORWARDS = "lateness is counted forwards"
BEGINNING = "terms begin on the first of a month, each after the one before"
ONE_WAY = "one way to be due, and working days after a step"
# What is written in place of what, and what the reader of the table is told.
FAULTS = {
    "length": ("length = 10", "length = 16", "a cycle has 1 to 15 days, or is a month"),
    "no days": ("length = 10", "length = 0", "a cycle has 1 to 15 days, or is a month"),
    "netting": ('"bilateral"', '"both"', "cannot be read: 'both' is not a valid Netting"),
    "missing": ("late_months = 2\n", "", "cannot be read: 'late_months'"),
    "earlier": ("late_months = 2", "late_months = -1", FORWARDS),
    "begins": ("2023-01-01", "2023-01-02", BEGINNING),
    "order": ('step = "pay"', 'step = "issue"', "every step once, in the order of the work"),
    "two ways": (
        "after_days = 1\n",
        "after_days = 1\nday = 3\n",
        f"cannot be read: reconcile: {ONE_WAY}",
    ),
    "after alone": (
        "after_days = 2\n",
        'day = 2\nafter = "reconcile"\n',
        f"cannot be read: declare: {ONE_WAY}",
    ),
    "later": ("after_days = 3\n", AFTER_PAY, "issue waits for what comes later"),
    "itself": ("after_days = 7\n", AFTER_PAY, "pay waits for what comes later"),
    "day 0": ("after_days = 3\n", "day = 0\n", "issue: not every month has that day"),
    "day 29": ("after_days = 3\n", "day = 29\n", "issue: not every month has that day"),
}


@pytest.mark.parametrize(("old", "new", "told"), FAULTS.values(), ids=FAULTS)
def test_whoever_edits_the_table_is_told_what_is_wrong(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(TermsWrong) as refused:
        read_terms(GOOD.replace(old, new, 1))
    assert str(refused.value) == told


def test_a_good_table_says_all_that_is_written_in_it() -> None:
    text = GOOD.replace("after_days = 8\n", AFTER_PAY).replace("after_days = 3\n", "day = 28\n")
    [terms] = read_terms(text.replace("after_days = 5\n", "month_end = true\n"))
    assert replace(terms, rules=()) == Terms(
        holds_from=date(2023, 1, 1),
        length=10,
        netting=Netting.BILATERAL,
        late_months=2,
        year_end=(3, 31),
        source="a test",
        rules=(),
    )
    assert [terms.rules[at] for at in (0, 2, 4, 7)] == [
        DueRule(Due.RECONCILE, "事1", "who1", after_days=1),
        DueRule(Due.ISSUE, "事3", "who3", day=28),
        DueRule(Due.NOTIFY, "事5", "who5", month_end=True),
        DueRule(Due.RECORD_PAYMENT, "事8", "who8", working_days=2, after=Due.PAY),
    ]


def test_a_deployment_may_go_by_a_table_of_its_own() -> None:
    own, other = read_terms(GOOD), read_terms(GOOD.replace("= 10", "= 5"))
    assert all_terms() == shipped_terms()
    try:
        for table in (own, other):
            use_terms(table)
            assert all_terms() == table
    finally:
        use_terms(None)
    assert all_terms() == shipped_terms()


def test_the_first_day_of_a_month_and_the_longest_cycle_are_good() -> None:
    text = GOOD.replace("length = 10", "length = 15").replace("after_days = 3\n", "day = 1\n")
    [terms] = read_terms(text.replace("late_months = 2", "late_months = 0"))
    assert (terms.length, terms.late_months, terms.rules[2].day) == (15, 0, 1)


def test_a_name_that_is_no_cycle_is_told_only_so_far() -> None:
    with pytest.raises(ValueError, match=r"not a clearing cycle: 'a{20}'$"):
        cycle_named("a" * 21, all_terms())


def test_days_after_a_cycle_are_counted_from_its_last() -> None:
    cycle = cycle_named("2026-03-01..10", read_terms(GOOD))
    found = due_dates(cycle)
    assert [one.on for one in found.values()] == [date(2026, 3, 10 + day) for day in range(1, 10)]
    assert [(step, one.step, one.zh, one.who) for step, one in found.items()] == [
        (step, step, f"事{number}", f"who{number}") for number, step in enumerate(Due, 1)
    ]


def test_a_cycle_that_ends_on_a_day_has_not_ended_before_it() -> None:
    table = read_terms(GOOD)
    first, until = date(2026, 3, 1), date(2026, 3, 20)
    assert [one.name for one in cycles(first, until, table)] == ["2026-03-01..10"]


@pytest.mark.parametrize(("year_end", "oldest"), [("03-28", "2025-11-01"), ("03-27", "2026-01-01")])
def test_a_run_issued_on_the_years_last_day_still_takes_of_the_year_before(
    year_end: str, oldest: str
) -> None:
    """February's run is issued on 28 March, and items may come three months late."""
    text = GOOD.replace("length = 10", 'length = "month"').replace("03-31", year_end)
    text = text.replace("late_months = 2", "late_months = 3").replace("after_days = 3", "day = 28")
    assert span_of(cycle_named("2026-02", read_terms(text))).oldest.isoformat() == oldest
