"""Care elsewhere: the models A to G, for every category; what denies all payment."""

import pytest

from participants.policy.benefits import (
    CareKind,
    Counts,
    Elsewhere,
    Exclusion,
    Of,
    Repeat,
    Terms,
    Waiver,
)
from participants.policy.choice import By
from participants.policy.model import YearToDate
from tests.policy.made import (
    aid,
    bands,
    bp,
    by,
    case,
    clinic,
    expect,
    limit,
    policy,
    rate,
    result,
    share,
    stay,
    yuan,
)
from tests.support.tables import rows

Row = dict[str, str]
SOURCE = "out_of_area.some"
LESS_EACH = Repeat(100_00, True, None, (), True)

TERMS = {
    "A": Terms(SOURCE, points_bp=bp("10")),
    "A_all": Terms(SOURCE, points_bp=bp("90")),
    "B": Terms(SOURCE, factor_bp=bp("80")),
    "B_and_A": Terms(SOURCE, factor_bp=bp("80"), points_bp=bp("10")),
    "C": Terms(SOURCE, first_self_pay_bp=bp("10"), as_level=3),
    "C_much": Terms(SOURCE, first_self_pay_bp=bp("40"), as_level=3),
    "D": Terms(
        SOURCE,
        deductible=yuan("2500"),
        bands=bands("10000 45%", "- 75%"),
        floor=rate("40%"),
    ),
    "E": Terms(SOURCE, deductible=share("20%", Of.BILL, at_least="2000")),
    "F": Terms(SOURCE, deductible=yuan("900"), bands=bands("- 50%")),
    "G": Terms(SOURCE, deductible=yuan("1000")),
    "G_repeat": Terms(SOURCE, deductible=yuan("1000"), keeps_repeat=True),
    "home": Terms(SOURCE),
    "unpaid": Terms(SOURCE, pays=False),
}

# At home: 500.00 less 100.00 a further stay, level 3 is 800.00; then 80 %, level 3 is 70 %.
MODELS = """
    terms    | stay | in_scope | deductible | pool     | cash
    home     | 1    | 10000.00 | 500.00     | 7600.00  | 2400.00
    home     | 3    | 10000.00 | 300.00     | 7760.00  | 2240.00
    A        | 1    | 10000.00 | 500.00     | 6650.00  | 3350.00
    A_all    | 1    | 10000.00 | 500.00     | 0.00     | 10000.00
    B        | 1    | 10000.00 | 500.00     | 6080.00  | 3920.00
    B_and_A  | 1    | 10000.00 | 500.00     | 5130.00  | 4870.00
    C        | 1    | 10000.00 | 800.00     | 5740.00  | 4260.00
    C        | 2    | 10000.00 | 700.00     | 5810.00  | 4190.00
    C_much   | 1    | 10000.00 | 800.00     | 3640.00  | 6360.00
    D        | 1    | 20000.00 | 2500.00    | 10875.00 | 9125.00
    D        | 1    | 10000.00 | 2500.00    | 4000.00  | 6000.00
    D        | 1    | 3000.00  | 2500.00    | 1200.00  | 1800.00
    D        | 1    | 100.00   | 100.00     | 40.00    | 60.00
    E        | 1    | 10000.00 | 2000.00    | 6400.00  | 3600.00
    E        | 1    | 20000.00 | 4000.00    | 12800.00 | 7200.00
    E        | 3    | 10000.00 | 2000.00    | 6400.00  | 3600.00
    F        | 1    | 10000.00 | 900.00     | 4550.00  | 5450.00
    G        | 1    | 10000.00 | 1000.00    | 7200.00  | 2800.00
    G        | 3    | 10000.00 | 1000.00    | 7200.00  | 2800.00
    G_repeat | 3    | 10000.00 | 800.00     | 7360.00  | 2640.00
    unpaid   | 1    | 10000.00 | 0.00       | 0.00     | 10000.00
"""

# An outpatient rate of 60 % at home, 100.00 in scope.
CLINIC_TERMS = {
    "clinic_rate": Terms(SOURCE, clinic_rate=rate("30%")),
    "clinic_points": Terms(SOURCE, clinic_rate=rate("30%"), points_bp=bp("10")),
    **TERMS,
}
CLINIC_MODELS = """
    terms         | pool
    home          | 60.00
    A             | 50.00
    B             | 48.00
    C             | 54.00
    clinic_rate   | 30.00
    clinic_points | 20.00
    unpaid        | 0.00
"""


@pytest.mark.parametrize("category", Elsewhere)
@pytest.mark.parametrize("row", rows(MODELS), ids=str)
def test_each_model_pays_alike_in_each_category(row: Row, category: Elsewhere) -> None:
    levels = {"level_1": yuan("300"), "level_2": yuan("500"), "level_3": yuan("800")}
    rates = by(By.LEVEL, {"level_1": rate("90%"), "level_2": rate("80%"), "level_3": rate("70%")})
    band = bands("- 80%")[0]
    made = policy(
        stay=stay(
            deductible=by(By.LEVEL, levels),
            bands=(type(band)(0, None, rates, band.label),),
            repeat=LESS_EACH,
        ),
        elsewhere={category: TERMS[row["terms"]]},
    )
    year = YearToDate(stays=int(row["stay"]) - 1)
    expect(row, result(made, case(row["in_scope"], elsewhere=category), year))


@pytest.mark.parametrize("row", rows(CLINIC_MODELS), ids=str)
def test_a_clinic_elsewhere_is_paid_as_the_table_says(row: Row) -> None:
    made = policy(
        clinics={CareKind.OUTPATIENT: clinic(rate=rate("60%"))},
        elsewhere={Elsewhere.OTHER: CLINIC_TERMS[row["terms"]]},
    )
    of = case("100.00", kind=CareKind.OUTPATIENT, elsewhere=Elsewhere.OTHER)
    expect(row, result(made, of))


def test_a_category_without_terms_is_treated_as_at_home() -> None:
    made = policy(elsewhere={Elsewhere.OTHER: TERMS["F"]})
    assert result(made, case(elsewhere=Elsewhere.REFERRAL)).pool_fen == 7600_00


def test_the_floor_stays_within_the_limit_of_the_pool() -> None:
    made = policy(stay=stay(limit=limit("1000")), elsewhere={Elsewhere.OTHER: TERMS["D"]})
    found = result(made, case("3000.00", elsewhere=Elsewhere.OTHER))
    assert found.pool_fen == 1000_00
    made = policy(
        stay=stay(limit=limit("2000", Counts.FEE)), elsewhere={Elsewhere.OTHER: TERMS["D"]}
    )
    found = result(made, case("3000.00", elsewhere=Elsewhere.OTHER))
    assert found.pool_fen == 800_00, "40% of the fee within the limit"


def test_what_is_paid_first_elsewhere_is_no_fee_of_the_year() -> None:
    made = policy(elsewhere={Elsewhere.OTHER: TERMS["C"]})
    assert result(made, case(elsewhere=Elsewhere.OTHER)).delta.in_scope_fen == 9000_00


@pytest.mark.parametrize(
    ("category", "counts", "stays"),
    [
        (Elsewhere.OTHER, False, 0),
        (Elsewhere.OTHER, True, 1),
        (Elsewhere.BACK_HOME, False, 1),
        (None, False, 1),
    ],
)
def test_stays_elsewhere_count_as_the_policy_says(
    category: Elsewhere | None, counts: bool, stays: int
) -> None:
    made = policy(stay=stay(repeat=Repeat(100_00, True, None, (), counts)))
    assert result(made, case(elsewhere=category)).delta.stays == stays


@pytest.mark.parametrize(("also_elsewhere", "deductible_fen"), [(True, 0), (False, 1000_00)])
def test_a_waiver_reaches_elsewhere_if_the_policy_says_so(
    also_elsewhere: bool, deductible_fen: int
) -> None:
    flags = frozenset({"cancer_chemo_radio"})
    made = policy(
        stay=stay(waiver=Waiver(flags, also_elsewhere)), elsewhere={Elsewhere.OTHER: TERMS["G"]}
    )
    found = result(made, case(elsewhere=Elsewhere.OTHER, flags=flags))
    assert found.deductible_fen == deductible_fen


DENIED = {
    "excluded": (case(flags=frozenset({"traffic_accident"})), "exclusions.traffic_accident"),
    "waiting": (case(months_insured=5), "waiting_months"),
    "arrears": (case(flags=frozenset({"in_arrears"})), "pays_in_arrears"),
    "unpaid": (case(elsewhere=Elsewhere.UNREGISTERED), f"{SOURCE}.pays"),
}


@pytest.mark.parametrize("why", DENIED)
def test_no_fund_pays_anything_when_the_policy_denies_it(why: str) -> None:
    made = policy(
        exclusions=(Exclusion("traffic_accident", "交通事故"),),
        waiting_months=6,
        elsewhere={Elsewhere.UNREGISTERED: TERMS["unpaid"]},
        aids=(aid(),),
    )
    of, source = DENIED[why]
    found = result(made, of)
    assert (found.fund_total_fen, found.cash_fen) == (0, of.total_fen)
    assert found.steps[0].source == source
    assert found.delta == YearToDate(), "nothing of the year is used"


def test_long_enough_insured_or_an_area_that_pays_in_arrears_is_paid() -> None:
    made = policy(waiting_months=6, pays_in_arrears=True)
    assert result(made, case(months_insured=6)).pool_fen == 7600_00
    assert result(made, case(months_insured=None)).pool_fen == 7600_00
    assert result(made, case(flags=frozenset({"in_arrears"}))).pool_fen == 7600_00
