"""Lump sums for childbirth: by flag, by months insured, whatever the bill is."""

import pytest

from contracts.codes import Fund
from participants.policy.benefits import CareKind, Elsewhere, LumpSum, Maternity
from participants.policy.model import Policy
from tests.policy.made import aid, case, expect, policy, result, stay, yuan
from tests.support.tables import rows

Row = dict[str, str]


def _lump(flag: str | None, amount: str, per_month: int = 0, months: int = 0) -> LumpSum:
    return LumpSum(flag, flag or "顺产", yuan(amount), per_month, months, "maternity.lump_sums[0]")


LUMP_SUMS = (
    _lump("prenatal", "1200", 100_00, 9),
    _lump("caesarean", "4300"),
    _lump("unearned", "900", 0, 9),
    _lump(None, "2000"),
)

TABLE = """
    flag      | months | place | total   | other_fund | cash    | beyond
    -         | 12     | away  | 5000.00 | 2000.00    | 3000.00 | 0.00
    -         | 12     | away  | 2000.00 | 2000.00    | 0.00    | 0.00
    -         | 12     | away  | 1500.00 | 1500.00    | 0.00    | 500.00
    caesarean | 12     | away  | 5000.00 | 4300.00    | 700.00  | 0.00
    prenatal  | 9      | away  | 5000.00 | 1200.00    | 3800.00 | 0.00
    prenatal  | 8      | away  | 5000.00 | 800.00     | 4200.00 | 0.00
    prenatal  | 0      | away  | 5000.00 | 0.00       | 5000.00 | 0.00
    prenatal  | 3      | away  | 100.00  | 100.00     | 0.00    | 200.00
    unearned  | 8      | away  | 5000.00 | 0.00       | 5000.00 | 0.00
    -         | 12     | home  | 5000.00 | 0.00       | 5000.00 | 0.00
"""


def _made(**changes: object) -> Policy:
    return policy(stay=None, maternity=Maternity(Fund.OTHER, LUMP_SUMS, True), **changes)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_a_lump_sum_is_paid_whatever_the_bill_is(row: Row) -> None:
    of = case(
        "0.00",
        row["total"],
        kind=CareKind.MATERNITY,
        elsewhere=Elsewhere.OTHER if row["place"] == "away" else None,
        flags=frozenset({row["flag"]} - {"-"}),
        months_insured=int(row["months"]),
    )
    found = result(_made(), of)
    expect(row, found)
    assert found.shares.get(Fund.OTHER, 0) == yuan(row["other_fund"]).value.fixed_fen
    assert found.beyond_bill_fen == yuan(row["beyond"]).value.fixed_fen
    assert ("beyond_bill" in {step.rule for step in found.steps}) == (found.beyond_bill_fen > 0)


def test_without_a_lump_sum_childbirth_is_a_stay() -> None:
    found = result(policy(stay=stay()), case(kind=CareKind.MATERNITY))
    expect({"deductible": "500.00", "pool": "7600.00"}, found)
    assert found.delta.stays == 1


def test_aid_looks_at_what_the_lump_sum_leaves() -> None:
    made = _made(aids=(aid(kinds=frozenset({CareKind.MATERNITY})),))
    of = case("3000.00", kind=CareKind.MATERNITY, elsewhere=Elsewhere.OTHER)
    expect({"aid": "800.00", "cash": "200.00"}, result(made, of))
