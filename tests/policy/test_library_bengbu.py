"""蚌埠 residents with a pencil: out of the city a higher deductible, fewer points, and a floor."""

import pytest

from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# At home: 9800 x 85 % = 8330.00; 9500 x 80 % = 7600.00; 9200 x 70 % = 6440.00;
# 8800 x 65 % = 5720.00.
# Referral: 7500 x 75 % = 5625.00; x 70 % = 5250.00; x 60 % = 4500.00; x 55 % = 4125.00.
# Other: 7500 x 65 % = 4875.00; x 60 % = 4500.00.
# Other, level 3: 7500 x 50 % = 3750, level 4: x 45 % = 3375: the floor is 40 % of 10000 = 4000.00.
# 3000: 500 x 60 % = 300, the floor is 1200.00. 2000: all deductible, the floor is 800.00.
# In the province: 8000 x 60 % = 4800.00; other 8000 x 50 % = 4000, the floor is 45 %: 4500.00.
TABLE = """
    level | place        | flag            | in_scope | deductible | pool    | cash
    1     | -            | -               | 10000.00 | 200.00     | 8330.00 | 1670.00
    0     | -            | -               | 10000.00 | 200.00     | 8330.00 | 1670.00
    2     | -            | -               | 10000.00 | 500.00     | 7600.00 | 2400.00
    3     | -            | -               | 10000.00 | 800.00     | 6440.00 | 3560.00
    4     | -            | -               | 10000.00 | 1200.00    | 5720.00 | 4280.00
    1     | referral     | -               | 10000.00 | 2500.00    | 5625.00 | 4375.00
    2     | emergency    | -               | 10000.00 | 2500.00    | 5250.00 | 4750.00
    3     | referral     | -               | 10000.00 | 2500.00    | 4500.00 | 5500.00
    4     | long_term    | -               | 10000.00 | 2500.00    | 4125.00 | 5875.00
    1     | other        | -               | 10000.00 | 2500.00    | 4875.00 | 5125.00
    2     | other        | -               | 10000.00 | 2500.00    | 4500.00 | 5500.00
    3     | other        | -               | 10000.00 | 2500.00    | 4000.00 | 6000.00
    4     | unregistered | -               | 10000.00 | 2500.00    | 4000.00 | 6000.00
    3     | referral     | -               | 3000.00  | 2500.00    | 1200.00 | 1800.00
    3     | referral     | -               | 2000.00  | 2000.00    | 800.00  | 1200.00
    3     | referral     | within_province | 10000.00 | 2000.00    | 4800.00 | 5200.00
    3     | other        | within_province | 10000.00 | 2000.00    | 4500.00 | 5500.00
    3     | back_home    | -               | 10000.00 | 800.00     | 6440.00 | 3560.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("bengbu-resident", row)
