"""How what areas owe each other is paid: gross, bilateral or multilateral. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.codes import AreaCode

Owed = Mapping[tuple[AreaCode, AreaCode], int]
"""(insured area, treatment area) → what the first owes the second, in fen; may be negative."""


class Netting(StrEnum):
    """How a run's debts are paid; the position of every area is the same by all three ways."""

    GROSS = "gross"  # 按月全额清算: one payment an ordered pair
    BILATERAL = "bilateral"  # 双边轧差: one payment for the two directions of a pair
    MULTILATERAL = "multilateral"  # 多边轧差: whoever owes in all pays those who are owed


@dataclass(frozen=True, slots=True)
class Transfer:
    """`payer` pays `payee` a positive amount."""

    payer: AreaCode
    payee: AreaCode
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Saving:
    """What a way of netting moves, and what it spares against gross."""

    netting: Netting
    transfers: int
    moved_fen: int
    spared_transfers: int
    spared_fen: int


def transfers_of(owed: Owed, netting: Netting) -> list[Transfer]:
    """What is paid to settle these debts, in the order of payer and payee; none is zero.

    The position of every area is the same by all three ways.
    """
    found = _WAYS[netting](owed)
    return sorted(found, key=lambda one: (one.payer, one.payee, one.amount_fen))


def positions(owed: Owed) -> dict[AreaCode, int]:
    """What each area is owed (+) or owes (−) in all; the sum is zero."""
    found: Counter[AreaCode] = Counter()
    for (payer, payee), amount_fen in owed.items():
        found[payer] -= amount_fen
        found[payee] += amount_fen
    assert sum(found.values()) == 0, "every fen that is owed is owed to somebody"
    return dict(sorted(found.items()))


def savings(owed: Owed) -> list[Saving]:
    """The three ways beside each other; gross first, which spares nothing."""
    found = {netting: transfers_of(owed, netting) for netting in Netting}
    moved = {netting: sum(one.amount_fen for one in paid) for netting, paid in found.items()}
    count, gross_fen = len(found[Netting.GROSS]), moved[Netting.GROSS]
    return [
        Saving(way, len(paid), moved[way], count - len(paid), gross_fen - moved[way])
        for way, paid in found.items()
    ]


def _gross(owed: Owed) -> list[Transfer]:
    """A pair with more taken back than settled is paid the other way."""
    return [_transfer(*pair, amount_fen) for pair, amount_fen in owed.items() if amount_fen]


def _bilateral(owed: Owed) -> list[Transfer]:
    both: Counter[tuple[AreaCode, AreaCode]] = Counter()
    for (payer, payee), amount_fen in owed.items():
        in_order = payer < payee
        both[(payer, payee) if in_order else (payee, payer)] += (
            amount_fen if in_order else -amount_fen
        )
    return _gross(both)


def _multilateral(owed: Owed) -> list[Transfer]:
    """The largest debtor pays the largest creditor first: fewer transfers than areas."""
    held = positions(owed)
    debtors = _by_size({area: -fen for area, fen in held.items() if fen < 0})
    creditors = _by_size({area: fen for area, fen in held.items() if fen > 0})
    found = []
    while debtors:
        (payer, owes_fen), (payee, due_fen) = debtors.pop(), creditors.pop()
        amount_fen = min(owes_fen, due_fen)
        found.append(Transfer(payer, payee, amount_fen))
        if owes_fen > amount_fen:
            debtors.append((payer, owes_fen - amount_fen))
        if due_fen > amount_fen:
            creditors.append((payee, due_fen - amount_fen))
    return found


def _by_size(amounts: Mapping[AreaCode, int]) -> list[tuple[AreaCode, int]]:
    """Largest last, where `pop` takes it; equal ones by their codes, so that nothing is random."""
    return sorted(amounts.items(), key=lambda one: (one[1], one[0]))


def _transfer(payer: AreaCode, payee: AreaCode, amount_fen: int) -> Transfer:
    if amount_fen < 0:
        return Transfer(payee, payer, -amount_fen)
    return Transfer(payer, payee, amount_fen)


_WAYS = {
    Netting.GROSS: _gross,
    Netting.BILATERAL: _bilateral,
    Netting.MULTILATERAL: _multilateral,
}
