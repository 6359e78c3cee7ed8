"""大理 residents 2023 with a pencil: by level at home, 900 and 50 % outside the prefecture."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# 10000 at level 1: 9800 x 85 % = 8330.00; 2: 9600 x 75 % = 7200.00; 3: 9300 x 60 % = 5580.00.
# From 70 years 5 points more: level 1 9800 x 90 % = 8820.00, level 3 9300 x 65 % = 6045.00.
# Outside: 9100 x 50 % = 4550.00, from 70 years 55 % = 5005.00; without referral 10 points less:
# 40 % = 3640.00, from 70 years 45 % = 4095.00. The year: 100000 of payment.
# Outpatient: level 1 50 %, level 2 25 %, at most 500.00 a year.
STAYS = """
    age | level | place        | y_pool   | in_scope | deductible | pool    | cash
    40  | 1     | -            | -        | 10000.00 | 200.00     | 8330.00 | 1670.00
    -   | -     | -            | -        | 10000.00 | 200.00     | 8330.00 | 1670.00
    10  | 2     | -            | -        | 10000.00 | 400.00     | 7200.00 | 2800.00
    69  | 3     | -            | -        | 10000.00 | 700.00     | 5580.00 | 4420.00
    70  | 1     | -            | -        | 10000.00 | 200.00     | 8820.00 | 1180.00
    70  | 3     | -            | -        | 10000.00 | 700.00     | 6045.00 | 3955.00
    40  | 3     | referral     | -        | 10000.00 | 900.00     | 4550.00 | 5450.00
    40  | 1     | emergency    | -        | 10000.00 | 900.00     | 4550.00 | 5450.00
    40  | 2     | long_term    | -        | 10000.00 | 900.00     | 4550.00 | 5450.00
    70  | 3     | referral     | -        | 10000.00 | 900.00     | 5005.00 | 4995.00
    40  | 3     | other        | -        | 10000.00 | 900.00     | 3640.00 | 6360.00
    40  | 3     | unregistered | -        | 10000.00 | 900.00     | 3640.00 | 6360.00
    70  | 3     | unregistered | -        | 10000.00 | 900.00     | 4095.00 | 5905.00
    40  | 3     | back_home    | -        | 10000.00 | 700.00     | 5580.00 | 4420.00
    40  | 3     | -            | 95000.00 | 10000.00 | 700.00     | 5000.00 | 5000.00
"""

VISITS = """
    person         | kind       | level | y_out_pool | in_scope | deductible | pool   | cash
    resident_adult | outpatient | 1     | -          | 200.00   | 0.00       | 100.00 | 100.00
    resident_adult | outpatient | 2     | -          | 200.00   | 0.00       | 50.00  | 150.00
    resident_adult | outpatient | 3     | -          | 200.00   | 0.00       | 0.00   | 200.00
    resident_adult | outpatient | 1     | -          | 1500.00  | 0.00       | 500.00 | 1000.00
    resident_adult | outpatient | 1     | 450.00     | 200.00   | 0.00       | 50.00  | 150.00
"""


@pytest.mark.parametrize("row", [*rows(STAYS), *rows(VISITS)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("dali-resident-2023", row)
