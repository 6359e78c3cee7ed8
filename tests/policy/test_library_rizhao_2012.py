"""日照 2012 with a pencil: 10 yuan of every visit first, 600 yuan of fee a year count."""

import pytest

from participants.policy.cases.file import case_of_json
from participants.policy.engine import calculate
from participants.policy.loader import library
from participants.policy.model import CaseRefused
from tests.policy.pencil import Row, expect, worked
from tests.support.tables import rows

# One visit of 600: (600 - 10) x 50 % = 295.00, x 60 % = 354.00, the printed yearly maxima.
# The further 400 of a visit of 1000 lie above the year's 600 and are the person's own.
# After 300 of fee another 400: 100 lie above the 600, (300 - 10) x 50 % = 145.00 is paid.
# After a visit of 5: all of it is the first self-pay, nothing is left to share.
# 800 of which 700 in scope: as 700 in scope, and the 100 outside are cash.
VISITS = """
    person         | y_out_fee | total   | in_scope | pool   | cash
    active         | -         | 600.00  | 600.00   | 295.00 | 305.00
    retired        | -         | 600.00  | 600.00   | 295.00 | 305.00
    resident_adult | -         | 600.00  | 600.00   | 295.00 | 305.00
    resident_minor | -         | 600.00  | 600.00   | 354.00 | 246.00
    -              | -         | 110.00  | 110.00   | 50.00  | 60.00
    resident_minor | -         | 110.00  | 110.00   | 60.00  | 50.00
    active         | -         | 1000.00 | 1000.00  | 295.00 | 705.00
    resident_minor | -         | 1000.00 | 1000.00  | 354.00 | 646.00
    active         | -         | 800.00  | 700.00   | 295.00 | 505.00
    active         | 300.00    | 300.00  | 300.00   | 145.00 | 155.00
    active         | 300.00    | 400.00  | 400.00   | 145.00 | 255.00
    active         | 595.00    | 100.00  | 100.00   | 0.00   | 100.00
    active         | 600.00    | 100.00  | 100.00   | 0.00   | 100.00
    active         | -         | 10.00   | 10.00    | 0.00   | 10.00
    active         | -         | 5.00    | 5.00     | 0.00   | 5.00
    active         | -         | 10.01   | 10.01    | 0.01   | 10.00
"""

OTHER_PLACES = """
    person | place     | flag                 | in_scope | pool   | cash
    active | -         | unsigned_institution | 600.00   | 0.00   | 600.00
    active | other     | -                    | 600.00   | 0.00   | 600.00
    active | back_home | -                    | 600.00   | 295.00 | 305.00
"""


@pytest.mark.parametrize("row", [*rows(VISITS), *rows(OTHER_PLACES)], ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("rizhao-outpatient-2012", row)


def test_a_stay_is_not_this_policys() -> None:
    with pytest.raises(CaseRefused, match="kind"):
        worked("rizhao-outpatient-2012", {"kind": "inpatient", "in_scope": "600.00"})


def test_many_visits_never_reach_the_printed_maximum() -> None:
    # Six visits of 100: 6 x (100 - 10) x 50 % = 270.00, and a seventh pays nothing.
    policy = library()["rizhao-outpatient-2012"]
    case, year = case_of_json(policy, {"amounts_yuan": {"total": "100.00"}})
    for pool_fen in (45_00, 45_00, 45_00, 45_00, 45_00, 45_00, 0):
        result = calculate(policy, case, year)
        assert result.pool_fen == pool_fen
        year = year.plus(result.delta)
