"""大额 and 大病: the fee above the limit, what is left open, the own share; bands and limits."""

import pytest

from contracts.codes import Fund
from participants.policy.benefits import Counts, LargeSumBase, Runs
from participants.policy.choice import By
from participants.policy.model import YearToDate
from tests.policy.made import (
    bands,
    case,
    expect,
    large_sum,
    limit,
    policy,
    rate,
    result,
    shares,
    stay,
    steps,
    yuan,
)
from tests.support.tables import rows

Row = dict[str, str]
ABOVE, OPEN, OWN = LargeSumBase
TO_40000 = {"deductible": yuan("0"), "bands": bands("40000 80%")}

# The pool: 80 % of the first 40000.00 of the year's fee, no deductible.
ROWS = {
    "above": large_sum(
        fund=Fund.LARGE_SUM, base=ABOVE, bands=bands("100000 85%", "250000 90%", first="40000")
    ),
    "above_paid": large_sum(base=ABOVE, bands=bands("- 85%", first="40000"), limit=limit("17000")),
    "above_fee": large_sum(
        base=ABOVE, bands=bands("- 85%", first="40000"), limit=limit("50000", Counts.FEE)
    ),
    "open": large_sum(base=OPEN, bands=bands("10000 77%", "30000 80%", "- 90%")),
    "open_stay": large_sum(
        base=OPEN, bands=bands("10000 77%", "30000 80%", "- 90%"), bands_run=Runs.PER_STAY
    ),
    "open_ded": large_sum(base=OPEN, bands=bands("10000 60%", "- 70%"), deductible=yuan("5000")),
    "open_paid": large_sum(base=OPEN, bands=bands("- 50%"), limit=limit("6000")),
    "open_fee": large_sum(base=OPEN, bands=bands("- 50%"), limit=limit("9000", Counts.FEE)),
    "own": large_sum(base=OWN, bands=bands("3000 60%", "- 75%"), deductible=yuan("2000")),
    "own_stay": large_sum(
        base=OWN, bands=bands("3000 60%", "- 75%"), deductible=yuan("2000"), bands_run=Runs.PER_STAY
    ),
    "own_paid": large_sum(base=OWN, deductible=yuan("2000"), limit=limit("1500")),
    "own_age": large_sum(base=OWN, bonus=steps(By.AGE, {0: rate("0%"), 70: rate("10%")})),
}  # fmt: skip

TABLE = """
    shape      | age | y_fee    | y_base   | y_paid   | in_scope  | pool     | large_sum | cash
    above      | 40  | 0.00     | 0.00     | 0.00     | 40000.00  | 32000.00 | 0.00      | 8000.00
    above      | 40  | 0.00     | 0.00     | 0.00     | 120000.00 | 32000.00 | 69000.00  | 19000.00
    above      | 40  | 95000.00 | 0.00     | 0.00     | 10000.00  | 0.00     | 8750.00   | 1250.00
    above      | 40  | 0.00     | 0.00     | 0.00     | 260000.00 | 32000.00 | 186000.00 | 42000.00
    above_paid | 40  | 40000.00 | 0.00     | 0.00     | 30000.00  | 0.00     | 17000.00  | 13000.00
    above_paid | 40  | 40000.00 | 0.00     | 16999.99 | 30000.00  | 0.00     | 0.01      | 29999.99
    above_fee  | 40  | 40000.00 | 0.00     | 0.00     | 30000.00  | 0.00     | 8500.00   | 21500.00
    open       | 40  | 0.00     | 0.00     | 0.00     | 60000.00  | 32000.00 | 15700.00  | 12300.00
    open       | 40  | 40000.00 | 25000.00 | 0.00     | 10000.00  | 0.00     | 8500.00   | 1500.00
    open_stay  | 40  | 40000.00 | 25000.00 | 0.00     | 10000.00  | 0.00     | 7700.00   | 2300.00
    open_ded   | 40  | 40000.00 | 0.00     | 0.00     | 4000.00   | 0.00     | 0.00      | 4000.00
    open_ded   | 40  | 40000.00 | 4000.00  | 0.00     | 4000.00   | 0.00     | 1800.00   | 2200.00
    open_ded   | 40  | 40000.00 | 14000.00 | 0.00     | 4000.00   | 0.00     | 2700.00   | 1300.00
    open_paid  | 40  | 40000.00 | 0.00     | 5000.00  | 9000.00   | 0.00     | 1000.00   | 8000.00
    open_fee   | 40  | 40000.00 | 0.00     | 0.00     | 10000.00  | 0.00     | 4500.00   | 5500.00
    open_fee   | 40  | 40000.00 | 8000.00  | 0.00     | 10000.00  | 0.00     | 500.00    | 9500.00
    own        | 40  | 0.00     | 0.00     | 0.00     | 10000.00  | 8000.00  | 0.00      | 2000.00
    own        | 40  | 0.00     | 0.00     | 0.00     | 20000.00  | 16000.00 | 1200.00   | 2800.00
    own        | 40  | 0.00     | 0.00     | 0.00     | 40000.00  | 32000.00 | 4050.00   | 3950.00
    own        | 40  | 0.00     | 1500.00  | 0.00     | 10000.00  | 8000.00  | 900.00    | 1100.00
    own        | 40  | 0.00     | 6000.00  | 0.00     | 10000.00  | 8000.00  | 1500.00   | 500.00
    own_stay   | 40  | 0.00     | 6000.00  | 0.00     | 10000.00  | 8000.00  | 1200.00   | 800.00
    own_paid   | 40  | 0.00     | 0.00     | 0.00     | 40000.00  | 32000.00 | 1500.00   | 6500.00
    own_paid   | 40  | 0.00     | 9000.00  | 1400.00  | 10000.00  | 8000.00  | 100.00    | 1900.00
    own_age    | 69  | 0.00     | 0.00     | 0.00     | 10000.00  | 8000.00  | 1000.00   | 1000.00
    own_age    | 70  | 0.00     | 0.00     | 0.00     | 10000.00  | 8000.00  | 1200.00   | 800.00
"""


def _fen(text: str) -> int:
    return yuan(text).value.fixed_fen


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_the_large_sum_fund_pays_as_the_table_says(row: Row) -> None:
    made = policy(
        stay=stay(**TO_40000, limit=limit("40000", Counts.FEE)), large_sum=(ROWS[row["shape"]],)
    )
    year = YearToDate(
        in_scope_fen=_fen(row["y_fee"]),
        large_base_fen=_fen(row["y_base"]),
        large_sum_fen=_fen(row["y_paid"]),
    )
    expect(row, result(made, case(row["in_scope"], age_years=int(row["age"])), year))


def test_an_own_share_counts_what_the_pools_limit_left_when_nobody_else_takes_it() -> None:
    made = policy(
        stay=stay(**TO_40000, limit=limit("40000", Counts.FEE)),
        large_sum=(large_sum(deductible=yuan("20000")),),
    )
    found = result(made, case("60000.00"))
    assert shares(found)["large_sum"] == "4000.00", "(8000 own + 20000 left − 20000) × 50%"


def test_two_rows_take_their_parts_in_order_and_count_apart() -> None:
    made = policy(
        stay=stay(**TO_40000, limit=limit("40000", Counts.FEE)),
        large_sum=(
            large_sum(base=OWN, deductible=yuan("5000"), fund=Fund.CRITICAL_ILLNESS),
            large_sum(base=OPEN, bands=bands("- 90%"), fund=Fund.LARGE_SUM),
        ),
    )
    found = result(made, case("50000.00"))
    assert found.shares == {
        Fund.POOL: 32000_00,
        Fund.CRITICAL_ILLNESS: 1500_00,
        Fund.LARGE_SUM: 9000_00,
    }
    assert found.delta.counters == {
        "large_base.1": 8000_00,
        "large_sum.1": 1500_00,
        "large_base.2": 10000_00,
        "large_sum.2": 9000_00,
    }
    assert (found.delta.large_base_fen, found.delta.large_sum_fen) == (18000_00, 10500_00)


def test_the_yearly_deductible_of_an_own_share_is_borne_once() -> None:
    made = policy(stay=stay(**TO_40000), large_sum=(ROWS["own"],))
    first = result(made, case("8000.00"))
    second = result(made, case("8000.00"), YearToDate().plus(first.delta))
    assert (first.large_sum_fen, second.large_sum_fen) == (0, 720_00)
