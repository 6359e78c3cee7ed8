"""徐州某市 2004 with a pencil: a deductible of 400, 乙类 15 % first, a rescue fund of 80 %."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# Active: (3000 - 400) x 82 % = 2132.00; 21000: + 6300 + 10230 = 18662.00.
# Retired: 2600 x 87.4 % = 2272.40; 21000: + 6510 + 10461 = 19243.40.
# Above 21000 of fee the rescue fund pays 80 %: 31000 -> 10000 x 80 % = 8000.00;
# at most 70000.00 a year, which is reached at 21000 + 87500 = 108500.
# After 19000: 2000 are left: (2000 - 400) x 82 % = 1312.00, and 1000 x 80 % = 800.00.
# 2000 of 乙类 in 10000: 300 first self-pay, 9700 left: 2132 + 6700 x 90 % = 8162.00.
STAYS = """
    person  | class_b | in_scope  | deductible | pool     | large_sum | cash
    active  | -       | 3000.00   | 400.00     | 2132.00  | 0.00      | 868.00
    active  | -       | 10000.00  | 400.00     | 8432.00  | 0.00      | 1568.00
    active  | -       | 21000.00  | 400.00     | 18662.00 | 0.00      | 2338.00
    retired | -       | 3000.00   | 400.00     | 2272.40  | 0.00      | 727.60
    retired | -       | 21000.00  | 400.00     | 19243.40 | 0.00      | 1756.60
    active  | -       | 31000.00  | 400.00     | 18662.00 | 8000.00   | 4338.00
    retired | -       | 31000.00  | 400.00     | 19243.40 | 8000.00   | 3756.60
    active  | -       | 108500.00 | 400.00     | 18662.00 | 70000.00  | 19838.00
    active  | -       | 120000.00 | 400.00     | 18662.00 | 70000.00  | 31338.00
    active  | 2000.00 | 10000.00  | 400.00     | 8162.00  | 0.00      | 1838.00
"""

LATER_STAYS = """
    person | y_fee     | y_large  | in_scope | deductible | pool    | large_sum | cash
    active | 19000.00  | -        | 3000.00  | 400.00     | 1312.00 | 800.00    | 888.00
    active | 100000.00 | 63200.00 | 10000.00 | 400.00     | 0.00    | 6800.00   | 3200.00
"""


@pytest.mark.parametrize("row", [*rows(STAYS), *rows(LATER_STAYS)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("xuzhou-employee-2004", row)
