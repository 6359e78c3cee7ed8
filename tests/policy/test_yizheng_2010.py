"""仪征 2010 as a clerk would check it with a pencil: every row is worked out by hand."""

from dataclasses import replace

import pytest

from contracts.codes import PersonType
from contracts.money import fen_from_yuan, yuan_from_fen
from participants.policy.benefits import CareKind, Elsewhere
from participants.policy.engine import calculate
from participants.policy.explain import explain
from participants.policy.loader import library
from participants.policy.model import Case, Result, YearToDate
from tests.support.tables import rows

POLICY = library()["yizheng-employee-2010"]
Row = dict[str, str]

FIRST_AND_FURTHER_STAYS = """
    person  | level | place | flag  | stay | in_scope  | deductible | pool     | cash
    retired | 2     | home  | -     | 1    | 12000.00  | 500.00     | 10285.00 | 1715.00
    active  | 2     | home  | -     | 1    | 12000.00  | 600.00     | 9672.00  | 2328.00
    active  | 2     | away  | -     | 1    | 12000.00  | 1000.00    | 9340.00  | 2660.00
    retired | 2     | away  | -     | 1    | 12000.00  | 1000.00    | 9850.00  | 2150.00
    active  | 1     | home  | -     | 1    | 12000.00  | 300.00     | 9921.00  | 2079.00
    retired | 1     | home  | -     | 1    | 12000.00  | 200.00     | 10546.00 | 1454.00
    active  | 3     | home  | -     | 1    | 12000.00  | 600.00     | 9672.00  | 2328.00
    retired | 3     | away  | -     | 1    | 12000.00  | 1000.00    | 9850.00  | 2150.00
    active  | 2     | home  | -     | 1    | 0.00      | 0.00       | 0.00     | 0.00
    active  | 2     | home  | -     | 1    | 599.99    | 599.99     | 0.00     | 599.99
    active  | 2     | home  | -     | 1    | 600.00    | 600.00     | 0.00     | 600.00
    active  | 2     | home  | -     | 1    | 600.01    | 600.00     | 0.01     | 600.00
    active  | 2     | home  | -     | 1    | 4999.99   | 600.00     | 3651.99  | 1348.00
    active  | 2     | home  | -     | 1    | 5000.00   | 600.00     | 3652.00  | 1348.00
    active  | 2     | home  | -     | 1    | 5000.01   | 600.00     | 3652.01  | 1348.00
    active  | 2     | home  | -     | 1    | 20000.00  | 600.00     | 16552.00 | 3448.00
    active  | 2     | home  | -     | 1    | 20000.01  | 600.00     | 16552.01 | 3448.00
    active  | 2     | home  | -     | 1    | 40000.00  | 600.00     | 34552.00 | 5448.00
    retired | 2     | home  | -     | 1    | 40000.00  | 500.00     | 36565.00 | 3435.00
    active  | 2     | home  | -     | 2    | 12000.00  | 500.00     | 9755.00  | 2245.00
    active  | 2     | home  | -     | 3    | 12000.00  | 400.00     | 9838.00  | 2162.00
    active  | 2     | home  | -     | 4    | 12000.00  | 400.00     | 9838.00  | 2162.00
    active  | 3     | home  | -     | 4    | 12000.00  | 400.00     | 9838.00  | 2162.00
    retired | 2     | home  | -     | 2    | 12000.00  | 400.00     | 10372.00 | 1628.00
    retired | 2     | home  | -     | 3    | 12000.00  | 400.00     | 10372.00 | 1628.00
    active  | 1     | home  | -     | 2    | 12000.00  | 200.00     | 10004.00 | 1996.00
    active  | 1     | home  | -     | 3    | 12000.00  | 100.00     | 10087.00 | 1913.00
    active  | 1     | home  | -     | 4    | 12000.00  | 0.00       | 10170.00 | 1830.00
    active  | 1     | home  | -     | 5    | 12000.00  | 0.00       | 10170.00 | 1830.00
    active  | 2     | away  | -     | 3    | 12000.00  | 1000.00    | 9340.00  | 2660.00
    active  | 2     | home  | cancer_chemo_radio | 1 | 12000.00 | 0.00 | 10170.00 | 1830.00
    active  | 2     | away  | cancer_chemo_radio | 1 | 12000.00 | 0.00 | 10170.00 | 1830.00
    active  | 2     | home  | dialysis           | 1 | 12000.00 | 600.00 | 9672.00 | 2328.00
"""

# Active, level 2, at home: the limits count the in-scope fee of the year.
THROUGH_THE_YEAR = """
    stay | year_before | in_scope  | deductible | pool     | large_sum | cash
    1    | 0.00        | 40000.01  | 600.00     | 34552.00 | 0.01      | 5448.00
    1    | 0.00        | 100000.00 | 600.00     | 34552.00 | 51000.00  | 14448.00
    1    | 0.00        | 100000.01 | 600.00     | 34552.00 | 51000.01  | 14448.00
    1    | 0.00        | 120000.00 | 600.00     | 34552.00 | 69000.00  | 16448.00
    1    | 0.00        | 250000.00 | 600.00     | 34552.00 | 186000.00 | 29448.00
    1    | 0.00        | 250000.01 | 600.00     | 34552.00 | 186000.00 | 29448.01
    2    | 30000.00    | 10000.00  | 500.00     | 8035.00  | 0.00      | 1965.00
    2    | 35000.00    | 12000.00  | 500.00     | 3735.00  | 5950.00   | 2315.00
    2    | 39999.99    | 10000.00  | 500.00     | 0.00     | 8075.00   | 1925.00
    2    | 40000.00    | 12000.00  | 500.00     | 0.00     | 9775.00   | 2225.00
    2    | 99000.00    | 12000.00  | 500.00     | 0.00     | 10325.00  | 1675.00
    2    | 249000.00   | 12000.00  | 500.00     | 0.00     | 450.00    | 11550.00
    2    | 250000.00   | 12000.00  | 500.00     | 0.00     | 0.00      | 12000.00
    2    | 260000.00   | 100.00    | 100.00     | 0.00     | 0.00      | 100.00
"""

CHRONIC = """
    person  | age | y_fee   | y_pool  | account | in_scope | deductible | pool    | acct   | cash
    active  | 45  | 0.00    | 0.00    | no      | 1000.00  | 1000.00    | 0.00    | 0.00   | 1000.00
    active  | 45  | 0.00    | 0.00    | no      | 1000.01  | 1000.00    | 0.01    | 0.00   | 1000.00
    active  | 45  | 0.00    | 0.00    | no      | 3000.00  | 1000.00    | 1200.00 | 0.00   | 1800.00
    active  | 46  | 0.00    | 0.00    | no      | 3000.00  | 1000.00    | 1300.00 | 0.00   | 1700.00
    retired | 60  | 0.00    | 0.00    | no      | 3000.00  | 1000.00    | 1400.00 | 0.00   | 1600.00
    active  | 45  | 600.00  | 0.00    | no      | 1000.00  | 400.00     | 360.00  | 0.00   | 640.00
    active  | 45  | 1000.00 | 0.00    | no      | 500.00   | 0.00       | 300.00  | 0.00   | 200.00
    active  | 45  | 5000.00 | 2400.00 | no      | 1000.00  | 0.00       | 100.00  | 0.00   | 900.00
    active  | 45  | 5166.67 | 2500.00 | no      | 1000.00  | 0.00       | 0.00    | 0.00   | 1000.00
    active  | 46  | 0.00    | 0.00    | no      | 10000.00 | 1000.00    | 2500.00 | 0.00   | 7500.00
    retired | 60  | 0.00    | 0.00    | no      | 10000.00 | 1000.00    | 3000.00 | 0.00   | 7000.00
    retired | 60  | 0.00    | 0.00    | 800.00  | 3000.00  | 1000.00    | 1400.00 | 800.00 | 800.00
    retired | 60  | 0.00    | 0.00    | 9000.00 | 700.00   | 700.00     | 0.00    | 700.00 | 0.00
"""

OUTPATIENT = """
    kind       | flag      | account | total   | in_scope | pool   | acct   | cash
    maternity  | -         | no      | 2000.00 | 1800.00  | 800.00 | 0.00   | 1200.00
    maternity  | caesarean | no      | 2000.00 | 1800.00  | 1200.00 | 0.00  | 800.00
    outpatient | -         | no      | 200.00  | 150.00   | 0.00   | 0.00   | 200.00
    outpatient | -         | 1000.00 | 200.00  | 150.00   | 0.00   | 150.00 | 50.00
    outpatient | -         | 100.00  | 200.00  | 150.00   | 0.00   | 100.00 | 100.00
    outpatient | -         | 0.00    | 200.00  | 150.00   | 0.00   | 0.00   | 200.00
    pharmacy   | -         | 1000.00 | 88.50   | 88.50    | 0.00   | 88.50  | 0.00
    pharmacy   | -         | no      | 88.50   | 88.50    | 0.00   | 0.00   | 88.50
    pharmacy   | dialysis  | no      | 88.50   | 88.50    | 0.00   | 0.00   | 88.50
    outpatient | dialysis  | no      | 1200.00 | 1000.00  | 830.00 | 0.00   | 370.00
    chronic    | dialysis  | no      | 1000.00 | 1000.00  | 830.00 | 0.00   | 170.00
    inpatient  | -         | 500.00  | 1000.00 | 900.00   | 249.00 | 500.00 | 251.00
"""


@pytest.mark.parametrize("row", rows(FIRST_AND_FURTHER_STAYS), ids=str)
def test_a_stay_is_shared_as_the_table_says(row: Row) -> None:
    case = _case(row, out_of_area=row["place"] == "away")
    result = calculate(POLICY, case, YearToDate(stays=int(row["stay"]) - 1))
    _expect(row, result, deductible=result.deductible_fen, pool=result.pool_fen)


@pytest.mark.parametrize("row", rows(THROUGH_THE_YEAR), ids=str)
def test_the_limits_count_the_fee_of_the_year(row: Row) -> None:
    year = YearToDate(stays=int(row["stay"]) - 1, in_scope_fen=fen_from_yuan(row["year_before"]))
    result = calculate(POLICY, _case(row), year)
    parts = {"pool": result.pool_fen, "large_sum": result.large_sum_fen}
    _expect(row, result, deductible=result.deductible_fen, **parts)


@pytest.mark.parametrize("row", rows(CHRONIC), ids=str)
def test_chronic_outpatient_care_has_a_threshold_a_rate_and_a_cap(row: Row) -> None:
    year = YearToDate(
        chronic_in_scope_fen=fen_from_yuan(row["y_fee"]),
        chronic_pool_fen=fen_from_yuan(row["y_pool"]),
    )
    result = calculate(POLICY, _case({"kind": "chronic", **row}), year)
    parts = {"pool": result.pool_fen, "acct": result.account_fen}
    _expect(row, result, deductible=result.deductible_fen, **parts)


@pytest.mark.parametrize("row", rows(OUTPATIENT), ids=str)
def test_outpatient_and_pharmacy_bills_are_the_persons_own_but_for_treatments_and_childbirth(
    row: Row,
) -> None:
    result = calculate(POLICY, _case(row), YearToDate())
    _expect(row, result, pool=result.pool_fen, acct=result.account_fen)


def test_two_stays_in_a_row_cross_the_limit_like_the_second_row_says() -> None:
    year = YearToDate(stays=0, in_scope_fen=0)
    first = calculate(POLICY, _case({"in_scope": "35000.00"}), year)
    second = calculate(POLICY, _case({"in_scope": "12000.00"}), year.plus(first.delta))
    assert (second.pool_fen, second.large_sum_fen) == (3735_00, 5950_00)
    assert year.plus(first.delta).plus(second.delta) == YearToDate(
        in_scope_fen=47000_00,
        deductible_fen=1100_00,
        pool_fen=first.pool_fen + 3735_00,
        large_sum_fen=5950_00,
        large_base_fen=7000_00,
        stays=2,
    )


def test_chronic_care_leaves_the_limits_of_stays_alone() -> None:
    delta = calculate(POLICY, _case({"kind": "chronic", "in_scope": "3000.00"}), YearToDate()).delta
    assert delta == YearToDate(
        deductible_fen=1000_00,
        chronic_in_scope_fen=3000_00,
        chronic_pool_fen=1200_00,
    )


@pytest.mark.parametrize("disease", ["M00500", "M07800", "M08300", "M07803"])
def test_the_three_treatments_are_paid_as_a_stay_by_the_code_of_the_disease(disease: str) -> None:
    case = replace(_case({"kind": "chronic", "in_scope": "10000.00"}), disease=disease)
    result = calculate(POLICY, case, YearToDate())
    # Without a deductible: 5,000 at 83 % and 5,000 at 86 %.
    assert (result.deductible_fen, result.pool_fen) == (0, 8450_00)


def test_dialysis_outside_a_stay_uses_the_year_but_is_no_stay() -> None:
    case = _case({"kind": "outpatient", "flag": "dialysis", "in_scope": "1000.00"})
    assert calculate(POLICY, case, YearToDate()).delta == YearToDate(
        in_scope_fen=1000_00, pool_fen=830_00
    )


READABLE = """
医疗费总额 12000.00 元，其中政策范围内 12000.00 元（政策 yizheng-employee-2010）
1. 起付线：在职，二级，本年第 1 次住院，600.00 元，本次由个人负担 600.00 元
   ｜个人负担：600.00 元｜余 11400.00 元｜依据 inpatient.deductible.active.level_2
2. 统筹分段 0.00–5000.00 元：其中 4400.00 元按比例支付
   ｜统筹基金：4400.00 × 83% = 3652.00 元｜余 7000.00 元｜依据 inpatient.bands[0].rate.active
3. 统筹分段 5000.00–20000.00 元：其中 7000.00 元按比例支付
   ｜统筹基金：7000.00 × 86% = 6020.00 元｜余 0.00 元｜依据 inpatient.bands[1].rate.active
4. 个人现金支付 2328.00 元
   ｜个人现金：2328.00 元｜余 0.00 元｜依据 case
合计：统筹基金 9672.00 元，个人现金 2328.00 元；其中起付线 600.00 元
"""


def test_a_clerk_can_read_the_working() -> None:
    lines = explain(calculate(POLICY, _case({"in_scope": "12000.00"}), YearToDate()))
    assert lines == READABLE.replace("\n   ", "").strip().splitlines()


def _case(row: Row, *, out_of_area: bool = False) -> Case:
    asked = row.get("account", "no") != "no"
    flag, in_scope_fen = row.get("flag", "-"), fen_from_yuan(row["in_scope"])
    return Case(
        kind=CareKind(row.get("kind", "inpatient")),
        person_type=PersonType(row.get("person", "active")),
        age_years=int(row.get("age", "40")),
        hospital_level=int(row.get("level", "2")),
        total_fen=fen_from_yuan(row["total"]) if "total" in row else in_scope_fen,
        in_scope_fen=in_scope_fen,
        elsewhere=Elsewhere.REFERRAL if out_of_area else None,
        flags=frozenset() if flag == "-" else frozenset({flag}),
        account_use=asked,
        account_balance_fen=fen_from_yuan(row["account"]) if asked else 100_000,
    )


def _expect(row: Row, result: Result, **parts_fen: int) -> None:
    found = {name: yuan_from_fen(fen) for name, fen in parts_fen.items()}
    found["cash"] = yuan_from_fen(result.cash_fen)
    assert found == {name: row[name] for name in found}
