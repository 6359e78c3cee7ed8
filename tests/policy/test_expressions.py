"""Amounts and rates as a clerk writes them."""

import pytest

from participants.policy.benefits import Amount, Of, Rate
from participants.policy.reading.expressions import (
    Unreadable,
    amount_of,
    basis_points_of,
    fen_of,
    percent_text,
    rate_of,
)

WAGE, BILL, SCOPE = Of.AVERAGE_WAGE, Of.BILL, Of.IN_SCOPE

AMOUNTS = [
    ("0", Amount()),
    ("300.00", Amount(300_00)),
    ("0.5", Amount(50)),
    ("10% of average_wage", Amount(0, 1000, WAGE)),
    ("12.25% of in_scope", Amount(0, 1225, SCOPE)),
    ("4 times average_wage", Amount(0, 40_000, WAGE)),
    ("1.5 times average_wage", Amount(0, 15_000, WAGE)),
    ("20% of bill, at least 2000.00", Amount(0, 2000, BILL, 2000_00)),
    ("20% of bill, at most 9000", Amount(0, 2000, BILL, 0, 9000_00)),
    ("20% of bill, at least 2000, at most 2000", Amount(0, 2000, BILL, 2000_00, 2000_00)),
]
NO_AMOUNT = [
    "", " 300.00", "300.00 ", "300,00", "3e2", "-1.00", "+1.00", "1.005", "10%", "10% of wage",
    "10%of bill", "101% of bill", "4 times bill", "at least 2.00", "300.00, at least 2.00",
    "20% of bill, at most 1.00, at least 2.00", "20% of bill, at least 3.00, at most 2.00",
    "３００.００", 300, 300.0, True, None, ["300.00"],
]  # fmt: skip

RATES = [
    ("0%", Rate(0)),
    ("83%", Rate(8300)),
    ("12.6%", Rate(1260)),
    ("100%", Rate(10_000)),
    ("75% + 0.2% per year of age", Rate(7500, 20)),
    ("75% + 0.2% per year of age, at most 95.05%", Rate(7500, 20, 9505)),
]
NO_RATE = [
    "83", "0.83", "100.01%", "101%", "-5%", "83 %", "83%%", "1.234%", "75%, at most 80%",
    "75% + 0.2%", "75% + 101% per year of age", "75% + 1% per year of age, at most 74%",
    "75% + 1% per year of age, at most 101%", "", "1..2%", 83, 0.83, None,
]  # fmt: skip


@pytest.mark.parametrize(("text", "amount"), AMOUNTS)
def test_an_amount_reads_as_it_says(text: str, amount: Amount) -> None:
    assert amount_of(text) == amount


@pytest.mark.parametrize("text", NO_AMOUNT)
def test_anything_else_is_no_amount(text: object) -> None:
    with pytest.raises(Unreadable):
        amount_of(text)


@pytest.mark.parametrize(("text", "rate"), RATES)
def test_a_rate_reads_as_it_says(text: str, rate: Rate) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", NO_RATE)
def test_anything_else_is_no_rate(text: object) -> None:
    with pytest.raises(Unreadable):
        rate_of(text)


@pytest.mark.parametrize("bp", [0, 1, 10, 100, 1260, 9999, 10_000])
def test_a_percentage_reads_as_it_is_written(bp: int) -> None:
    assert basis_points_of(percent_text(bp)) == bp


def test_a_plain_amount_is_no_share() -> None:
    assert fen_of("100.00") == 100_00
    with pytest.raises(Unreadable):
        fen_of("10% of bill")
