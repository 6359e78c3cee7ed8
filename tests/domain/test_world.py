"""The pretended country, table by table: places, flows, rhythm, people, policies, one seed."""

from collections import Counter
from datetime import date, timedelta

import pytest

from contracts.codes import InsuranceKind, VisitKind, area_of, areas
from participants.policy.loader import library
from simulators.world import institutions, policies, rhythm
from simulators.world.country import Country, draw_country
from simulators.world.flows import flows, sent_from, treated_in
from simulators.world.habits import NEED_A_VISIT, Habit, habits
from simulators.world.kinds import kinds, shares, visits_a_day
from simulators.world.people import LEAST_AN_AREA
from simulators.world.places import distance_km, places, population_of_provinces
from simulators.world.reckoning import rules_of

MONDAY = date(2026, 11, 16)
CENSUS, IN_ACTIVE_SERVICE = 1_411_778_724, 2_000_000


@pytest.fixture(scope="module")
def country() -> Country:
    return draw_country(seed=7, scale=100, people=4_000, today=MONDAY)


def test_the_provinces_add_up_to_the_census() -> None:
    assert population_of_provinces() == CENSUS - IN_ACTIVE_SERVICE
    assert set(places()) == set(areas())


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ("340000", "310000", 406),  # 合肥—上海
        ("340000", "320000", 150),  # 合肥—南京
        ("110000", "310000", 1_067),
        ("110000", "650000", 2_404),
        ("440000", "230000", 2_793),
    ],
)
def test_distances_are_those_of_a_map(one: str, other: str, km: int) -> None:
    found = distance_km(places()[one], places()[other])  # type: ignore[index]
    assert found == pytest.approx(km, rel=0.03)


def test_all_992_pairs_have_a_flow_and_together_they_are_the_country() -> None:
    assert len(flows()) == 32 * 31
    assert min(flows().values()) > 0
    assert sum(flows().values()) == pytest.approx(1)
    assert not any(home == away for home, away in flows())


def test_the_large_treatment_areas_are_those_that_are_named_every_year() -> None:
    first = list(treated_in())[:5]
    assert {areas()[area].short for area in first} == {"苏", "京", "沪", "浙", "粤"}
    assert sum(treated_in()[area] for area in first) > 0.5


@pytest.mark.parametrize(
    ("home", "goes_to"),
    [
        ("皖", "苏沪浙"),
        ("冀", "京津"),
        ("赣", "浙粤"),
        ("甘", "陕"),
        ("桂", "粤"),
        ("黔", "渝"),
        ("川", "渝"),
        ("黑", "辽京"),
        ("兵", "新"),
    ],
)
def test_people_go_to_the_big_neighbour_first(home: str, goes_to: str) -> None:
    to = Counter({areas()[b].short: s for (a, b), s in flows().items() if areas()[a].short == home})
    first = [away for away, _ in to.most_common(4)]
    assert set(goes_to) <= set(first), first


def test_the_areas_that_send_most_are_populous() -> None:
    first = {areas()[area].short for area in list(sent_from())[:5]}
    assert {"豫", "皖", "鲁", "冀"} <= first


def test_eight_hours_have_four_fifths_of_a_day_and_the_peak_is_three_times_their_mean() -> None:
    busy = rhythm.slot_shares()[16:32]  # 08:00 to 16:00
    assert sum(rhythm.slot_shares()) == pytest.approx(1)
    assert sum(busy) == pytest.approx(0.8)
    assert max(busy) == pytest.approx(3 * sum(busy) / 16)
    assert max(busy) == busy[2]  # half past eight is past, the peak is nine o'clock
    assert sum(rhythm.weekday_factor(MONDAY + timedelta(days=n)) for n in range(7)) == (
        pytest.approx(7)
    )


def test_the_country_has_787_thousand_visits_a_day_and_65_a_second_at_the_peak() -> None:
    assert visits_a_day() == pytest.approx(787_000, rel=0.002)
    assert rhythm.peak_per_second(visits_a_day()) == pytest.approx(65, abs=1)


# 2025 Q1 as published: million visits, 亿元 paid, yuan a visit.
PUBLISHED = [
    (VisitKind.INPATIENT, 3.64, 365.37, 10_041),
    (VisitKind.OUTPATIENT, 45.16, 56.25, 125),
    (VisitKind.CHRONIC, 3.08, 27.92, 905),
    (VisitKind.PHARMACY, 18.87, 20.38, 108),
]


@pytest.mark.parametrize(("kind", "millions", "yi", "yuan"), PUBLISHED)
def test_the_kinds_are_as_published(kind: VisitKind, millions: float, yi: float, yuan: int) -> None:
    one = kinds()[kind]
    assert (one.visits, one.fund_fen) == (round(millions * 1_000_000), yuan * 100)
    assert yi * 1e8 / one.visits == pytest.approx(yuan, rel=0.005)  # both are rounded figures


def test_a_drawn_day_has_the_kinds_and_the_rhythm(country: Country) -> None:
    visits = [one for n in range(3) for one in country.visits_of(MONDAY + timedelta(days=n))]
    count = len(visits)
    assert count == pytest.approx(visits_a_day() / 100 * (1.18 + 1.10 + 1.07), rel=0.001)
    for kind, share in shares().items():
        drawn = sum(one.kind is kind for one in visits) / count
        assert drawn == pytest.approx(share, abs=0.01), kind
    assert sum(16 <= one.slot < 32 for one in visits) / count == pytest.approx(0.8, abs=0.015)
    for habit, bp in habits().items():
        drawn = sum(one.habit is habit for one in visits) / count
        can = 1 - shares()[VisitKind.PHARMACY] if habit in NEED_A_VISIT else 1
        assert drawn == pytest.approx(can * bp / 10_000, abs=0.004), habit
    assert {one.habit for one in visits} == {None, *Habit}


def test_drawn_flows_are_those_of_the_model(country: Country) -> None:
    visits = country.visits_of(MONDAY)
    treated = Counter(one.traveller.away for one in visits)
    for area, share in treated_in().items():
        assert treated[area] / len(visits) == pytest.approx(share, abs=0.02), area


def test_everybody_is_treated_elsewhere_and_where_they_are_registered(country: Country) -> None:
    for one in country.visits_of(MONDAY):
        person, division = one.traveller, one.institution.division
        assert person.home != person.away == area_of(division)
        assert person.place in (person.away, division)
        is_pharmacy = one.institution.code.startswith("P")
        assert is_pharmacy == (one.kind is VisitKind.PHARMACY)
        assert one.kind is not VisitKind.CHRONIC or one.bill.diagnosis_code in person.diseases


def test_nobody_is_in_the_country_twice_and_no_number_is_one_of_a_register(
    country: Country,
) -> None:
    numbers = [one.row.certificate_number for one in country.people]
    assert len(set(numbers)) == len(numbers)
    # The third digit is that of a city: no prefecture's code begins with 9 there and has a county.
    assert all(number[2] == "9" and number[3:6].isdigit() for number in numbers)
    assert Counter(one.home for one in country.people).keys() == set(areas())
    assert min(Counter(one.home for one in country.people).values()) >= LEAST_AN_AREA


def test_one_seed_is_one_country_and_another_is_another() -> None:
    first, again = (draw_country(3, 1_000, 600, MONDAY) for _ in range(2))
    assert first == again
    assert first.visits_of(MONDAY) == again.visits_of(MONDAY)
    other = draw_country(4, 1_000, 600, MONDAY)
    assert other.people != first.people
    assert first.visits_of(MONDAY) != first.visits_of(MONDAY + timedelta(days=1))


def test_every_area_has_hospitals_of_all_levels_and_a_pharmacy_in_every_registered_place() -> None:
    for area, place in places().items():
        for named in place.registered_as:
            assert institutions.pharmacies(named)
            assert all(institutions.hospitals(named, level) for level in (1, 2, 3)), area
    codes = [one.code for area in areas() for one in institutions.of_area(area)]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("area", areas())
def test_the_rules_of_every_area_make_sense_and_name_its_policies(area: str) -> None:
    rules = rules_of(area)
    for insurance in InsuranceKind:
        policy = policies.policy_of(area, insurance)  # type: ignore[arg-type]
        assert library()[policy].holds_on(MONDAY)
        assert policy in {row.policy_id for row in rules.assignments}


@pytest.mark.parametrize(
    ("area", "insurance", "policy"),
    [
        ("320000", InsuranceKind.EMPLOYEE, "yizheng-employee-2010"),
        ("410000", InsuranceKind.EMPLOYEE, "henan-employee-2001"),
        ("510000", InsuranceKind.EMPLOYEE, "chengdu-employee-2022"),
        ("340000", InsuranceKind.RESIDENT, "bengbu-resident"),
        ("530000", InsuranceKind.RESIDENT, "dali-resident-2023"),
        ("370000", InsuranceKind.RESIDENT, "shandong-resident"),
    ],
)
def test_a_published_policy_is_used_where_it_was_published(
    area: str, insurance: InsuranceKind, policy: str
) -> None:
    assert policies.policy_of(area, insurance) == policy  # type: ignore[arg-type]
