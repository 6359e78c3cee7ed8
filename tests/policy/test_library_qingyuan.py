"""清远 residents with a pencil: outpatient 55 %, at most 50 yuan a month."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# 60 x 55 % = 33.00; 100 x 55 % = 55, the month ends at 50.00. 30 used in May: 20.00 are left.
TABLE = """
    person         | used_in_may | month   | total  | in_scope | pool  | cash
    resident_adult | -           | 2026-05 | 60.00  | 60.00    | 33.00 | 27.00
    -              | -           | -       | 60.00  | 60.00    | 33.00 | 27.00
    resident_minor | -           | 2026-05 | 100.00 | 100.00   | 50.00 | 50.00
    resident_adult | -           | 2026-05 | 100.00 | 60.00    | 33.00 | 67.00
    resident_adult | 30.00       | 2026-05 | 60.00  | 60.00    | 20.00 | 40.00
    resident_adult | 50.00       | 2026-05 | 60.00  | 60.00    | 0.00  | 60.00
    resident_adult | 50.00       | 2026-06 | 60.00  | 60.00    | 33.00 | 27.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("qingyuan-resident", row)
