"""成都 2012 with a pencil: 75 % and 0.2 % for every year of age, at every level."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# 50 years: 75 + 50 x 0.2 = 85 %; 40: 83 %; 85: 92 %; 125 and more: 100 %. No deductible is
# printed. The pool pays 4 x W a year: W = 10000 -> 40000.00; without W the file takes 40000 ->
# 160000.00.
TABLE = """
    person  | age | level | wage     | y_pool   | total     | in_scope  | pool      | cash
    active  | 50  | 1     | 10000.00 | -        | 10000.00  | 10000.00  | 8500.00   | 1500.00
    active  | 50  | 3     | 10000.00 | -        | 10000.00  | 10000.00  | 8500.00   | 1500.00
    active  | 40  | 3     | -        | -        | 10000.00  | 10000.00  | 8300.00   | 1700.00
    -       | -   | -     | -        | -        | 10000.00  | 10000.00  | 8300.00   | 1700.00
    retired | 85  | 3     | -        | -        | 10000.00  | 10000.00  | 9200.00   | 800.00
    retired | 125 | 3     | -        | -        | 10000.00  | 10000.00  | 10000.00  | 0.00
    active  | 50  | 3     | -        | -        | 12000.00  | 10000.00  | 8500.00   | 3500.00
    active  | 50  | 3     | 10000.00 | -        | 60000.00  | 60000.00  | 40000.00  | 20000.00
    active  | 50  | 3     | 10000.00 | 39000.00 | 10000.00  | 10000.00  | 1000.00   | 9000.00
    active  | 50  | 3     | -        | -        | 200000.00 | 200000.00 | 160000.00 | 40000.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("chengdu-employee-2012", row)
