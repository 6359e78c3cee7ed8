"""苏州 style with a pencil: 其他临时外出 is paid at 80 % of the rate at home."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# At home, active, level 2, 12000: 4400 x 83 % + 7000 x 86 % = 3652 + 6020 = 9672.00.
# Other: 83 x 80 % = 66.4 %, 86 x 80 % = 68.8 %: 2921.60 + 4816.00 = 7737.60.
# Retired: 4500 x 87 % + 7000 x 91 % = 10285.00; other 4500 x 69.6 % + 7000 x 72.8 % = 8228.00.
TABLE = """
    person  | level | place        | in_scope | deductible | pool     | cash
    active  | 2     | -            | 12000.00 | 600.00     | 9672.00  | 2328.00
    active  | 3     | referral     | 12000.00 | 600.00     | 9672.00  | 2328.00
    active  | 2     | emergency    | 12000.00 | 600.00     | 9672.00  | 2328.00
    active  | 2     | long_term    | 12000.00 | 600.00     | 9672.00  | 2328.00
    active  | 2     | other        | 12000.00 | 600.00     | 7737.60  | 4262.40
    active  | 2     | unregistered | 12000.00 | 600.00     | 7737.60  | 4262.40
    retired | 2     | -            | 12000.00 | 500.00     | 10285.00 | 1715.00
    retired | 2     | other        | 12000.00 | 500.00     | 8228.00  | 3772.00
    -       | -     | -            | 12000.00 | 300.00     | 9921.00  | 2079.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("suzhou-employee", row)
