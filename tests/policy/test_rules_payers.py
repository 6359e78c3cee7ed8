"""What the person bears is paid by a supplement, then aid, then the account, then cash."""

import pytest

from contracts.codes import Fund
from participants.policy.benefits import Account, AidBase, CareKind
from participants.policy.model import Line, YearToDate
from tests.policy.made import (
    STAYS,
    aid,
    bands,
    case,
    expect,
    limit,
    policy,
    rate,
    result,
    shares,
    stay,
    supplement,
    yuan,
)
from tests.support.tables import rows

Row = dict[str, str]
HALF = stay(deductible=yuan("0"), bands=bands("- 50%"))
OFFICIAL = frozenset({"civil_servant"})

SUPPLEMENTS = {
    "all": supplement(),
    "flag": supplement(for_flags=OFFICIAL),
    "ded": supplement(deductible=yuan("1000")),
    "limit": supplement(limit=limit("2000")),
}

# The pool pays half; no aid.
SUPPLEMENT_TABLE = """
    shape | flag          | y_paid  | in_scope | pool    | supplement | cash
    all   | -             | 0.00    | 10000.00 | 5000.00 | 2500.00    | 2500.00
    flag  | -             | 0.00    | 10000.00 | 5000.00 | 0.00       | 5000.00
    flag  | civil_servant | 0.00    | 10000.00 | 5000.00 | 2500.00    | 2500.00
    ded   | -             | 0.00    | 10000.00 | 5000.00 | 2000.00    | 3000.00
    ded   | -             | 0.00    | 1000.00  | 500.00  | 0.00       | 500.00
    limit | -             | 0.00    | 10000.00 | 5000.00 | 2000.00    | 3000.00
    limit | -             | 1500.00 | 10000.00 | 5000.00 | 500.00     | 4500.00
"""

LIMITS = {"examination": 500_00, "treatment": 1000_00}
AIDS = {
    "total": aid(),
    "in_scope": aid(base=AidBase.OWN_IN_SCOPE),
    "lines": aid(line_limits=LIMITS),
    "ded": aid(deductible=yuan("1000")),
    "limit": aid(limit=limit("4000")),
    "class": aid(for_classes=frozenset({"heavy"}), rate=rate("30%")),
    "poor": aid(for_flags=frozenset({"poor"})),
}

# 8000.00 in scope of a bill of 10000.00; the pool pays 4000.00. exam: one examination of so much.
AID_TABLE = """
    shape    | flag | disease | exam    | y_paid  | aid     | cash
    total    | -    | -       | 0.00    | 0.00    | 4800.00 | 1200.00
    in_scope | -    | -       | 0.00    | 0.00    | 3200.00 | 2800.00
    lines    | -    | -       | 500.00  | 0.00    | 4800.00 | 1200.00
    lines    | -    | -       | 800.00  | 0.00    | 4560.00 | 1440.00
    lines    | -    | -       | 8000.00 | 0.00    | 0.00    | 6000.00
    ded      | -    | -       | 0.00    | 0.00    | 4000.00 | 2000.00
    limit    | -    | -       | 0.00    | 0.00    | 4000.00 | 2000.00
    limit    | -    | -       | 0.00    | 3900.00 | 100.00  | 5900.00
    limit    | -    | -       | 0.00    | 4500.00 | 0.00    | 6000.00
    class    | -    | M00500  | 0.00    | 0.00    | 1800.00 | 4200.00
    class    | -    | M1      | 0.00    | 0.00    | 0.00    | 6000.00
    poor     | -    | -       | 0.00    | 0.00    | 0.00    | 6000.00
    poor     | poor | -       | 0.00    | 0.00    | 4800.00 | 1200.00
"""

# 1000.00 in scope of 1200.00, half of it from the pool.
ACCOUNT_TABLE = """
    asked | kinds      | family | own    | relatives | account | cash
    no    | inpatient  | yes    | 900.00 | 900.00    | 0.00    | 700.00
    yes   | inpatient  | yes    | 900.00 | 0.00      | 500.00  | 200.00
    yes   | inpatient  | yes    | 300.00 | 0.00      | 300.00  | 400.00
    yes   | inpatient  | yes    | 300.00 | 100.00    | 400.00  | 300.00
    yes   | inpatient  | yes    | 300.00 | 900.00    | 500.00  | 200.00
    yes   | inpatient  | no     | 300.00 | 900.00    | 300.00  | 400.00
    yes   | outpatient | yes    | 900.00 | 900.00    | 0.00    | 700.00
"""


def _fen(text: str) -> int:
    return yuan(text).value.fixed_fen


def _flags(row: Row) -> frozenset[str]:
    return frozenset({row["flag"]} - {"-"})


@pytest.mark.parametrize("row", rows(SUPPLEMENT_TABLE), ids=str)
def test_a_supplement_pays_part_of_the_own_share_in_scope(row: Row) -> None:
    made = policy(stay=HALF, supplements=(SUPPLEMENTS[row["shape"]],))
    year = YearToDate(supplement_fen=_fen(row["y_paid"]))
    expect(row, result(made, case(row["in_scope"], flags=_flags(row)), year))


@pytest.mark.parametrize("row", rows(AID_TABLE), ids=str)
def test_aid_pays_part_of_what_the_person_would_pay(row: Row) -> None:
    made = policy(stay=HALF, aids=(AIDS[row["shape"]],), classes={"M00500": "heavy"})
    lines = (Line("bed", 100_00), Line("examination", _fen(row["exam"])))
    of = case("8000.00", "10000.00", flags=_flags(row), disease=row["disease"], lines=lines)
    expect(row, result(made, of, YearToDate(aid_fen=_fen(row["y_paid"]))))


@pytest.mark.parametrize("row", rows(ACCOUNT_TABLE), ids=str)
def test_the_account_pays_what_is_the_persons_in_scope_then_the_familys(row: Row) -> None:
    kinds = frozenset({CareKind(row["kinds"])})
    made = policy(stay=HALF, account=Account(kinds, row["family"] == "yes"))
    of = case(
        "1000.00",
        "1200.00",
        account_use=row["asked"] == "yes",
        account_balance_fen=_fen(row["own"]),
        family_balance_fen=_fen(row["relatives"]),
    )
    found = result(made, of)
    expect(row, found)
    assert found.own_account_fen == min(found.account_fen, of.account_balance_fen)


def test_two_supplements_have_limits_of_their_own() -> None:
    rows_of = (
        supplement(limit=limit("2000")),
        supplement(fund=Fund.ENTERPRISE, limit=limit("1000")),
    )
    made = policy(stay=HALF, supplements=rows_of)
    used = {"supplement.civil_servant": 1900_00}
    found = result(made, case(), YearToDate(supplement_fen=1900_00, counters=used))
    assert found.shares == {
        Fund.POOL: 5000_00,
        Fund.CIVIL_SERVANT: 100_00,
        Fund.ENTERPRISE: 1000_00,
    }
    assert found.delta.supplement_fen == 1100_00


def test_what_a_year_does_not_say_of_which_payer_counts_for_each() -> None:
    made = policy(
        stay=HALF,
        supplements=(
            supplement(limit=limit("2000")),
            supplement(fund=Fund.ENTERPRISE, limit=limit("1000")),
        ),
        aids=(
            aid(id="first", rate=rate("10%"), limit=limit("500")),
            aid(id="second", rate=rate("10%"), limit=limit("450")),
        ),
    )
    found = result(made, case(), YearToDate(supplement_fen=900_00, aid_fen=400_00))
    assert found.shares == {
        Fund.POOL: 5000_00,
        Fund.CIVIL_SERVANT: 1100_00,
        Fund.ENTERPRISE: 100_00,
        Fund.MEDICAL_AID: 150_00,
    }


def test_aids_share_a_limit_in_which_some_do_not_count() -> None:
    made = policy(
        stay=HALF,
        aids=(
            aid(id="first", rate=rate("10%"), counts_in_combined=False),
            aid(id="second", rate=rate("50%")),
            aid(id="third", rate=rate("50%")),
        ),
        combined_aid_limit=limit("2500"),
    )
    year = YearToDate(aid_fen=900_00, counters={"aid.first": 700_00, "aid.third": 200_00})
    found = result(made, case(), year)
    assert found.delta.counters == {"aid.first": 500_00, "aid.second": 2250_00, "aid.third": 50_00}
    assert shares(found)["aid"] == "2800.00"


def test_aid_takes_the_share_in_scope_before_what_is_outside() -> None:
    made = policy(stay=HALF, aids=(aid(),))
    of = case("8000.00", "10000.00", account_use=True, account_balance_fen=9_000_00)
    assert shares(result(made, of))["account"] == "0.00", "nothing in scope is left to pay"


def test_aid_alone_looks_at_the_whole_bill_of_a_policy_without_a_pool() -> None:
    made = policy(stay=None, aids=(aid(kinds=STAYS),), account=Account(frozenset(), False))
    expect({"pool": "0.00", "aid": "8000.00", "cash": "2000.00"}, result(made, case()))
