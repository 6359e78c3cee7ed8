"""Multilateral netting: who pays whom first, to the last fen, and the same way every time."""

import pytest

from contracts.codes import AreaCode
from hub.domain.netting import Netting, Owed, Transfer, transfers_of

A, B, C, D = map(AreaCode, ("110000", "310000", "340000", "430000"))
NAMES = {"A": A, "B": B, "C": C, "D": D}
# The largest debtor pays the largest creditor; of equal ones the higher code comes first.
CASES = {
    "one fen": ("A B 1", "A B 1"),
    "the largest first, not the first by code": (
        "A C 10, A D 60, B D 40",
        "A D 70, B C 10, B D 30",
    ),
    "a small debtor of a low code waits": ("A D 5, B C 90, B D 2", "A D 5, B C 90, B D 2"),
    "equal creditors": ("A B 50, A C 50, A D 50", "A B 50, A C 50, A D 50"),
    "equal debtors": ("A C 30, B C 30, A D 20, B D 20", "A C 10, A D 40, B C 50"),
    "a fen is left over": ("A C 11, B D 10", "A C 11, B D 10"),
    "what goes round is paid by nobody": ("A B 7, B C 7, C A 7", ""),
    "an area that owes what it is due": ("A B 7, B C 7, D C 1", "A C 7, D C 1"),
}


def _owed(text: str) -> Owed:
    return {(one.payer, one.payee): one.amount_fen for one in _transfers(text)}


def _transfers(text: str) -> list[Transfer]:
    cells = [one.split() for one in text.split(",") if one.strip()]
    return [Transfer(NAMES[payer], NAMES[payee], int(fen)) for payer, payee, fen in cells]


@pytest.mark.parametrize(("owed", "paid"), CASES.values(), ids=CASES)
def test_the_largest_debtor_pays_the_largest_creditor(owed: str, paid: str) -> None:
    assert transfers_of(_owed(owed), Netting.MULTILATERAL) == _transfers(paid)
