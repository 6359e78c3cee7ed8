"""Netting: three ways to pay the same debts, which leave every area where it stands."""

from collections import Counter
from collections.abc import Iterable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode
from hub.domain.netting import Netting, Owed, Transfer, positions, savings, transfers_of
from tests.support.tables import rows

A, B, C, D = map(AreaCode, ("110000", "310000", "340000", "430000"))
NAMES = {"A": A, "B": B, "C": C, "D": D}
DEBTS = st.dictionaries(
    st.sampled_from(list(permutations((A, B, C, D), 2))), st.integers(-(10**9), 10**9)
)
# A owes B 100 and B owes A 30; B owes C 70; C gave back 10 more to D than it got.
OWED: Owed = {(A, B): 100, (B, A): 30, (B, C): 70, (D, C): -10, (A, D): 0}
PAID = """
    way          | payer | payee | fen
    gross        | A     | B     | 100
    gross        | B     | A     | 30
    gross        | B     | C     | 70
    gross        | C     | D     | 10
    bilateral    | A     | B     | 70
    bilateral    | B     | C     | 70
    bilateral    | C     | D     | 10
    multilateral | A     | C     | 60
    multilateral | A     | D     | 10
"""
SAVED = """
    way          | transfers | moved | spared_transfers | spared
    gross        | 4         | 210   | 0                | 0
    bilateral    | 3         | 150   | 1                | 60
    multilateral | 2         | 70    | 2                | 140
"""


def after(transfers: Iterable[Transfer]) -> dict[AreaCode, int]:
    """What each area received less what it paid."""
    found: Counter[AreaCode] = Counter()
    for one in transfers:
        found[one.payer] -= one.amount_fen
        found[one.payee] += one.amount_fen
    return {area: fen for area, fen in found.items() if fen}


def held(owed: Owed) -> dict[AreaCode, int]:
    return {area: fen for area, fen in positions(owed).items() if fen}


@pytest.mark.parametrize("netting", Netting)
def test_what_is_paid_by_each_way(netting: Netting) -> None:
    expected = [
        Transfer(NAMES[row["payer"]], NAMES[row["payee"]], int(row["fen"]))
        for row in rows(PAID)
        if row["way"] == netting
    ]
    assert transfers_of(OWED, netting) == expected


def test_what_each_way_spares_against_gross() -> None:
    found = [
        [one.netting.value, one.transfers, one.moved_fen, one.spared_transfers, one.spared_fen]
        for one in savings(OWED)
    ]
    assert [[str(value) for value in one] for one in found] == [
        list(row.values()) for row in rows(SAVED)
    ]


@given(owed=DEBTS, netting=st.sampled_from(Netting))
def test_gross_and_net_move_the_same_money(owed: Owed, netting: Netting) -> None:
    transfers = transfers_of(owed, netting)
    assert after(transfers) == held(owed)
    assert all(one.amount_fen > 0 and one.payer != one.payee for one in transfers)


@given(owed=DEBTS)
def test_the_positions_sum_to_zero(owed: Owed) -> None:
    assert sum(positions(owed).values()) == 0


@given(owed=DEBTS)
def test_netting_never_moves_more_than_gross_and_multilateral_the_least(owed: Owed) -> None:
    gross, bilateral, multilateral = savings(owed)
    assert gross.moved_fen >= bilateral.moved_fen >= multilateral.moved_fen
    assert multilateral.moved_fen == sum(fen for fen in positions(owed).values() if fen > 0)
    assert multilateral.transfers <= max(0, len(held(owed)) - 1)
    assert (gross.spared_transfers, gross.spared_fen) == (0, 0)


@given(first=DEBTS, second=DEBTS, netting=st.sampled_from(Netting))
def test_splitting_a_month_into_runs_changes_nothing(
    first: Owed, second: Owed, netting: Netting
) -> None:
    whole = Counter(first)
    for pair, fen in second.items():
        whole[pair] += fen
    paid_twice = [*transfers_of(first, netting), *transfers_of(second, netting)]
    assert after(paid_twice) == after(transfers_of(whole, netting))


@given(owed=DEBTS, netting=st.sampled_from(Netting))
def test_a_reversal_in_a_later_run_nets_out(owed: Owed, netting: Netting) -> None:
    contrary = {pair: -fen for pair, fen in owed.items()}
    assert after([*transfers_of(owed, netting), *transfers_of(contrary, netting)]) == {}


@given(owed=DEBTS, netting=st.sampled_from(Netting))
def test_the_order_of_debts_is_irrelevant(owed: Owed, netting: Netting) -> None:
    backwards = dict(reversed(list(owed.items())))
    assert transfers_of(owed, netting) == transfers_of(backwards, netting)
