"""成都 大病互助 with a pencil: 77 / 80 / 85 / 90 % of what the pool leaves of the in-scope fee."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# Level 3, 40 years, 10000: pool 7820, left 2180 x 77 % = 1678.60.
# 100800: pool 100000 x 85 % = 85000, left 15800: 10000 x 77 % + 5800 x 80 % = 12340.00.
# W = 10000, 300800: pool at its limit 60000, left 240800:
# 10000 x 77 % + 20000 x 80 % + 20000 x 85 % + 190800 x 90 %
# = 7700 + 16000 + 17000 + 171720 = 212420.00.
# At most 400000.00 a year: 390000 used, 10000.00 are left. Every stay begins in the first band.
FIRST_STAYS = """
    wage     | total     | in_scope  | deductible | pool     | large_sum | cash
    -        | 10000.00  | 10000.00  | 800.00     | 7820.00  | 1678.60   | 501.40
    -        | 12000.00  | 10000.00  | 800.00     | 7820.00  | 1678.60   | 2501.40
    -        | 100800.00 | 100800.00 | 800.00     | 85000.00 | 12340.00  | 3460.00
    10000.00 | 300800.00 | 300800.00 | 800.00     | 60000.00 | 212420.00 | 28380.00
"""

LATER_STAYS = """
    y_base    | y_large   | in_scope  | deductible | pool     | large_sum | cash
    15800.00  | 12340.00  | 10000.00  | 800.00     | 7820.00  | 1678.60   | 501.40
    450000.00 | 390000.00 | 100800.00 | 800.00     | 85000.00 | 10000.00  | 5800.00
    470000.00 | 400000.00 | 10000.00  | 800.00     | 7820.00  | 0.00      | 2180.00
"""


@pytest.mark.parametrize("row", [*rows(FIRST_STAYS), *rows(LATER_STAYS)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("chengdu-mutual-aid", {"level": "3", "age": "40", **row})
