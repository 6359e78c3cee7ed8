"""A working in words: that a clerk can recompute, that is stored, and set beside another."""

from dataclasses import replace

from contracts.codes import Fund
from participants.policy.benefits import (
    Account,
    AidBase,
    Amount,
    CareKind,
    Counts,
    Elsewhere,
    LargeSumBase,
    Limit,
    Of,
    Repeat,
    Terms,
)
from participants.policy.choice import By, Leaf
from participants.policy.explain import (
    Difference,
    differences,
    explain,
    explain_steps,
    steps_as_json,
    steps_from_json,
)
from participants.policy.model import Line, YearToDate
from tests.policy.made import (
    aid,
    bands,
    case,
    clinic,
    large_sum,
    policy,
    rate,
    result,
    share,
    stay,
    steps,
    yuan,
)

MANY = policy(
    parameters=frozenset({"average_wage_fen"}),
    fee_classes=frozenset({"class_b"}),
    first_self_pay={"class_b": 1500},
    stay=stay(
        deductible=Leaf(Amount(0, 1000, Of.AVERAGE_WAGE), "inpatient.deductible"),
        repeat=Repeat(100_00, True, yuan("900"), (), True),
        bands=bands("5000 70%", "- 80%"),
        bonus=steps(By.AGE, {0: rate("0%"), 70: rate("5%")}),
        limit=Limit(share("50%", Of.AVERAGE_WAGE), Counts.PAYMENT),
    ),
    large_sum=(large_sum(base=LargeSumBase.LEFT_OPEN, fund=Fund.LARGE_SUM),),
    aids=(aid(base=AidBase.OWN_IN_SCOPE, line_limits={"bed": 50_00}, rate=rate("30%")),),
    elsewhere={Elsewhere.OTHER: Terms("out_of_area.other", factor_bp=8000, points_bp=500)},
    account=Account(frozenset({CareKind.INPATIENT}), True),
)
CASE = case(
    "13000.00",
    "13500.00",
    age_years=72,
    elsewhere=Elsewhere.OTHER,
    in_scope_by_class={"class_b": 2000_00},
    lines=(Line("bed", 150_00),),
    parameters={"average_wage_fen": 12000_00},
    account_use=True,
    account_balance_fen=200_00,
    family_balance_fen=50_00,
)

# 12700 in scope; (70% + 5%) × 80% − 5% = 55%, (80% + 5%) × 80% − 5% = 63%; 6000 a year.
READABLE = """
医疗费总额 13500.00 元，其中政策范围内 13000.00 元（政策 made）
1. 政策范围外费用 500.00 元，由个人自付｜范围外自付：500.00 元｜余 13000.00 元｜依据 case
2. 先行自付（class_b）：2000.00 元的 15%，由个人自付
   ｜范围外自付：2000.00 × 15% = 300.00 元｜余 12700.00 元｜依据 fee_classes.class_b
3. 起付线：在职，二级，本年第 2 次住院，首次 1200.00 元（inpatient.deductible）减 1 次 100.00 元
   ，不低于 900.00 元 = 1100.00 元，本次由个人负担 1100.00 元
   ｜个人负担：1100.00 元｜余 11600.00 元｜依据 inpatient.repeat
4. 统筹分段 0.00–5000 元：其中 3900.00 元按比例支付，比例 （70% + 加成 5%）× 80% − 5% = 55%
   ｜统筹基金：3900.00 × 55% = 2145.00 元｜余 7700.00 元｜依据 made.bands[0]
5. 统筹分段 5000.00–- 元：其中 6119.04 元按比例支付，比例 （80% + 加成 5%）× 80% − 5% = 63%
   ｜统筹基金：6119.04 × 63% = 3855.00 元｜余 1580.96 元｜依据 made.bands[1]
6. 统筹年度限额 6000.00 元（上年度平均工资 12000.00 元 × 50%），本年已用 0.00 元，还可用 6000.00 元
   ，其余 1580.96 元统筹不再支付｜统筹基金：0.00 元｜余 1580.96 元｜依据 made.share
7. 职工大额分段（年度累计）0.00–- 元：其中 1580.96 元按比例支付
   ｜职工大额：1580.96 × 50% = 790.48 元｜余 0.00 元｜依据 made.bands[0]
8. 住院救助：范围内个人负担 5909.52 元，减单项超限 100.00 元，救助基数 5809.52 元
   ｜医疗救助：5809.52 × 30% = 1742.86 元｜余 4966.66 元｜依据 made.rate
9. 个人账户支付 200.00 元｜个人账户：200.00 元｜余 4766.66 元｜依据 account.kinds
10. 家庭共济账户支付 50.00 元｜个人账户：50.00 元｜余 4716.66 元｜依据 account.family
11. 个人现金支付 4716.66 元｜个人现金：4716.66 元｜余 0.00 元｜依据 case
合计：统筹基金 6000.00 元，职工大额 790.48 元，医疗救助 1742.86 元，个人账户 250.00 元
，个人现金 4716.66 元；其中起付线 1100.00 元
"""


def test_every_line_can_be_recomputed_with_a_pencil() -> None:
    lines = explain(result(MANY, CASE, YearToDate(stays=1)))
    joined = READABLE.replace("\n   ｜", "｜").replace("\n   ，", "，").replace("\n，", "，")
    assert lines == joined.strip().splitlines()


def test_a_stored_working_reads_as_it_did() -> None:
    found = result(MANY, CASE, YearToDate(stays=1))
    stored = steps_from_json(steps_as_json(found))
    assert stored == found.steps
    assert explain_steps(stored) == explain(found)[1:-1]


def test_a_result_differs_from_itself_in_nothing() -> None:
    found = result(MANY, CASE)
    assert differences(found, found) == []


def test_differences_say_whose_share_and_which_step() -> None:
    left = policy(stay=stay(bands=bands("5000 80%", "- 90%")))
    right = policy(stay=stay(bands=bands("5000 85%", "- 90%")), aids=(aid(rate=rate("50%")),))
    found = differences(result(left, case()), result(right, case()))
    parts = [(one.what, one.left, one.right, one.more_fen) for one in found if not one.is_step]
    assert parts == [
        ("统筹基金", "8100.00 元", "8325.00 元", 225_00),
        ("个人现金", "1900.00 元", "837.50 元", -1062_50),
        ("医疗救助", "0.00 元", "837.50 元", 837_50),
    ]
    changed, added, cash = [one for one in found if one.is_step]
    assert (changed.what, changed.more_fen) == ("bands", 225_00)
    assert changed.left is not None
    assert changed.right is not None
    assert ("4500.00 × 80%" in changed.left, "4500.00 × 85%" in changed.right) == (True, True)
    assert (added.what, added.left, added.more_fen) == ("aid", None, 837_50)
    assert (cash.what, cash.more_fen) == ("cash", -1062_50)


def test_a_difference_the_other_way_round_has_the_other_sign() -> None:
    left, right = result(policy(), case()), result(policy(aids=(aid(),)), case())
    there, back = differences(left, right), differences(right, left)
    turned = {
        Difference(one.what, one.right, one.left, -one.more_fen, one.is_step) for one in there
    }
    assert turned == set(back)


def test_the_same_rule_on_another_key_of_the_file_is_no_difference() -> None:
    left = policy(stay=stay(deductible=yuan("500", "inpatient.deductible.active")))
    right = policy(stay=stay(deductible=yuan("500", "inpatient.deductible")))
    assert differences(result(left, case()), result(right, case())) == []


def test_what_is_paid_beside_the_bill_is_said() -> None:
    found = result(policy(clinics={CareKind.OUTPATIENT: clinic()}), case(kind=CareKind.OUTPATIENT))
    assert "账单之外" not in explain(found)[-1]
    assert "账单之外另付本人 3.00 元" in explain(replace(found, beyond_bill_fen=300))[-1]
