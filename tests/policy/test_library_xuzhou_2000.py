"""徐州某市 2000 with a pencil: three bands that end at 21,000 of fee, nothing above it."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# Active: (3000 - 500) x 82 % = 2050.00; 10000: + 7000 x 90 % = 6300 -> 8350.00;
# 21000: + 11000 x 93 % = 10230 -> 18580.00.
# Retired bears 70 % of the active person's share: 2500 x 87.4 % = 2185.00;
# 10000: + 7000 x 93 % = 6510 -> 8695.00; 21000: + 11000 x 95.1 % = 10461 -> 19156.00.
# What lies above the year's 21000 is the person's: the rescue fund's ratio of 2000 is not printed.
TABLE = """
    person  | level | stay | y_fee    | class_b | in_scope | deductible | pool     | cash
    active  | 2     | 1    | -        | -       | 3000.00  | 500.00     | 2050.00  | 950.00
    active  | 2     | 1    | -        | -       | 10000.00 | 500.00     | 8350.00  | 1650.00
    active  | 2     | 1    | -        | -       | 21000.00 | 500.00     | 18580.00 | 2420.00
    active  | 2     | 1    | -        | -       | 30000.00 | 500.00     | 18580.00 | 11420.00
    retired | 2     | 1    | -        | -       | 3000.00  | 500.00     | 2185.00  | 815.00
    retired | 2     | 1    | -        | -       | 10000.00 | 500.00     | 8695.00  | 1305.00
    retired | 2     | 1    | -        | -       | 21000.00 | 500.00     | 19156.00 | 1844.00
    -       | -     | -    | -        | -       | 3000.00  | 500.00     | 2050.00  | 950.00
    active  | 3     | 2    | -        | -       | 3000.00  | 500.00     | 2050.00  | 950.00
    active  | 2     | 2    | 19000.00 | -       | 3000.00  | 500.00     | 1230.00  | 1770.00
    active  | 2     | 2    | 21000.00 | -       | 3000.00  | 500.00     | 0.00     | 3000.00
    active  | 2     | 1    | -        | 1000.00 | 3000.00  | 500.00     | 2050.00  | 950.00
    active  | 2     | 1    | -        | -       | 500.00   | 500.00     | 0.00     | 500.00
    active  | 2     | 1    | -        | -       | 400.00   | 400.00     | 0.00     | 400.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("xuzhou-employee-2000", row)
