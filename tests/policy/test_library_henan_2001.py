"""河南省直 2001 with a pencil: deductibles and the limit are shares of the average wage W."""

from dataclasses import replace

import pytest

from participants.policy.cases.file import case_of_json
from participants.policy.engine import calculate
from participants.policy.loader import library
from participants.policy.model import CaseRefused
from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# W = 12000: first stay 10 % = 1200.00, later 5 % = 600.00, at most 4 x 12000 = 48000.00 a year.
# Active: (12000 - 1200) x 80 % = 8640.00; retired x 85 % = 9180.00.
# Community: x 85 % = 9180.00; retired x 90 % = 9720.00.
# Second stay: (12000 - 600) x 80 % = 9120.00.
# 70000: 68800 x 80 % = 55040 is over the limit: 48000.00. With 45000 used 3000.00 are left.
# W = 10000: 1000.00 first, 500.00 later; 40000.00 a year.
STAYS = """
    person  | level | stay | wage     | y_pool   | in_scope | deductible | pool     | cash
    active  | 2     | 1    | 12000.00 | -        | 12000.00 | 1200.00    | 8640.00  | 3360.00
    -       | -     | -    | 12000.00 | -        | 12000.00 | 1200.00    | 8640.00  | 3360.00
    retired | 3     | 1    | 12000.00 | -        | 12000.00 | 1200.00    | 9180.00  | 2820.00
    active  | 0     | 1    | 12000.00 | -        | 12000.00 | 1200.00    | 9180.00  | 2820.00
    retired | 0     | 1    | 12000.00 | -        | 12000.00 | 1200.00    | 9720.00  | 2280.00
    active  | 3     | 2    | 12000.00 | -        | 12000.00 | 600.00     | 9120.00  | 2880.00
    active  | 3     | 5    | 12000.00 | -        | 12000.00 | 600.00     | 9120.00  | 2880.00
    active  | 3     | 1    | 12000.00 | -        | 1000.00  | 1000.00    | 0.00     | 1000.00
    active  | 3     | 1    | 12000.00 | -        | 61200.00 | 1200.00    | 48000.00 | 13200.00
    active  | 3     | 1    | 12000.00 | -        | 70000.00 | 1200.00    | 48000.00 | 22000.00
    active  | 3     | 2    | 12000.00 | 45000.00 | 12000.00 | 600.00     | 3000.00  | 9000.00
    active  | 3     | 2    | 12000.00 | 48000.00 | 12000.00 | 600.00     | 0.00     | 12000.00
    active  | 3     | 1    | 10000.00 | -        | 60000.00 | 1000.00    | 40000.00 | 20000.00
    active  | 3     | 2    | 10000.00 | -        | 10500.00 | 500.00     | 8000.00  | 2500.00
"""

ELSEWHERE_AND_EXCLUDED = """
    level | place    | flag             | wage     | in_scope | deductible | pool    | cash
    4     | referral | -                | 12000.00 | 12000.00 | 1200.00    | 8640.00 | 3360.00
    3     | -        | traffic_accident | 12000.00 | 12000.00 | 0.00       | 0.00    | 12000.00
    3     | -        | drunkenness      | 12000.00 | 12000.00 | 0.00       | 0.00    | 12000.00
"""


@pytest.mark.parametrize("row", [*rows(STAYS), *rows(ELSEWHERE_AND_EXCLUDED)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("henan-employee-2001", row)


def test_without_the_average_wage_nothing_can_be_worked() -> None:
    policy = library()["henan-employee-2001"]
    case, year = case_of_json(policy, {"amounts_yuan": {"total": "12000.00"}})
    with pytest.raises(CaseRefused, match="average_wage"):
        calculate(policy, replace(case, parameters={}), year)


def test_outpatient_care_is_paid_from_the_account() -> None:
    row = {"kind": "outpatient", "wage": "12000.00", "in_scope": "200.00", "balance": "150.00"}
    expect("henan-employee-2001", {**row, "account": "150.00", "cash": "50.00"})
