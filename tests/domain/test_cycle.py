"""The clearing calendar: cycles, due dates and lateness, as a clerk with a wall calendar reads them."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.clearing_terms import Due, Terms, TermsWrong, all_terms, read_terms, terms_on
from hub.domain.cycle import cycle_named, cycle_on, cycles, due_dates, span_of
from tests.support.tables import rows

Row = dict[str, str]
DAYS = st.dates(date(2023, 1, 1), date(2035, 12, 31))

# 2025-12: Spring Festival 2026 (15 to 23 February) is in between, Saturdays 14 and 28 are worked.
# 2025-08, 2026-08: the National Day weeks, with Saturdays 11 and 10 October worked after them.
# 2026-12: of 2027 only the statutory days are known, so what is counted there is provisional.
DUE = """
    cycle   | issue      | answer     | notify     | submit     | pay        | payment    | receipt    | certain
    2025-08 | 2025-09-21 | 2025-09-25 | 2025-09-30 | 2025-10-14 | 2025-10-28 | 2025-11-04 | 2025-11-11 | yes
    2025-12 | 2026-01-21 | 2026-01-25 | 2026-01-31 | 2026-02-06 | 2026-02-27 | 2026-03-05 | 2026-03-12 | yes
    2026-01 | 2026-02-21 | 2026-02-25 | 2026-02-28 | 2026-03-06 | 2026-03-20 | 2026-03-27 | 2026-04-03 | yes
    2026-03 | 2026-04-21 | 2026-04-25 | 2026-04-30 | 2026-05-11 | 2026-05-25 | 2026-06-01 | 2026-06-08 | yes
    2026-08 | 2026-09-21 | 2026-09-25 | 2026-09-30 | 2026-10-13 | 2026-10-27 | 2026-11-03 | 2026-11-10 | yes
    2026-12 | 2027-01-21 | 2027-01-25 | 2027-01-31 | 2027-02-09 | 2027-02-23 | 2027-03-02 | 2027-03-09 | no
"""
COLUMNS = {
    "issue": Due.ISSUE,
    "answer": Due.ANSWER,
    "notify": Due.NOTIFY,
    "submit": Due.SUBMIT,
    "pay": Due.PAY,
    "payment": Due.RECORD_PAYMENT,
    "receipt": Due.RECORD_RECEIPT,
}
# Two months late, and all of a year is issued by 31 March: March's run, issued in April, takes
# nothing of the year before, which two months alone would not have brought it either.
LATE = """
    cycle   | late_months | oldest
    2026-07 | 2           | 2026-05-01
    2026-02 | 2           | 2025-12-01
    2026-03 | 2           | 2026-01-01
    2026-02 | 6           | 2025-08-01
    2026-03 | 6           | 2026-01-01
    2026-07 | 0           | 2026-07-01
    2025-12 | 2           | 2025-10-01
"""
NAMES = """
    length | day        | name           | first      | last
    month  | 2026-02-17 | 2026-02        | 2026-02-01 | 2026-02-28
    10     | 2026-01-10 | 2026-01-01..10 | 2026-01-01 | 2026-01-10
    10     | 2026-01-11 | 2026-01-11..20 | 2026-01-11 | 2026-01-20
    10     | 2026-01-31 | 2026-01-21..31 | 2026-01-21 | 2026-01-31
    10     | 2026-02-20 | 2026-02-11..20 | 2026-02-11 | 2026-02-20
    10     | 2026-02-28 | 2026-02-21..28 | 2026-02-21 | 2026-02-28
    15     | 2026-03-16 | 2026-03-16..31 | 2026-03-16 | 2026-03-31
    15     | 2026-02-15 | 2026-02-01..15 | 2026-02-01 | 2026-02-15
    15     | 2026-02-20 | 2026-02-16..28 | 2026-02-16 | 2026-02-28
    7      | 2026-03-29 | 2026-03-22..31 | 2026-03-22 | 2026-03-31
    1      | 2026-03-31 | 2026-03-31..31 | 2026-03-31 | 2026-03-31
"""
STEPS = "".join(
    f'[[terms.steps]]\nstep = "{step}"\nzh = "事"\nwho = "hub"\nafter_days = {number}\n'
    for number, step in enumerate(Due, 1)
)
TERMS = """
[[terms]]
holds_from = {holds_from}
length = {length}
netting = "{netting}"
late_months = {late_months}
year_end = "03-31"
source = "a test"
"""
USUAL = {"holds_from": "2023-01-01", "length": '"month"', "netting": "gross", "late_months": "2"}


def _terms(**changes: str) -> str:
    return TERMS.format(**USUAL | changes) + STEPS


def _length(text: str) -> str:
    return '"month"' if text == "month" else text


@pytest.mark.parametrize("row", rows(DUE), ids=lambda row: row["cycle"])
def test_every_step_of_a_cycle_has_its_day(row: Row) -> None:
    found = due_dates(cycle_named(row["cycle"], all_terms()))
    assert {name: found[step].on.isoformat() for name, step in COLUMNS.items()} == {
        name: row[name] for name in COLUMNS
    }
    is_certain = not any(one.is_provisional for one in found.values())
    assert is_certain is (row["certain"] == "yes")


@pytest.mark.parametrize("row", rows(LATE), ids=str)
def test_an_item_may_come_some_months_late_but_not_after_the_years_end(row: Row) -> None:
    text = _with_the_published_steps(row["late_months"])
    cycle = cycle_named(row["cycle"], read_terms(text))
    assert span_of(cycle).oldest == date.fromisoformat(row["oldest"])


def _with_the_published_steps(late_months: str) -> str:
    """The terms as they are published, with another lateness."""
    steps = STEPS.replace("after_days = 3\n", "day = 21\n")
    return TERMS.format(**USUAL | {"late_months": late_months}) + steps


@pytest.mark.parametrize("row", rows(NAMES), ids=str)
def test_a_cycle_has_a_name_and_its_days(row: Row) -> None:
    table = read_terms(_terms(length=_length(row["length"])))
    found = cycle_on(date.fromisoformat(row["day"]), table)
    assert [found.name, found.first.isoformat(), found.last.isoformat()] == [
        row["name"],
        row["first"],
        row["last"],
    ]
    assert cycle_named(row["name"], table) == found


@pytest.mark.parametrize(
    "name",
    ["", "2026", "2026-13", "2026-1", "1999-01", "２０２６-01", "2026-01-01..10", "2026-01-02..31"],
)
def test_what_is_not_a_cycle_of_these_terms_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a clearing cycle"):
        cycle_named(name, all_terms())


@given(day=DAYS, length=st.sampled_from(["month", *map(str, range(1, 16))]))
def test_every_day_lies_in_exactly_one_cycle(day: date, length: str) -> None:
    table = read_terms(_terms(length=_length(length)))
    found = list(cycles(day, day + timedelta(days=40), table))
    assert found[0].first <= day <= found[0].last
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1)
    assert all(one.first.month == one.last.month for one in found)


@given(day=DAYS)
def test_steps_are_due_in_the_order_of_the_work_after_the_cycle(day: date) -> None:
    cycle = cycle_on(day, all_terms())
    days = [one.on for one in due_dates(cycle).values()]
    assert days == sorted(days)
    assert cycle.last < days[0]


def test_other_terms_hold_from_their_day_and_change_nothing_before() -> None:
    text = _terms() + _terms(holds_from="2026-07-01", length="10", netting="bilateral")
    table = read_terms(text)
    found = [one.name for one in cycles(date(2026, 6, 1), date(2026, 8, 1), table)]
    assert found == ["2026-06", "2026-07-01..10", "2026-07-11..20", "2026-07-21..31"]
    assert terms_on(date(2026, 6, 30), table).netting.value == "gross"
    assert terms_on(date(2026, 7, 1), table).netting.value == "bilateral"
    assert terms_on(date(2000, 1, 1), table) == table[0]


WRONG = {
    "no table": "",
    "no length": _terms().replace('length = "month"', ""),
    "too long": _terms(length="16"),
    "no days": _terms(length="0"),
    "netting": _terms(netting="both"),
    "earlier than late": _terms(late_months="-1"),
    "within a month": _terms(holds_from="2023-01-02"),
    "twice": _terms() + _terms(),
    "a step is missing": _terms().rpartition("[[terms.steps]]")[0],
    "two ways": _terms().replace("after_days = 1\n", "after_days = 1\nday = 3\n"),
    "no way": _terms().replace("after_days = 1\n", ""),
    "not every month": _terms().replace("after_days = 1\n", "day = 29\n"),
    "after what": _terms().replace("after_days = 1\n", "working_days = 2\n"),
    "after the later": _terms().replace("after_days = 1\n", 'working_days = 2\nafter = "pay"\n'),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_terms_that_cannot_be_so_are_refused(text: str) -> None:
    with pytest.raises(TermsWrong):
        read_terms(text)


def test_the_published_terms_say_where_they_are_from() -> None:
    first: Terms = all_terms()[0]
    assert (first.length, first.late_months, first.year_end) == (None, 2, (3, 31))
    assert all(terms.source for terms in all_terms())
