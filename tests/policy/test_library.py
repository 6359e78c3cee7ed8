"""The policies shipped: which there are, that each says what it is, and what it needs of a case."""

import pytest

from participants.policy.cases.file import case_of_json
from participants.policy.engine import calculate
from participants.policy.loader import library
from participants.policy.model import Policy, YearToDate

# Everything that a plain bill of 10,000 yuan comes to, when the case says nothing else.
FUNDS_OF_A_PLAIN_BILL = {
    "bengbu-resident": "8330.00",  # 9800 x 85 %
    "chengdu-employee-2012": "8300.00",  # 10000 x (75 + 40 x 0.2) %
    "chengdu-employee-2022": "9016.00",  # 9800 x 92 %
    "chengdu-mutual-aid": "9773.68",  # 9016 + 984 x 77 %
    "chengdu-stays": "9016.00",  # 9800 x 92 %
    "chongqing-employee-2015": "1000.00",  # 9000, at most 1000 a year
    "dali-resident-2023": "8330.00",  # 9800 x 85 %
    "henan-employee-2001": "7040.00",  # (10000 - 10 % of 12000) x 80 %
    "henan-maternity-2015": "2000.00",  # the lump sum of a normal birth
    "jiangning-aid": "5000.00",  # 8000, at most 5000 a year
    "qingyuan-resident": "50.00",  # 5500, at most 50 a month
    "resident-critical-illness": "0.00",  # below 20000
    "rising-cap-employee": "8000.00",  # 10000 x 80 %
    "rizhao-outpatient-2012": "295.00",  # (600 - 10) x 50 %
    "shandong-resident": "8330.00",  # 9800 x 85 %
    "shaoguan-resident": "8910.00",  # 9900 x 90 %
    "suzhou-employee": "8201.00",  # 4700 x 83 % + 5000 x 86 %
    "xuzhou-employee-2000": "8350.00",  # 2500 x 82 % + 7000 x 90 %
    "xuzhou-employee-2004": "8432.00",  # 2600 x 82 % + 7000 x 90 %
    "yizheng-employee-2010": "8201.00",  # 4700 x 83 % + 5000 x 86 %
}


def test_these_policies_are_shipped() -> None:
    assert sorted(library()) == sorted(FUNDS_OF_A_PLAIN_BILL)


@pytest.mark.parametrize("policy_id", FUNDS_OF_A_PLAIN_BILL)
def test_a_plain_bill_needs_no_other_word(policy_id: str) -> None:
    policy = library()[policy_id]
    case, year = case_of_json(
        policy,
        {"amounts_yuan": {"total": "10000.00"}, "parameters": {"average_wage_yuan": "12000.00"}},
    )
    result = calculate(policy, case, year)
    assert year == YearToDate()
    assert f"{result.fund_total_fen / 100:.2f}" == FUNDS_OF_A_PLAIN_BILL[policy_id]


@pytest.mark.parametrize("policy", library().values(), ids=lambda policy: policy.id)
def test_each_cites_its_source_and_says_how_it_read_it(policy: Policy) -> None:
    assert policy.source
    assert policy.readings
    assert all(one.question and one.taken and one.why for one in policy.readings)
