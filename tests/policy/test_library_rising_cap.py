"""A policy whose limit rises with the years insured, with a pencil: 15,000, 30,000, 50,000."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# 80 % (retired 85 %) up to the limit of the year of insurance.
# Less than one year counts as the first.
# 30000: 24000 -> 15000.00 in the first year, 24000.00 in the second. In arrears nothing is paid.
TABLE = """
    person  | years | months | flag       | y_pool   | in_scope  | pool     | cash
    active  | 1     | -      | -          | -        | 10000.00  | 8000.00  | 2000.00
    retired | 1     | -      | -          | -        | 10000.00  | 8500.00  | 1500.00
    active  | 0     | -      | -          | -        | 30000.00  | 15000.00 | 15000.00
    active  | 1     | -      | -          | -        | 30000.00  | 15000.00 | 15000.00
    active  | -     | 23     | -          | -        | 30000.00  | 15000.00 | 15000.00
    active  | 2     | -      | -          | -        | 30000.00  | 24000.00 | 6000.00
    active  | 2     | -      | -          | -        | 50000.00  | 30000.00 | 20000.00
    active  | 3     | -      | -          | -        | 100000.00 | 50000.00 | 50000.00
    active  | 9     | -      | -          | -        | 100000.00 | 50000.00 | 50000.00
    -       | -     | -      | -          | -        | 100000.00 | 50000.00 | 50000.00
    active  | 1     | -      | -          | 14000.00 | 10000.00  | 1000.00  | 9000.00
    active  | 3     | -      | in_arrears | -        | 10000.00  | 0.00     | 10000.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("rising-cap-employee", row)
