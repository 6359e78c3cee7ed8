"""The year of a person is the sum of what is held: over New Year, at once, and given back."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts.codes import PersonType, RegistrationCategory, VisitKind
from contracts.ids import PersonId
from contracts.message import Body
from contracts.messages.settlement import (
    CalculationRequested,
    Care,
    ReleaseReason,
    ReleaseRequested,
    SettlementCalculated,
)
from contracts.money import fen_from_yuan
from participants.insured.domain.area import Area
from participants.insured.services import calculations, explaining, releases
from participants.insured.store import grants
from participants.insured.store.db import migrate
from participants.policy.explain import steps_as_json, steps_from_json
from participants.policy.loader import library
from participants.policy.model import Result, YearToDate
from tests.support.databases import Databases
from tests.support.insured import (
    NOON,
    SEALER,
    InsuredArea,
    bill,
    care,
    person,
    release,
    request,
    row,
    settlement,
)
from tests.support.insured_books import (
    EMPTY,
    area_with,
    from_the_hub,
    opening_balances,
    whole_policy,
    years_that_differ,
)
from tests.support.statements import heard
from tests.support.tables import rows

Row = dict[str, str]
BALANCE_FEN = 800_00
PEOPLE, THREADS = 3, 4
AIDED = ("low_income", "cancer_chemo_radio")
HENAN = area_with(library()["henan-employee-2001"])
WHOLE = area_with(whole_policy())
OVER_NEW_YEAR = care(
    hospital_level=1, admitted_on=date(2025, 12, 20), discharged_on=date(2026, 1, 5)
)
NO_RESULT = Result("-", 0, 0, {}, 0, 0, (), YearToDate())
ALL_YEARS = "SELECT year, in_scope_fen, stays FROM person_years ORDER BY year"


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    found = InsuredArea(databases.fresh("insured", migrate))
    found.insure()
    return found


def said(area: InsuredArea, rules: Area, *bodies: Body) -> list[Body]:
    """What the area answers when it hears these one after another, each in its transaction."""
    answers: list[Body] = []
    for body in bodies:
        handle = releases.release if isinstance(body, ReleaseRequested) else calculations.calculate
        with area.engine.begin() as tx:
            answers += [one.message.body for one in handle(rules, tx, [from_the_hub(body)], NOON)]
    return answers


# 17 days: 12 from 20 to 31 December, 5 from 1 to 5 January, the day of discharge with them.
def test_a_stay_over_new_year_is_split_by_days_where_the_policy_says_so(area: InsuredArea) -> None:
    (answer,) = said(area, HENAN, request(1, OVER_NEW_YEAR, bill(17_000_00)))
    assert isinstance(answer, SettlementCalculated)
    assert answer.shares.total_fen() == 17_000_00
    assert area.rows(ALL_YEARS) == [(2025, 12_000_00, 1), (2026, 5_000_00, 1)]
    assert area.rows("SELECT year, added_in_scope_fen FROM grants") == [(2026, 5_000_00)]
    assert area.rows("SELECT year, added_in_scope_fen FROM grant_years") == [(2025, 12_000_00)]
    assert years_that_differ(area) == []


def test_both_parts_of_a_split_stay_stand_in_its_working(area: InsuredArea) -> None:
    said(area, HENAN, request(1, OVER_NEW_YEAR, bill(17_000_00)))
    with area.engine.begin() as tx:
        found = explaining.explained(tx, PersonId(person(1)), settlement(1), SEALER)
    assert {line.split("：")[0].split(". ")[1] for line in found.lines} == {"跨年前", "跨年后"}


def test_a_split_stay_goes_on_where_each_of_its_years_stands(area: InsuredArea) -> None:
    earlier = care(hospital_level=1, admitted_on=date(2025, 3, 1), discharged_on=date(2025, 3, 9))
    alone = said(area, HENAN, request(1, OVER_NEW_YEAR, bill(17_000_00)))
    again = said(
        area, HENAN, release(1), request(2, earlier), request(3, OVER_NEW_YEAR, bill(17_000_00))
    )
    one, other = alone[0], again[2]
    assert isinstance(one, SettlementCalculated)
    assert isinstance(other, SettlementCalculated)
    assert other.deductible_fen < one.deductible_fen, "the second stay of 2025, the first of 2026"
    assert years_that_differ(area) == []


def test_a_released_split_stay_gives_back_to_both_years(area: InsuredArea) -> None:
    said(area, HENAN, request(1, OVER_NEW_YEAR, bill(17_000_00)), release(1), release(1))
    assert area.rows(ALL_YEARS) == [(2025, 0, 0), (2026, 0, 0)]
    assert years_that_differ(area) == []


SPLIT = """
    policy                | kind       | admitted   | discharged | years
    henan-employee-2001   | inpatient  | 2025-12-31 | 2026-01-01 | 2025+2026
    henan-employee-2001   | inpatient  | 2026-01-01 | 2026-01-09 | 2026
    henan-employee-2001   | inpatient  | 2025-12-01 | 2025-12-31 | 2025
    henan-employee-2001   | inpatient  | 2023-11-01 | 2026-01-09 | 2025+2026
    yizheng-employee-2010 | inpatient  | 2025-12-20 | 2026-01-05 | 2026
    yizheng-employee-2010 | chronic    | 2025-12-20 | 2026-01-05 | 2026
"""


@pytest.mark.parametrize("case", rows(SPLIT), ids=str)
def test_care_counts_in_the_years_that_its_policy_says(area: InsuredArea, case: Row) -> None:
    area.recognise("M01600")
    about = care(
        hospital_level=1,
        visit_kind=VisitKind(case["kind"]),
        disease_code="M01600",
        admitted_on=date.fromisoformat(case["admitted"]),
        discharged_on=date.fromisoformat(case["discharged"]),
    )
    said(area, area_with(library()[case["policy"]]), request(1, about))
    found = area.rows("SELECT year FROM person_years ORDER BY year")
    assert [str(year) for (year,) in found] == case["years"].split("+")


def test_a_cancelled_stay_gives_back_and_the_later_ones_keep_what_they_got(
    area: InsuredArea,
) -> None:
    """Goal: nobody's answer changes behind them. Method: cancel the first of three stays."""
    at_home = care(treatment_division="321081")
    rules = area_with(library()["yizheng-employee-2010"])
    asked = [request(n, at_home, bill(20_000_00)) for n in (1, 2, 3)]
    answers = said(area, rules, *asked)
    kept = "SELECT * FROM grants WHERE settlement_id <> %s ORDER BY settlement_id"
    before = area.rows(kept, (settlement(1),))
    said(area, rules, release(1, why=ReleaseReason.CANCELLED))
    assert area.rows(kept, (settlement(1),)) == before
    assert said(area, rules, *asked[1:]) == answers[1:]
    assert years_that_differ(area) == []
    # What was given back is there for the next: 20,000 of the 40,000 are free of the first stay,
    # less what the third had of the large-sum fund; and it is a third stay, not a fourth.
    (fourth,) = said(area, rules, request(4, at_home, bill(1_000_00)))
    assert isinstance(fourth, SettlementCalculated)
    assert fourth.deductible_fen == 400_00
    assert area.rows("SELECT stays, in_scope_fen FROM person_years") == [(3, 41_000_00)]


def test_a_lump_sum_beyond_the_bill_is_kept_with_the_grant(area: InsuredArea) -> None:
    rules = area_with(library()["henan-maternity-2015"])
    birth = care(flags=("maternity", "caesarean"))
    (answer,) = said(area, rules, request(1, birth, bill(4_000_00)))
    assert isinstance(answer, SettlementCalculated)
    assert (answer.shares.pool_fen, answer.shares.cash_fen) == (4_000_00, 0)
    kept = "SELECT beyond_bill_fen, added_counters FROM grants"
    assert area.rows(kept) == [(300_00, {"maternity": 4_300_00})]
    assert area.rows("SELECT counters FROM person_years") == [({"maternity": 4_300_00},)]
    said(area, rules, release(1))
    assert area.rows("SELECT counters FROM person_years") == [({},)]


def test_a_monthly_cap_counts_the_month_and_gives_it_back(area: InsuredArea) -> None:
    """The cap is 50.00 a month, the rate 50 % above 110.00 of each visit."""
    visit = care(visit_kind=VisitKind.OUTPATIENT, treatment_division="321081")
    february = {"admitted_on": date(2026, 2, 28), "discharged_on": date(2026, 2, 28)}
    another_month = visit.model_copy(update=february)
    ask = [request(1, visit, bill(170_00)), request(2, visit, bill(170_00))]
    other = request(3, another_month, bill(170_00))
    answers = said(area, WHOLE, *ask, other, release(1), request(4, visit, bill(170_00)))
    paid = [one.shares.pool_fen for one in answers if isinstance(one, SettlementCalculated)]
    assert paid == [30_00, 20_00, 30_00, 30_00]
    assert years_that_differ(area) == []


@dataclass(slots=True)
class Crowd:
    """Threads that each hear their part of a story, every one on a connection of its own."""

    area: InsuredArea
    rules: Area
    faults: list[BaseException] = field(default_factory=list)

    def hear(self, stories: Sequence[Sequence[Sequence[Body]]]) -> None:
        threads = [threading.Thread(target=self._hear, args=(story,)) for story in stories]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert self.faults == []

    def _hear(self, story: Sequence[Sequence[Body]]) -> None:
        try:
            for batch in story:
                self._transact(releases.release, ReleaseRequested, batch)
                self._transact(calculations.calculate, CalculationRequested, batch)
        except BaseException as fault:  # noqa: BLE001 - the test itself must see it
            self.faults.append(fault)

    def _transact(self, handle: Callable[..., object], kind: type, batch: Sequence[Body]) -> None:
        some = [from_the_hub(body) for body in batch if isinstance(body, kind)]
        if some:
            with self.area.engine.begin() as tx:
                handle(self.rules, tx, some, NOON)


@st.composite
def visits(draw: st.DrawFn, who: int) -> Care:
    first = draw(st.sampled_from([date(2025, 12, 24), date(2026, 1, 3), date(2026, 2, 27)]))
    last = draw(st.sampled_from([first, date(2026, 3, 1)]))
    return care(
        who,
        visit_kind=draw(st.sampled_from(VisitKind)),
        hospital_level=draw(st.integers(0, 4)),
        disease_code=draw(st.sampled_from([None, "M01600", "M00500"])),
        flags=draw(st.sampled_from([(), AIDED, ("dialysis",), ("maternity",)])),
        admitted_on=first,
        discharged_on=last,
        use_account=draw(st.booleans()),
        treatment_division=draw(st.sampled_from(["321081", "310101"])),
    )


@st.composite
def requests(draw: st.DrawFn, number: int) -> CalculationRequested:
    of = bill(draw(st.integers(0, 300_000_00)), draw(st.integers(0, 9_99)))
    category = draw(st.sampled_from(RegistrationCategory))
    return request(number, draw(visits(number % PEOPLE)), of, category)


stories = st.integers(4, 14).flatmap(
    lambda many: st.tuples(
        st.tuples(*(requests(number) for number in range(many))),
        st.sets(st.integers(0, many - 1)),
        st.integers(0, 2**32),
    )
)


def test_whatever_comes_at_once_every_year_is_the_sum_of_what_is_held(databases: Databases) -> None:
    """Goal: all amounts, counters and accounts are exact, whoever was first.

    Method: four threads of one batch after another, each with bills and releases of everybody, in
    any order, some of them before their bill, over a policy that has every part there is.
    """
    area = InsuredArea(databases.fresh("insured", migrate))

    @given(story=stories)
    @settings(max_examples=25, deadline=None, phases=(Phase.reuse, Phase.generate))
    def agrees(
        story: tuple[tuple[CalculationRequested, ...], set[int], int],
    ) -> None:
        asked, given_back, seed = story
        with area.engine.begin() as tx:
            tx.exec_driver_sql(EMPTY)
        area.insure(
            *(
                row(
                    number,
                    account_balance_fen=BALANCE_FEN,
                    civil_servant=number == 0,
                    person_type=PersonType.RETIRED if number == 1 else PersonType.ACTIVE,
                )
                for number in range(PEOPLE)
            )
        )
        for number in range(PEOPLE):
            area.recognise("M01600", number)
            area.recognise("M00500", number)
        undone = [release(number, number % PEOPLE) for number in given_back]
        Crowd(area, WHOLE).hear(_dealt([*asked, *asked, *undone], Random(seed)))
        assert years_that_differ(area) == []
        assert opening_balances(area) == {BALANCE_FEN}

    agrees()


def _dealt(bodies: Sequence[Body], random: Random) -> list[list[list[Body]]]:
    """Everything in any order over the threads, in batches that name nobody twice."""
    hands: list[list[list[Body]]] = [[[]] for _ in range(THREADS)]
    for body in random.sample(bodies, len(bodies)):
        story = random.choice(hands)
        if any(_who(one) == _who(body) for one in story[-1]):
            story.append([])
        story[-1].append(body)
    return hands


def _who(body: Body) -> str:
    if isinstance(body, CalculationRequested):
        return body.care.person_id
    assert isinstance(body, ReleaseRequested)
    return body.person_id


def test_a_held_grant_is_found_in_each_year_that_it_counts_in(area: InsuredArea) -> None:
    said(area, HENAN, request(1, OVER_NEW_YEAR), request(2, care(hospital_level=1)))
    said(area, HENAN, request(3, care(hospital_level=1)), release(3))
    with area.engine.begin() as tx:
        held = {year: grants.held(tx, PersonId(person(1)), year) for year in (2024, 2025, 2026)}
    ids = {year: [one.settlement_id for one in some] for year, some in held.items()}
    assert ids == {2024: [], 2025: [settlement(1)], 2026: [settlement(1), settlement(2)]}


# The driver's own way to see every statement: no code of ours is replaced.
READS = ("FROM insurances", "FROM grants", "FROM person_years", "FROM chronic_eligibilities")
WRITES = ("INTO grants", "INTO grant_years", "INTO workings", "INTO person_years", "insurances SET")


def test_five_hundred_bills_of_every_kind_read_a_table_once_and_write_it_once(
    area: InsuredArea,
) -> None:
    """Goal: six statements for a batch of 500, seven with a split bill; releases need five."""
    area.insure(*(row(number, account_balance_fen=1_00) for number in range(500)))
    abouts = [
        care(
            number,
            visit_kind=(VisitKind.INPATIENT, VisitKind.OUTPATIENT)[number % 2],
            admitted_on=date(2026, 3, 1) if number % 5 else date(2025, 12, 20),
            use_account=True,
        )
        for number in range(500)
    ]
    batch = [from_the_hub(request(number, one)) for number, one in enumerate(abouts)]
    with area.engine.begin() as tx, heard(tx) as statements:
        assert len(calculations.calculate(WHOLE, tx, batch, NOON)) == 500
    assert len(statements) == 7
    for part in (*READS, *WRITES):
        assert len([text for text in statements if part in text]) == 1, part
    back = [from_the_hub(release(number, number)) for number in range(500)]
    with area.engine.begin() as tx, heard(tx) as statements:
        assert len(releases.release(WHOLE, tx, back, NOON)) == 500
    assert len(statements) == 5
    assert years_that_differ(area) == []


def test_the_deductible_of_a_year_boundary_can_be_followed_with_a_pencil(area: InsuredArea) -> None:
    """河南 2001: 10 % of the average wage of 12,000.00 for a first stay, in each of the years."""
    (answer,) = said(area, HENAN, request(1, OVER_NEW_YEAR, bill(17_000_00)))
    assert isinstance(answer, SettlementCalculated)
    assert answer.deductible_fen == 2 * fen_from_yuan("1200.00")


def test_a_working_is_stored_as_the_engine_writes_its_steps(area: InsuredArea) -> None:
    said(area, WHOLE, request(1, of=bill(90_000_00, 1_23)))
    with area.engine.begin() as tx:
        stored = grants.working_of(tx, settlement(1))
    steps = steps_from_json(stored)
    assert len(steps) > 3
    assert steps_as_json(replace(NO_RESULT, steps=steps)) == stored
