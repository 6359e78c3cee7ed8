"""河南省直 2015 out-of-area childbirth with a pencil: a lump sum, whatever the bill is."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# A bill above the lump sum: the rest is cash.
# A bill below it: what is more goes to the person beside the bill.
# The check before birth: 1200.00 with nine months of contributions, else 100 a month: 5 -> 500.00.
TABLE = """
    flag                   | place | months | total   | in_scope | pool    | cash    | beyond_bill
    -                      | other | -      | 3500.00 | 3000.00  | 2000.00 | 1500.00 | 0.00
    -                      | -     | -      | 3500.00 | 3000.00  | 2000.00 | 1500.00 | 0.00
    normal_birth           | other | -      | 3500.00 | 3000.00  | 2000.00 | 1500.00 | 0.00
    difficult_birth        | other | -      | 3500.00 | 3000.00  | 2800.00 | 700.00  | 0.00
    caesarean              | other | -      | 8000.00 | 7000.00  | 4300.00 | 3700.00 | 0.00
    caesarean              | other | -      | 4300.00 | 1000.00  | 4300.00 | 0.00    | 0.00
    caesarean              | other | -      | 4000.00 | 4000.00  | 4000.00 | 0.00    | 300.00
    caesarean_with_surgery | other | -      | 8000.00 | 8000.00  | 5000.00 | 3000.00 | 0.00
    prenatal               | other | 9      | 1500.00 | 1500.00  | 1200.00 | 300.00  | 0.00
    prenatal               | other | 8      | 1500.00 | 1500.00  | 800.00  | 700.00  | 0.00
    prenatal               | other | 5      | 1500.00 | 1500.00  | 500.00  | 1000.00 | 0.00
    prenatal               | other | 12     | 900.00  | 900.00   | 900.00  | 0.00    | 300.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("henan-maternity-2015", row)
