"""重庆 2015 shape with a pencil: 90 %, 1,000 yuan a year, 200 for each further disease."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# 1000 x 90 % = 900.00. 2000: 1800, at most 1000.00; two diseases 1200.00, three 1400.00.
TABLE = """
    kind    | diseases | y_chronic_pool | in_scope | pool    | cash
    chronic | 1        | -              | 1000.00  | 900.00  | 100.00
    -       | -        | -              | 1000.00  | 900.00  | 100.00
    chronic | 1        | -              | 2000.00  | 1000.00 | 1000.00
    chronic | 2        | -              | 2000.00  | 1200.00 | 800.00
    chronic | 3        | -              | 2000.00  | 1400.00 | 600.00
    chronic | 1        | 900.00         | 2000.00  | 100.00  | 1900.00
    chronic | 2        | 900.00         | 2000.00  | 300.00  | 1700.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("chongqing-employee-2015", row)
