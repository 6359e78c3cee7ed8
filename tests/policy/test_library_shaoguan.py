"""韶关 residents with a pencil: a rate by fee class for stays, outpatient 60 % above 15."""

import pytest

from participants.policy.model import CaseRefused
from tests.policy.pencil import Row, expect, worked
from tests.support.tables import rows

# 2100 of 甲类: (2100 - 100) x 90 % = 1800.00.
# 3000 with 1000 of 乙类 and 500 high-cost: (1500 - 100) x 90 % + 1000 x 75 % + 500 x 70 %
# = 1260 + 750 + 350 = 2360.00.
# Only 乙类, 1000: the deductible comes out of it, 900 x 75 % = 675.00.
# 80 of 甲类, 920 of 乙类: the deductible takes the 80 and 20 of the 920: 900 x 75 % = 675.00.
# Outpatient: 15 first, then 60 %: 115 -> 60.00; 265 -> 150.00, the cap of the year.
STAYS = """
    person         | level | class_b | high_cost | in_scope | deductible | pool    | cash
    resident_adult | 1     | -       | -         | 2100.00  | 100.00     | 1800.00 | 300.00
    -              | -     | -       | -         | 2100.00  | 100.00     | 1800.00 | 300.00
    resident_minor | 0     | -       | -         | 2100.00  | 100.00     | 1800.00 | 300.00
    resident_adult | 1     | 1000.00 | 500.00    | 3000.00  | 100.00     | 2360.00 | 640.00
    resident_adult | 1     | 1000.00 | -         | 1000.00  | 100.00     | 675.00  | 325.00
    resident_adult | 1     | 920.00  | -         | 1000.00  | 100.00     | 675.00  | 325.00
    resident_adult | 1     | -       | -         | 90.00    | 90.00      | 0.00    | 90.00
"""

VISITS = """
    kind       | y_out_fee | y_out_pool | total  | in_scope | deductible | pool   | cash
    outpatient | -         | -          | 115.00 | 115.00   | 15.00      | 60.00  | 55.00
    outpatient | -         | -          | 15.00  | 15.00    | 15.00      | 0.00   | 15.00
    outpatient | 10.00     | 0.00       | 105.00 | 105.00   | 5.00       | 60.00  | 45.00
    outpatient | 115.00    | 60.00      | 100.00 | 100.00   | 0.00       | 60.00  | 40.00
    outpatient | 215.00    | 120.00     | 100.00 | 100.00   | 0.00       | 30.00  | 70.00
    outpatient | -         | -          | 300.00 | 265.00   | 15.00      | 150.00 | 150.00
    outpatient | -         | -          | 500.00 | 500.00   | 15.00      | 150.00 | 350.00
"""


@pytest.mark.parametrize("row", [*rows(STAYS), *rows(VISITS)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("shaoguan-resident", row)


def test_a_hospital_above_level_one_is_not_described_and_is_refused() -> None:
    with pytest.raises(CaseRefused, match="hospital_level"):
        worked("shaoguan-resident", {"level": "2", "in_scope": "2100.00"})
