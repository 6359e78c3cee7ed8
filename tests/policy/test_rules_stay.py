"""Stays as a clerk would work them out: deductibles, bands, bonus, fee classes, limits."""

import pytest

from contracts.codes import PersonType
from participants.policy.benefits import (
    Amount,
    AsStay,
    Band,
    CareKind,
    Counts,
    DeductibleLies,
    LargeSumBase,
    Limit,
    Of,
    Rate,
    Repeat,
    Runs,
    Waiver,
)
from participants.policy.choice import By, Choice, Leaf
from participants.policy.engine import calculate
from participants.policy.model import YearToDate
from tests.policy.made import (
    bands,
    by,
    case,
    expect,
    large_sum,
    limit,
    policy,
    rate,
    result,
    share,
    shares,
    stay,
    steps,
    yuan,
)
from tests.support.tables import rows

Row = dict[str, str]
WAGE = {"parameters": frozenset({"average_wage_fen"})}
THREE_BANDS = bands("5000.00 80%", "20000.00 85%", "40000.00 90%")


def _levels(first: str, second: str, third: str) -> Choice[Amount]:
    return by(By.LEVEL, {"level_1": yuan(first), "level_2": yuan(second), "level_3": yuan(third)})


BY_LEVEL_AND_PERSON: Choice[Amount] = by(
    By.PERSON,
    {
        "active": _levels("200", "400", "800"),
        "retired": _levels("100", "300", "700"),
        "resident_adult": yuan("500"),
        "resident_minor": yuan("250"),
    },
)
DEDUCTIBLES = {
    "by_tree": stay(deductible=BY_LEVEL_AND_PERSON),
    "by_age": stay(deductible=steps(By.AGE, {0: yuan("500"), 60: yuan("300"), 80: yuan("0")})),
    "by_stay": stay(deductible=steps(By.STAY, {1: yuan("600"), 2: yuan("450"), 4: yuan("0")})),
    "wage": stay(deductible=steps(By.STAY, {
        1: share("10%", Of.AVERAGE_WAGE), 2: share("5%", Of.AVERAGE_WAGE)
    })),
    "bill": stay(deductible=share("20%", Of.BILL, at_least="2000")),
    "bill_most": stay(deductible=share("20%", Of.BILL, at_most="1500")),
    "in_scope": stay(deductible=share("10%", Of.IN_SCOPE)),
    "less_once": stay(repeat=Repeat(100_00, False, None, (), True)),
    "less_each": stay(repeat=Repeat(100_00, True, None, (), True)),
    "floor": stay(repeat=Repeat(100_00, True, yuan("350"), (), True)),
    "high_floor": stay(repeat=Repeat(100_00, True, yuan("900"), (), True)),
    "percent": stay(repeat=Repeat(0, False, None, (
        (2, Amount(share_bp=5000, of=Of.FIRST_STAY), "inpatient.repeat.stay_2"),
        (3, Amount(), "inpatient.repeat.stay_3"),
    ), True)),
    "amounts": stay(repeat=Repeat(0, False, None, (
        (2, Amount(fixed_fen=420_00), "inpatient.repeat.stay_2"),
        (4, Amount(share_bp=200, of=Of.AVERAGE_WAGE), "inpatient.repeat.stay_4"),
    ), True)),
    "waived": stay(waiver=Waiver(frozenset({"cancer_chemo_radio"}), True)),
}  # fmt: skip

# Above the deductible the pool pays 80 %; the average wage is 12000.00, the bill is 500.00 more.
DEDUCTIBLE_TABLE = """
    shape      | person         | level | age | stay | in_scope | deductible | pool
    by_tree    | active         | 1     | 40  | 1    | 10000.00 | 200.00     | 7840.00
    by_tree    | active         | 3     | 40  | 1    | 10000.00 | 800.00     | 7360.00
    by_tree    | retired        | 2     | 65  | 5    | 10000.00 | 300.00     | 7760.00
    by_tree    | resident_minor | 3     | 9   | 1    | 10000.00 | 250.00     | 7800.00
    by_age     | active         | 2     | 59  | 1    | 10000.00 | 500.00     | 7600.00
    by_age     | active         | 2     | 60  | 1    | 10000.00 | 300.00     | 7760.00
    by_age     | active         | 2     | 80  | 1    | 10000.00 | 0.00       | 8000.00
    by_stay    | active         | 2     | 40  | 1    | 10000.00 | 600.00     | 7520.00
    by_stay    | active         | 2     | 40  | 3    | 10000.00 | 450.00     | 7640.00
    by_stay    | active         | 2     | 40  | 4    | 10000.00 | 0.00       | 8000.00
    wage       | active         | 2     | 40  | 1    | 10000.00 | 1200.00    | 7040.00
    wage       | active         | 2     | 40  | 2    | 10000.00 | 600.00     | 7520.00
    wage       | active         | 2     | 40  | 9    | 10000.00 | 600.00     | 7520.00
    bill       | active         | 2     | 40  | 1    | 9000.00  | 2000.00    | 5600.00
    bill       | active         | 2     | 40  | 1    | 19500.00 | 4000.00    | 12400.00
    bill       | active         | 2     | 40  | 1    | 1000.00  | 1000.00    | 0.00
    bill_most  | active         | 2     | 40  | 1    | 19500.00 | 1500.00    | 14400.00
    in_scope   | active         | 2     | 40  | 1    | 10000.05 | 1000.01    | 7200.03
    less_once  | active         | 2     | 40  | 1    | 10000.00 | 500.00     | 7600.00
    less_once  | active         | 2     | 40  | 2    | 10000.00 | 400.00     | 7680.00
    less_once  | active         | 2     | 40  | 5    | 10000.00 | 400.00     | 7680.00
    less_each  | active         | 2     | 40  | 3    | 10000.00 | 300.00     | 7760.00
    less_each  | active         | 2     | 40  | 7    | 10000.00 | 0.00       | 8000.00
    floor      | active         | 2     | 40  | 2    | 10000.00 | 400.00     | 7680.00
    floor      | active         | 2     | 40  | 3    | 10000.00 | 350.00     | 7720.00
    high_floor | active         | 2     | 40  | 3    | 10000.00 | 500.00     | 7600.00
    percent    | active         | 2     | 40  | 1    | 10000.00 | 500.00     | 7600.00
    percent    | active         | 2     | 40  | 2    | 10000.00 | 250.00     | 7800.00
    percent    | active         | 2     | 40  | 3    | 10000.00 | 0.00       | 8000.00
    percent    | active         | 2     | 40  | 8    | 10000.00 | 0.00       | 8000.00
    amounts    | active         | 2     | 40  | 3    | 10000.00 | 420.00     | 7664.00
    amounts    | active         | 2     | 40  | 4    | 10000.00 | 240.00     | 7808.00
    waived     | active         | 2     | 40  | 1    | 10000.00 | 500.00     | 7600.00
"""

BANDS = {
    "plain": stay(bands=THREE_BANDS),
    "below": stay(bands=THREE_BANDS, deductible_lies=DeductibleLies.BELOW_FIRST_BAND),
    "year": stay(bands=THREE_BANDS, bands_run=Runs.THROUGH_YEAR),
    "year_below": stay(
        bands=THREE_BANDS,
        bands_run=Runs.THROUGH_YEAR,
        deductible_lies=DeductibleLies.BELOW_FIRST_BAND,
    ),
    "paid": stay(bands=bands("4000.00 80%", "10000.00 90%", "- 95%"), bands_count=Counts.PAYMENT),
    "paid_year": stay(
        bands=bands("4000.00 80%", "10000.00 90%", "- 95%"),
        bands_count=Counts.PAYMENT,
        bands_run=Runs.THROUGH_YEAR,
    ),
    "zero_band": stay(bands=bands("1000.00 0%", "- 70%")),
}  # fmt: skip

# Of 500.00 each; a year before it has had so much fee, deductibles, pool money.
BANDS_TABLE = """
    shape      | y_fee    | y_ded   | y_pool   | in_scope | pool
    plain      | 0.00     | 0.00    | 0.00     | 5000.00  | 3600.00
    plain      | 0.00     | 0.00    | 0.00     | 20000.00 | 16350.00
    plain      | 30000.00 | 0.00    | 0.00     | 20000.00 | 16350.00
    plain      | 0.00     | 0.00    | 0.00     | 50000.00 | 34350.00
    below      | 0.00     | 0.00    | 0.00     | 5500.00  | 4000.00
    below      | 0.00     | 0.00    | 0.00     | 5500.02  | 4000.02
    year       | 4000.00  | 0.00    | 0.00     | 10000.00 | 8050.00
    year       | 19000.00 | 0.00    | 0.00     | 10000.00 | 8525.00
    year       | 40000.00 | 0.00    | 0.00     | 10000.00 | 0.00
    year_below | 5500.00  | 500.00  | 4000.00  | 10000.00 | 8075.00
    year_below | 5000.00  | 500.00  | 3600.00  | 10500.00 | 8475.00
    paid       | 0.00     | 0.00    | 0.00     | 5500.00  | 4000.00
    paid       | 0.00     | 0.00    | 0.00     | 6500.00  | 4900.00
    paid       | 9999.00  | 0.00    | 9999.00  | 6500.00  | 4900.00
    paid_year  | 0.00     | 0.00    | 3200.00  | 2500.00  | 1700.00
    paid_year  | 0.00     | 0.00    | 20000.00 | 10500.00 | 9500.00
    zero_band  | 0.00     | 0.00    | 0.00     | 2000.00  | 700.00
"""

RATES: dict[str, Choice[Rate]] = {
    "person": rate("80%"),
    "tree": by(By.LEVEL, {
        "level_1": rate("92%"), "level_2": rate("90%"), "level_3": rate("85%")
    }),
    "formula": Leaf(Rate(7500, 20), "made.formula"),
    "formula_capped": Leaf(Rate(7500, 20, 9000), "made.formula"),
    "age": steps(By.AGE, {0: rate("85%"), 50: rate("87%"), 100: rate("100%")}),
}  # fmt: skip
BONUS = {
    "-": None,
    "from_70": steps(By.AGE, {0: rate("0%"), 70: rate("5%")}),
    "by_age": steps(By.AGE, {0: rate("0%"), 50: rate("2%"), 90: rate("15%")}),
}

# No deductible, 1000.00 in scope.
RATES_TABLE = """
    rate           | bonus   | level | age | pool
    person         | -       | 2     | 40  | 800.00
    tree           | -       | 1     | 40  | 920.00
    tree           | -       | 3     | 40  | 850.00
    tree           | from_70 | 3     | 69  | 850.00
    tree           | from_70 | 3     | 70  | 900.00
    tree           | by_age  | 2     | 55  | 920.00
    tree           | by_age  | 2     | 90  | 1000.00
    tree           | by_age  | 1     | 130 | 1000.00
    formula        | -       | 3     | 60  | 870.00
    formula        | -       | 3     | 25  | 800.00
    formula        | -       | 3     | 130 | 1000.00
    formula_capped | -       | 3     | 75  | 900.00
    formula_capped | -       | 3     | 76  | 900.00
    formula_capped | from_70 | 3     | 76  | 950.00
    age            | -       | 2     | 49  | 850.00
    age            | -       | 2     | 50  | 870.00
    age            | -       | 2     | 100 | 1000.00
"""

LIMITS = {
    "fee": stay(limit=limit("40000.00", Counts.FEE)),
    "fee_short": stay(limit=limit("40000.00", Counts.FEE), deductible_reaches_large_sum=False),
    "payment": stay(limit=limit("20000.00")),
    "odd": stay(limit=limit("0.01"), bands=bands("- 33%")),
    "paid_short": stay(limit=limit("20000.00"), deductible_reaches_large_sum=False),
    "wage": stay(limit=Limit(
        share("400%", Of.AVERAGE_WAGE), Counts.PAYMENT
    )),
    "insured": stay(limit=Limit(
        steps(By.INSURED, {1: yuan("15000"), 2: yuan("30000"), 3: yuan("50000")}), Counts.PAYMENT
    )),
}  # fmt: skip

LIMITS_TABLE = """
    shape      | months | y_fee    | y_pool   | in_scope  | deductible | pool     | cash
    fee        | 36     | 0.00     | 0.00     | 40000.00  | 500.00     | 31600.00 | 8400.00
    fee        | 36     | 0.00     | 0.00     | 50000.00  | 500.00     | 31600.00 | 18400.00
    fee        | 36     | 39000.00 | 0.00     | 5000.00   | 500.00     | 400.00   | 4600.00
    fee        | 36     | 39700.00 | 0.00     | 5000.00   | 500.00     | 0.00     | 5000.00
    fee_short  | 36     | 39700.00 | 0.00     | 5000.00   | 300.00     | 0.00     | 5000.00
    fee_short  | 36     | 40000.00 | 0.00     | 5000.00   | 0.00       | 0.00     | 5000.00
    payment    | 36     | 0.00     | 0.00     | 25500.00  | 500.00     | 20000.00 | 5500.00
    payment    | 36     | 0.00     | 0.00     | 25499.99  | 500.00     | 19999.99 | 5500.00
    payment    | 36     | 0.00     | 0.00     | 90000.00  | 500.00     | 20000.00 | 70000.00
    payment    | 36     | 0.00     | 19000.00 | 10000.00  | 500.00     | 1000.00  | 9000.00
    payment    | 36     | 0.00     | 20000.00 | 10000.00  | 500.00     | 0.00     | 10000.00
    payment    | 36     | 0.00     | 29000.00 | 10000.00  | 500.00     | 0.00     | 10000.00
    paid_short | 36     | 0.00     | 20000.00 | 10000.00  | 0.00       | 0.00     | 10000.00
    odd        | 36     | 0.00     | 0.00     | 10000.00  | 500.00     | 0.01     | 9999.99
    wage       | 36     | 0.00     | 0.00     | 100000.00 | 500.00     | 48000.00 | 52000.00
    insured    | 0      | 0.00     | 0.00     | 100000.00 | 500.00     | 15000.00 | 85000.00
    insured    | 12     | 0.00     | 0.00     | 100000.00 | 500.00     | 15000.00 | 85000.00
    insured    | 24     | 0.00     | 0.00     | 100000.00 | 500.00     | 30000.00 | 70000.00
    insured    | 35     | 0.00     | 0.00     | 100000.00 | 500.00     | 30000.00 | 70000.00
    insured    | 36     | 0.00     | 0.00     | 100000.00 | 500.00     | 50000.00 | 50000.00
    insured    | 480    | 0.00     | 0.00     | 100000.00 | 500.00     | 50000.00 | 50000.00
"""

# 甲类 90 %, 乙类 75 %, high-cost drugs 70 %; a deductible of 100.00, taken from 甲类 first.
FEE_CLASSES_TABLE = """
    in_scope | class_b | high_cost | limit  | pool
    1000.00  | 0.00    | 0.00      | -      | 810.00
    1000.00  | 400.00  | 0.00      | -      | 750.00
    1000.00  | 400.00  | 200.00    | -      | 710.00
    1000.00  | 950.00  | 0.00      | -      | 675.00
    1000.00  | 500.00  | 500.00    | -      | 650.00
    80.00    | 40.00   | 40.00     | -      | 0.00
    1000.00  | 400.00  | 200.00    | 600.00 | 600.00
    1000.00  | 400.00  | 200.00    | 300.00 | 300.00
"""


def _year(row: Row) -> YearToDate:
    fee, deductible, pool = (
        yuan(row.get(name, "0")).value.fixed_fen for name in ("y_fee", "y_ded", "y_pool")
    )
    stays = int(row.get("stay", "1")) - 1
    return YearToDate(in_scope_fen=fee, deductible_fen=deductible, pool_fen=pool, stays=stays)


@pytest.mark.parametrize("row", rows(DEDUCTIBLE_TABLE), ids=str)
def test_the_deductible_is_what_the_policy_says(row: Row) -> None:
    total = yuan(row["in_scope"]).value.fixed_fen + 500_00
    of = case(
        row["in_scope"],
        person_type=PersonType(row["person"]),
        hospital_level=int(row["level"]),
        age_years=int(row["age"]),
        total_fen=total,
        parameters={"average_wage_fen": 12000_00},
    )
    found = result(policy(stay=DEDUCTIBLES[row["shape"]], **WAGE), of, _year(row))
    expect(row, found)
    assert found.cash_fen == total - found.pool_fen


@pytest.mark.parametrize("row", rows(BANDS_TABLE), ids=str)
def test_the_bands_count_fee_or_payment_of_the_stay_or_the_year(row: Row) -> None:
    expect(row, result(policy(stay=BANDS[row["shape"]]), case(row["in_scope"]), _year(row)))


@pytest.mark.parametrize("row", rows(RATES_TABLE), ids=str)
def test_the_rate_is_by_level_age_or_formula_with_a_bonus_up_to_the_whole(row: Row) -> None:
    one_band = (Band(0, None, RATES[row["rate"]], "0.00 元以上"),)
    row_of = stay(deductible=yuan("0"), bands=one_band, bonus=BONUS[row["bonus"]])
    of = case("1000.00", hospital_level=int(row["level"]), age_years=int(row["age"]))
    expect(row, result(policy(stay=row_of), of))


@pytest.mark.parametrize("row", rows(LIMITS_TABLE), ids=str)
def test_the_pool_pays_up_to_its_limit_of_the_year(row: Row) -> None:
    of = case(
        row["in_scope"],
        months_insured=int(row["months"]),
        parameters={"average_wage_fen": 12000_00},
    )
    expect(row, result(policy(stay=LIMITS[row["shape"]], **WAGE), of, _year(row)))


@pytest.mark.parametrize("row", rows(FEE_CLASSES_TABLE), ids=str)
def test_fee_classes_have_rates_of_their_own(row: Row) -> None:
    cap = None if row["limit"] == "-" else limit(row["limit"])
    made = policy(
        stay=stay(
            deductible=yuan("100"),
            bands=bands("- 90%"),
            class_rates={"class_b": rate("75%"), "high_cost": rate("70%")},
            limit=cap,
        ),
        fee_classes=frozenset({"class_b", "high_cost"}),
        first_self_pay={"class_b": 0, "high_cost": 0},
    )
    classes = {name: yuan(row[name]).value.fixed_fen for name in ("high_cost", "class_b")}
    expect(row, result(made, case(row["in_scope"], in_scope_by_class=classes)))


def test_a_first_self_pay_by_class_comes_before_all_else() -> None:
    made = policy(fee_classes=frozenset({"class_b"}), first_self_pay={"class_b": 1500})
    found = result(made, case("10000.00", in_scope_by_class={"class_b": 2000_00}))
    assert shares(found)["pool"] == "7360.00"  # (10000 − 2000 × 15% − 500) × 80%
    assert found.delta.in_scope_fen == 9700_00


def test_the_class_of_a_disease_or_a_flag_decides_in_a_tree() -> None:
    trees = by(By.CLASS, {"class_none": yuan("500"), "heavy": yuan("100"), "light": yuan("300")})
    made = policy(
        stay=stay(deductible=trees),
        classes={"M00500": "heavy", "dialysis": "heavy", "flu": "light"},
    )
    assert result(made, case(disease="M00500")).deductible_fen == 100_00
    assert result(made, case(disease="M00503")).deductible_fen == 100_00, "a sub-item"
    assert result(made, case(flags=frozenset({"flu", "dialysis"}))).deductible_fen == 100_00
    assert result(made, case(disease="M9", flags=frozenset({"flu"}))).deductible_fen == 300_00
    assert result(made, case(disease="M9")).deductible_fen == 500_00


def test_a_waived_stay_has_no_deductible_and_is_a_stay_all_the_same() -> None:
    flags = frozenset({"cancer_chemo_radio"})
    found = result(policy(stay=stay(waiver=Waiver(flags, False))), case(flags=flags))
    assert (found.deductible_fen, found.pool_fen, found.delta.stays) == (0, 8000_00, 1)


def test_outpatient_treatment_paid_like_a_stay_has_no_deductible_and_is_no_stay() -> None:
    kinds, flags = frozenset({CareKind.OUTPATIENT}), frozenset({"dialysis"})
    made = policy(
        stay=stay(as_stay=AsStay(kinds, flags), limit=limit("5000.00", Counts.FEE)),
        large_sum=(large_sum(base=LargeSumBase.LEFT_OPEN),),
    )
    found = result(made, case(kind=CareKind.OUTPATIENT, flags=flags))
    assert shares(found)["pool"] == "4000.00"
    assert shares(found)["large_sum"] == "2500.00", "a stay's large sum pays for it too"
    assert (found.delta.stays, found.delta.in_scope_fen) == (0, 10000_00)


@pytest.mark.parametrize(
    ("disease", "pool_fen"),
    [("M07800", 8000_00), ("M07803", 8000_00), ("M01600", 0), ("M0780", 0), (None, 0)],
)
def test_a_treatment_is_known_by_its_disease_with_its_sub_items_too(
    disease: str | None, pool_fen: int
) -> None:
    paid = AsStay(frozenset({CareKind.CHRONIC}), frozenset(), frozenset({"M07800"}))
    found = result(policy(stay=stay(as_stay=paid)), case(kind=CareKind.CHRONIC, disease=disease))
    assert found.pool_fen == pool_fen


def test_two_stays_through_the_year_are_paid_as_one_would_be() -> None:
    made = policy(stay=stay(deductible=yuan("0"), bands=THREE_BANDS, bands_run=Runs.THROUGH_YEAR))
    first = calculate(made, case("17000.00"), YearToDate())
    second = calculate(made, case("13000.00"), YearToDate().plus(first.delta))
    whole = calculate(made, case("30000.00"), YearToDate())
    assert first.pool_fen + second.pool_fen == whole.pool_fen


def test_a_clinics_threshold_does_not_lie_below_the_bands_of_the_year() -> None:
    thresholds = {"clinic_thresholds": 1000_00}
    year = YearToDate(in_scope_fen=5500_00, deductible_fen=1500_00, counters=thresholds)
    found = result(policy(stay=BANDS["year_below"]), case("10500.00"), year)
    assert shares(found)["pool"] == "8500.00", "the first band is full: 10000 × 85%"
