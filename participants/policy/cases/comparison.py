"""Two results of one bill side by side: the shares, and what the working does otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.codes import Fund
from participants.policy.explain import TO_TEXT
from participants.policy.model import Bearer, Result


@dataclass(frozen=True, slots=True)
class ShareOfBoth:
    """What one payer bears in the left and in the right result; `share` is its code."""

    share: str
    label: str
    left_fen: int
    right_fen: int


def shares_of_both(left: Result, right: Result) -> list[ShareOfBoth]:
    """Everyone who pays in one of the two, then cash, then the deductible and the funds' sum."""
    return [*_payers(left, right), *_sums(left, right)]


def _payers(left: Result, right: Result) -> Iterator[ShareOfBoth]:
    for fund in Fund:
        left_fen, right_fen = left.shares.get(fund, 0), right.shares.get(fund, 0)
        if left_fen or right_fen:
            yield ShareOfBoth(fund.value, TO_TEXT[fund], left_fen, right_fen)
    yield ShareOfBoth(Bearer.CASH.value, TO_TEXT[Bearer.CASH], left.cash_fen, right.cash_fen)


def _sums(left: Result, right: Result) -> Iterator[ShareOfBoth]:
    yield ShareOfBoth("fund_total", "基金合计", left.fund_total_fen, right.fund_total_fen)
    yield ShareOfBoth("deductible", "其中起付线", left.deductible_fen, right.deductible_fen)
    if left.beyond_bill_fen or right.beyond_bill_fen:
        label = "账单外另付个人"
        yield ShareOfBoth("beyond_bill", label, left.beyond_bill_fen, right.beyond_bill_fen)
