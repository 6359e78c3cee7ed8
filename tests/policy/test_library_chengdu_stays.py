"""成都 deductibles with a pencil: 200 / 400 / 800 by level, half at the second stay, then none."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# 10000 at level 1: 9800 x 92 % = 9016.00, second 9900 -> 9108.00, third 10000 -> 9200.00.
# Level 2 (90 %): 9600 -> 8640.00, 9800 -> 8820.00, 9000.00. Level 3 (85 %): 9200 -> 7820.00,
# 9600 -> 8160.00, 8500.00. Retired 100 lower: level 3 9300 -> 7905.00, half of 700 is 350:
# 9650 x 85 % = 8202.50; level 1 9900 x 92 % = 9108.00, 9950 -> 9154.00.
TABLE = """
    person  | level | stay | in_scope | deductible | pool    | cash
    active  | 1     | 1    | 10000.00 | 200.00     | 9016.00 | 984.00
    active  | 1     | 2    | 10000.00 | 100.00     | 9108.00 | 892.00
    active  | 1     | 3    | 10000.00 | 0.00       | 9200.00 | 800.00
    active  | 2     | 1    | 10000.00 | 400.00     | 8640.00 | 1360.00
    active  | 2     | 2    | 10000.00 | 200.00     | 8820.00 | 1180.00
    active  | 2     | 3    | 10000.00 | 0.00       | 9000.00 | 1000.00
    active  | 3     | 1    | 10000.00 | 800.00     | 7820.00 | 2180.00
    active  | 3     | 2    | 10000.00 | 400.00     | 8160.00 | 1840.00
    active  | 3     | 3    | 10000.00 | 0.00       | 8500.00 | 1500.00
    active  | 3     | 7    | 10000.00 | 0.00       | 8500.00 | 1500.00
    active  | 0     | 1    | 10000.00 | 200.00     | 9016.00 | 984.00
    -       | -     | -    | 10000.00 | 200.00     | 9016.00 | 984.00
    retired | 3     | 1    | 10000.00 | 700.00     | 7905.00 | 2095.00
    retired | 3     | 2    | 10000.00 | 350.00     | 8202.50 | 1797.50
    retired | 3     | 3    | 10000.00 | 0.00       | 8500.00 | 1500.00
    retired | 1     | 1    | 10000.00 | 100.00     | 9108.00 | 892.00
    retired | 1     | 2    | 10000.00 | 50.00      | 9154.00 | 846.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("chengdu-stays", row)
