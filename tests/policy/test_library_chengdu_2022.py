"""成都 2022 with a pencil: a deductible and a rate by level, a bonus by age, never over 100 %."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# Level 3, below 50 years: 9200 x 85 % = 7820.00; 50: x 87 % = 8004.00; 60: x 89 % = 8188.00;
# 70: x 91 % = 8372.00; 80: x 93 % = 8556.00; 90: x 95 % = 8740.00; 100: all of it.
# Level 2: 9600 x 90 % = 8640.00; 60 years: x 94 % = 9024.00.
# Level 1: 9800 x 92 % = 9016.00; 90 years: 92 + 10 is over 100, 9800.00.
# Community: 9800 x 95 % = 9310.00; 60 years: x 99 % = 9702.00; 70 years: 9800.00.
# W = 10000: at most 60000.00 a year.
TABLE = """
    person  | age | level | stay | wage     | in_scope  | deductible | pool     | cash
    active  | 40  | 3     | 1    | -        | 10000.00  | 800.00     | 7820.00  | 2180.00
    active  | 49  | 3     | 1    | -        | 10000.00  | 800.00     | 7820.00  | 2180.00
    active  | 50  | 3     | 1    | -        | 10000.00  | 800.00     | 8004.00  | 1996.00
    active  | 59  | 3     | 1    | -        | 10000.00  | 800.00     | 8004.00  | 1996.00
    retired | 60  | 3     | 1    | -        | 10000.00  | 800.00     | 8188.00  | 1812.00
    retired | 70  | 3     | 1    | -        | 10000.00  | 800.00     | 8372.00  | 1628.00
    retired | 80  | 3     | 1    | -        | 10000.00  | 800.00     | 8556.00  | 1444.00
    retired | 90  | 3     | 1    | -        | 10000.00  | 800.00     | 8740.00  | 1260.00
    retired | 99  | 3     | 1    | -        | 10000.00  | 800.00     | 8740.00  | 1260.00
    retired | 100 | 3     | 1    | -        | 10000.00  | 800.00     | 9200.00  | 800.00
    active  | 40  | 4     | 2    | -        | 10000.00  | 800.00     | 7820.00  | 2180.00
    active  | 40  | 2     | 1    | -        | 10000.00  | 400.00     | 8640.00  | 1360.00
    retired | 60  | 2     | 1    | -        | 10000.00  | 400.00     | 9024.00  | 976.00
    -       | -   | -     | -    | -        | 10000.00  | 200.00     | 9016.00  | 984.00
    retired | 90  | 1     | 1    | -        | 10000.00  | 200.00     | 9800.00  | 200.00
    active  | 40  | 0     | 1    | -        | 10000.00  | 200.00     | 9310.00  | 690.00
    retired | 60  | 0     | 1    | -        | 10000.00  | 200.00     | 9702.00  | 298.00
    retired | 70  | 0     | 1    | -        | 10000.00  | 200.00     | 9800.00  | 200.00
    active  | 40  | 3     | 1    | 10000.00 | 100000.00 | 800.00     | 60000.00 | 40000.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("chengdu-employee-2022", row)
