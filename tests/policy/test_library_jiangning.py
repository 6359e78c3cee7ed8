"""江宁 medical aid with a pencil: 80 % of what a stay costs the person, then serious illness."""

import pytest

from participants.policy.cases.file import case_of_json, result_as_json
from participants.policy.engine import calculate
from participants.policy.loader import library
from tests.policy.pencil import Row, expect
from tests.support.tables import rows

# The bill is what insurance left.
# Stay: 80 %, at most 5000.00 a year below 60 years, 4000.00 from 60 on.
# Serious illness: 30 % (not insured 50 %) of what is still the person's,
# at most 5000 / 3000 / 1000 by class, and with the stay's aid 10000 / 5000 / 3000 a year.
# Class 1, 10000: 5000 + 5000 x 30 % = 6500.00; not insured 5000 + 5000 x 50 % = 7500.00.
# Class 1, 30000: 5000 + 25000 x 30 % = 7500, at most 5000 = 10000.00.
# Class 2, 6000: 4800 + 1200 x 30 % = 360, together at most 5000.00.
# Class 3, 6000: 4800, together at most 3000.00.
# Outpatient: class 1, 2000 x 30 % = 600.00; class 3, 10000 x 30 % = 3000, at most 1000.00.
TABLE = """
    kind       | age | disease | flag               | total    | in_scope | aid      | cash
    -          | -   | -       | -                  | 5000.00  | -        | 4000.00  | 1000.00
    inpatient  | 59  | -       | -                  | 5000.00  | 3000.00  | 4000.00  | 1000.00
    inpatient  | 60  | -       | -                  | 5000.00  | 5000.00  | 4000.00  | 1000.00
    inpatient  | 40  | -       | -                  | 10000.00 | 10000.00 | 5000.00  | 5000.00
    inpatient  | 60  | -       | -                  | 10000.00 | 10000.00 | 4000.00  | 6000.00
    inpatient  | 40  | -       | dialysis           | 10000.00 | 10000.00 | 6500.00  | 3500.00
    inpatient  | 40  | M00500  | -                  | 10000.00 | 10000.00 | 6500.00  | 3500.00
    inpatient  | 40  | -       | dialysis+uninsured | 10000.00 | 10000.00 | 7500.00  | 2500.00
    inpatient  | 40  | -       | kidney_transplant  | 30000.00 | 30000.00 | 10000.00 | 20000.00
    inpatient  | 40  | -       | stroke             | 6000.00  | 6000.00  | 5000.00  | 1000.00
    inpatient  | 40  | -       | chronic_list       | 6000.00  | 6000.00  | 3000.00  | 3000.00
    outpatient | 40  | -       | cancer             | 2000.00  | 2000.00  | 600.00   | 1400.00
    outpatient | 40  | -       | cancer+uninsured   | 2000.00  | 2000.00  | 1000.00  | 1000.00
    outpatient | 40  | -       | chronic_list       | 10000.00 | 10000.00 | 1000.00  | 9000.00
    outpatient | 40  | -       | -                  | 2000.00  | 2000.00  | 0.00     | 2000.00
"""


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_bill_is_shared_as_the_table_says(row: Row) -> None:
    expect("jiangning-aid", row)


def test_an_examination_counts_up_to_500_and_a_treatment_up_to_1000_each() -> None:
    # 4000 with examinations of 800 and 400 and a treatment of 1500: 300 and 500 do not count,
    # 3200 x 80 % = 2560.00.
    policy = library()["jiangning-aid"]
    lines = [("examination", "800.00"), ("examination", "400.00"), ("treatment", "1500.00")]
    data = {
        "amounts_yuan": {"total": "4000.00"},
        "lines": [{"category": name, "amount_yuan": yuan} for name, yuan in lines],
    }
    found = result_as_json(calculate(policy, *case_of_json(policy, data)))
    assert (found["aid"], found["cash"]) == ("2560.00", "1440.00")


def test_two_stays_share_the_limits_of_one_year() -> None:
    # Class 1: 10000 -> 5000 + 1500; then 10000 again -> 0 + 30 % of 10000 = 3000 of the 3500 left.
    policy = library()["jiangning-aid"]
    case, year = case_of_json(
        policy, {"visit": {"flags": ["cancer"]}, "amounts_yuan": {"total": "10000.00"}}
    )
    first = calculate(policy, case, year)
    second = calculate(policy, case, year.plus(first.delta))
    third = calculate(policy, case, year.plus(first.delta).plus(second.delta))
    assert (first.aid_fen, second.aid_fen, third.aid_fen) == (6500_00, 3000_00, 500_00)
