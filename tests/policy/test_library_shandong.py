"""A 山东-style city with a pencil: 10 or 40 % first elsewhere, 大病 above 16,000 a year."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# At home, level 3: 9300 x 60 % = 5580.00; level 1: 9800 x 85 % = 8330.00.
# Referral: 1000 first, 9000 left: 8300 x 60 % = 4980.00.
# Unregistered: 4000 first, 6000 left: 5300 x 60 % = 3180.00.
# 大病 at level 3, 60700: pool 36000, own 24700: 8700 above 16000 x 60 % = 5220.00.
# Own 4420 after 16000: x 60 % = 2652.00; after 98000: 2000 x 60 % + 2420 x 65 % = 2773.00;
# after 199000: 1000 x 65 % + 3420 x 70 % = 3044.00;
# after 299000: 1000 x 70 % + 3420 x 75 % = 3265.00; 399000 paid before: 1000.00 is left.
# Referral after 16000: own 9000 - 4980 = 4020, without the 1000: x 60 % = 2412.00.
STAYS = """
    level | place        | in_scope | deductible | pool     | large_sum | cash
    3     | -            | 10000.00 | 700.00     | 5580.00  | 0.00      | 4420.00
    1     | -            | 10000.00 | 200.00     | 8330.00  | 0.00      | 1670.00
    1     | long_term    | 10000.00 | 200.00     | 8330.00  | 0.00      | 1670.00
    3     | referral     | 10000.00 | 700.00     | 4980.00  | 0.00      | 5020.00
    1     | emergency    | 10000.00 | 700.00     | 4980.00  | 0.00      | 5020.00
    2     | other        | 10000.00 | 700.00     | 4980.00  | 0.00      | 5020.00
    1     | unregistered | 10000.00 | 700.00     | 3180.00  | 0.00      | 6820.00
    3     | -            | 60700.00 | 700.00     | 36000.00 | 5220.00   | 19480.00
"""

CRITICAL_ILLNESS = """
    level | place    | y_base    | y_large   | in_scope | deductible | pool    | large_sum | cash
    3     | -        | 16000.00  | -         | 10000.00 | 700.00     | 5580.00 | 2652.00   | 1768.00
    3     | referral | 16000.00  | -         | 10000.00 | 700.00     | 4980.00 | 2412.00   | 2608.00
    3     | -        | 98000.00  | -         | 10000.00 | 700.00     | 5580.00 | 2773.00   | 1647.00
    3     | -        | 199000.00 | -         | 10000.00 | 700.00     | 5580.00 | 3044.00   | 1376.00
    3     | -        | 299000.00 | -         | 10000.00 | 700.00     | 5580.00 | 3265.00   | 1155.00
    3     | -        | 700000.00 | 399000.00 | 10000.00 | 700.00     | 5580.00 | 1000.00   | 3420.00
"""


@pytest.mark.parametrize("row", [*rows(STAYS), *rows(CRITICAL_ILLNESS)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("shandong-resident", row)
