"""What the funds pay for a visit of each kind, computed by the real catalogue and the real policies."""

from collections import Counter
from datetime import date
from random import Random

import pytest

from contracts.codes import VisitKind
from simulators.world.country import Country, draw_country
from simulators.world.reckoning import Reckoner, fund_fen, split_of

DAY = date(2026, 11, 16)
TOLERANCE = 0.03
A_YEARS_VISITS = 1_500
"""Of a kind, by the 6,000 people: a few each at most, as in life."""


@pytest.fixture(scope="module")
def country() -> Country:
    return draw_country(seed=1, scale=1_000, people=6_000, today=DAY)


@pytest.mark.parametrize(
    ("kind", "yuan", "visits"),
    [
        (VisitKind.INPATIENT, 10_041, 6_000),
        (VisitKind.OUTPATIENT, 125, 3_000),
        (VisitKind.CHRONIC, 905, 3_000),
        (VisitKind.PHARMACY, 108, 3_000),
    ],
)
def test_the_mean_fund_money_of_a_visit_is_the_published_one(
    country: Country, kind: VisitKind, yuan: int, visits: int
) -> None:
    """Each person goes a few times in a year: then a new year begins for everybody."""
    random, paid_fen = Random(11), 0
    for number in range(visits):
        if number % A_YEARS_VISITS == 0:
            reckoner = Reckoner()
        paid_fen += fund_fen(reckoner.shares_of(country.draw(random, kind=kind), DAY))
    assert paid_fen / visits / 100 == pytest.approx(yuan, rel=TOLERANCE)


def test_every_part_of_every_bill_adds_up_and_some_of_it_is_out_of_scope(country: Country) -> None:
    random, reckoner, outside = Random(5), Reckoner(), Counter[VisitKind]()
    for _ in range(2_000):
        visit = country.draw(random)
        bill, shares = split_of(visit.bill, DAY), reckoner.shares_of(visit, DAY)
        assert bill.adds_up()
        assert fund_fen(shares) + shares.cash_fen == bill.total_fen == visit.bill.total_fen()
        outside[visit.kind] += bill.in_scope_fen < bill.total_fen
    assert outside[VisitKind.INPATIENT] > 0
