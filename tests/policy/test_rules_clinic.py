"""Outpatient, chronic and pharmacy care: self-pay a visit, thresholds, ceilings, caps."""

import pytest

from participants.policy.benefits import CareKind, Counts, Period
from participants.policy.choice import By
from participants.policy.model import YearToDate
from tests.policy.made import (
    by,
    case,
    clinic,
    expect,
    limit,
    policy,
    rate,
    result,
    stay,
    steps,
    yuan,
)
from tests.support.tables import rows

Row = dict[str, str]
FEE, PAYMENT = Counts.FEE, Counts.PAYMENT
OUTPATIENT = CareKind.OUTPATIENT

CLINICS = {
    "plain": clinic(),
    "self_pay": clinic(visit_self_pay=yuan("10"), ceilings=((Period.YEAR, limit("600", FEE)),)),
    "year": clinic(threshold=yuan("100")),
    "visit": clinic(threshold=yuan("100"), threshold_per=Period.VISIT),
    "both": clinic(visit_self_pay=yuan("10"), threshold=yuan("100")),
    "cap": clinic(ceilings=((Period.YEAR, limit("150")),)),
    "month": clinic(rate=rate("55%"), ceilings=((Period.MONTH, limit("50")),)),
    "month_fee": clinic(ceilings=((Period.MONTH, limit("80", FEE)),)),
    "per_visit": clinic(ceilings=((Period.VISIT, limit("30")),)),
    "two_caps": clinic(ceilings=((Period.VISIT, limit("30")), (Period.YEAR, limit("150")))),
    "level": clinic(rate=by(By.LEVEL, {
        "level_1": rate("50%"), "level_2": rate("25%"), "level_3": rate("0%")
    })),
    "age": clinic(rate=steps(By.AGE, {0: rate("60%"), 46: rate("65%")}), bonus=rate("5%")),
}  # fmt: skip

VISITS = """
    shape     | level | age | y_fee  | y_pool | month_used | in_scope | deductible | pool   | cash
    plain     | 2     | 40  | 0.00   | 0.00   | 0.00       | 100.01   | 0.00       | 50.01  | 50.00
    self_pay  | 2     | 40  | 0.00   | 0.00   | 0.00       | 600.00   | 0.00       | 295.00 | 305.00
    self_pay  | 2     | 40  | 0.00   | 0.00   | 0.00       | 700.00   | 0.00       | 295.00 | 405.00
    self_pay  | 2     | 40  | 550.00 | 0.00   | 0.00       | 100.00   | 0.00       | 20.00  | 80.00
    self_pay  | 2     | 40  | 600.00 | 0.00   | 0.00       | 100.00   | 0.00       | 0.00   | 100.00
    self_pay  | 2     | 40  | 0.00   | 0.00   | 0.00       | 8.00     | 0.00       | 0.00   | 8.00
    year      | 2     | 40  | 0.00   | 0.00   | 0.00       | 300.00   | 100.00     | 100.00 | 200.00
    year      | 2     | 40  | 60.00  | 0.00   | 0.00       | 300.00   | 40.00      | 130.00 | 170.00
    year      | 2     | 40  | 100.00 | 0.00   | 0.00       | 300.00   | 0.00       | 150.00 | 150.00
    year      | 2     | 40  | 0.00   | 0.00   | 0.00       | 99.00    | 99.00      | 0.00   | 99.00
    visit     | 2     | 40  | 900.00 | 0.00   | 0.00       | 300.00   | 100.00     | 100.00 | 200.00
    both      | 2     | 40  | 0.00   | 0.00   | 0.00       | 300.00   | 90.00      | 100.00 | 200.00
    both      | 2     | 40  | 100.00 | 0.00   | 0.00       | 300.00   | 0.00       | 145.00 | 155.00
    cap       | 2     | 40  | 0.00   | 0.00   | 0.00       | 300.00   | 0.00       | 150.00 | 150.00
    cap       | 2     | 40  | 0.00   | 100.00 | 0.00       | 300.00   | 0.00       | 50.00  | 250.00
    cap       | 2     | 40  | 0.00   | 200.00 | 0.00       | 300.00   | 0.00       | 0.00   | 300.00
    month     | 2     | 40  | 0.00   | 999.00 | 0.00       | 80.00    | 0.00       | 44.00  | 36.00
    month     | 2     | 40  | 0.00   | 999.00 | 0.00       | 200.00   | 0.00       | 50.00  | 150.00
    month     | 2     | 40  | 0.00   | 999.00 | 44.00      | 200.00   | 0.00       | 6.00   | 194.00
    month_fee | 2     | 40  | 0.00   | 0.00   | 30.00      | 100.00   | 0.00       | 25.00  | 75.00
    per_visit | 2     | 40  | 0.00   | 999.00 | 0.00       | 100.00   | 0.00       | 30.00  | 70.00
    two_caps  | 2     | 40  | 0.00   | 130.00 | 0.00       | 100.00   | 0.00       | 20.00  | 80.00
    two_caps  | 2     | 40  | 0.00   | 100.00 | 0.00       | 100.00   | 0.00       | 30.00  | 70.00
    level     | 1     | 40  | 0.00   | 0.00   | 0.00       | 100.00   | 0.00       | 50.00  | 50.00
    level     | 2     | 40  | 0.00   | 0.00   | 0.00       | 100.00   | 0.00       | 25.00  | 75.00
    level     | 3     | 40  | 0.00   | 0.00   | 0.00       | 100.00   | 0.00       | 0.00   | 100.00
    age       | 2     | 45  | 0.00   | 0.00   | 0.00       | 100.00   | 0.00       | 65.00  | 35.00
    age       | 2     | 46  | 0.00   | 0.00   | 0.00       | 100.00   | 0.00       | 70.00  | 30.00
"""

# A cap of 1000.00 a year, 200.00 more for each further disease; 500.00 for M01600 alone.
DISEASES = """
    disease | approved | y_pool | y_disease | in_scope | pool
    M01600  | 1        | 0.00   | 0.00      | 5000.00  | 500.00
    M01600  | 1        | 0.00   | 450.00    | 5000.00  | 50.00
    M01600  | 1        | 900.00 | 0.00      | 5000.00  | 100.00
    M00500  | 1        | 0.00   | 0.00      | 5000.00  | 1000.00
    M00500  | 2        | 0.00   | 0.00      | 5000.00  | 1200.00
    M00500  | 4        | 900.00 | 0.00      | 5000.00  | 700.00
    M00500  | 0        | 900.00 | 0.00      | 5000.00  | 100.00
"""


def _fen(text: str) -> int:
    return yuan(text).value.fixed_fen


@pytest.mark.parametrize("row", rows(VISITS), ids=str)
def test_a_visit_is_paid_as_the_table_says(row: Row) -> None:
    made = policy(clinics={OUTPATIENT: CLINICS[row["shape"]]})
    name = "outpatient_in_scope" if row["shape"] == "month_fee" else "outpatient_pool"
    year = YearToDate(
        outpatient_in_scope_fen=_fen(row["y_fee"]),
        outpatient_pool_fen=_fen(row["y_pool"]),
        counters={f"{name}.2026-05": _fen(row["month_used"]), f"{name}.2026-04": 999_00},
    )
    of = case(
        row["in_scope"],
        kind=OUTPATIENT,
        month="2026-05",
        hospital_level=int(row["level"]),
        age_years=int(row["age"]),
    )
    expect(row, result(made, of, year))


@pytest.mark.parametrize("row", rows(DISEASES), ids=str)
def test_chronic_care_has_caps_by_disease_and_for_further_diseases(row: Row) -> None:
    chronic = clinic(
        ceilings=((Period.YEAR, limit("1000")),),
        extra_disease_fen=200_00,
        disease_limits={"M01600": yuan("500")},
    )
    year = YearToDate(
        chronic_pool_fen=_fen(row["y_pool"]),
        counters={"disease_pool.M01600": _fen(row["y_disease"])},
    )
    of = case(
        row["in_scope"],
        kind=CareKind.CHRONIC,
        disease=row["disease"],
        diseases_approved=int(row["approved"]),
    )
    expect(row, result(policy(clinics={CareKind.CHRONIC: chronic}), of, year))


@pytest.mark.parametrize("disease", ["M01600", "M01601"])
def test_a_visit_adds_to_its_own_columns_months_and_diseases(disease: str) -> None:
    chronic = clinic(
        ceilings=((Period.MONTH, limit("1000")), (Period.MONTH, limit("5000", FEE))),
        disease_limits={"M01600": yuan("500")},
    )
    made = policy(clinics={CareKind.CHRONIC: chronic})
    of = case("600.00", kind=CareKind.CHRONIC, disease=disease, month="2026-05")
    assert result(made, of).delta == YearToDate(
        chronic_in_scope_fen=600_00,
        chronic_pool_fen=300_00,
        counters={
            "chronic_pool.2026-05": 300_00,
            "chronic_in_scope.2026-05": 600_00,
            "disease_pool.M01600": 300_00,
        },
    )


def test_a_pharmacy_of_its_own_counts_for_itself_and_one_like_a_clinic_with_it() -> None:
    own, shared = clinic(), clinic()
    apart = policy(clinics={OUTPATIENT: own, CareKind.PHARMACY: clinic()})
    alike = policy(clinics={OUTPATIENT: shared, CareKind.PHARMACY: shared})
    of = case("100.00", kind=CareKind.PHARMACY)
    counters = {"pharmacy_in_scope": 100_00, "pharmacy_pool": 50_00}
    assert result(apart, of).delta == YearToDate(counters=counters)
    assert result(alike, of).delta == YearToDate(
        outpatient_in_scope_fen=100_00, outpatient_pool_fen=50_00
    )


@pytest.mark.parametrize(
    ("counts", "used", "pool"),
    [
        (PAYMENT, YearToDate(pool_fen=4990_00), "10.00"),
        (FEE, YearToDate(in_scope_fen=4990_00), "5.00"),
        (PAYMENT, YearToDate(pool_fen=1000_00), "50.00"),
    ],
)
def test_care_that_counts_toward_the_pools_limit_is_bounded_by_it(
    counts: Counts, used: YearToDate, pool: str
) -> None:
    made = policy(
        stay=stay(limit=limit("5000", counts)),
        clinics={OUTPATIENT: clinic(counts_toward_pool_limit=True)},
    )
    found = result(made, case("100.00", kind=OUTPATIENT), used)
    expect({"pool": pool}, found)
    assert found.delta.in_scope_fen == 100_00
    assert found.delta.pool_fen == found.delta.outpatient_pool_fen == found.pool_fen


def test_chronic_care_without_a_part_of_its_own_is_the_persons() -> None:
    found = result(policy(), case("100.00", kind=CareKind.CHRONIC))
    expect({"pool": "0.00", "cash": "100.00"}, found)
    assert found.delta == YearToDate()
