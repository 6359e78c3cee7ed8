"""What a hospital wrote down of its own settlements: its sums of a period, for 3201 对总账."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.clock import shanghai_date_of
from contracts.messages.values import PARTS
from simulators.witness import Reply, Verdict

CANCELLED_BY = {"2207": "2208", "2304": "2305"}
OWN = frozenset({"account_fen", "cash_fen", "hospital_fen"})
"""What no fund pays."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What 3201 says of a period; `fund_fen` without the personal account."""

    count: int = 0
    total_fen: int = 0
    fund_fen: int = 0
    account_fen: int = 0


def sums_of(replies: Iterable[Reply], hospital: str, infno: str, days: tuple[date, date]) -> Sums:
    """What this hospital heard that it settled on these days, and did not hear undone."""
    heard = [one for one in replies if one.verdict is Verdict.DONE and hospital in one.msgid]
    undone = {one.settlement_id for one in heard if one.infno == CANCELLED_BY[infno]}
    told = {
        one.settlement_id: one.figures
        for one in heard
        if one.infno == infno and days[0] <= shanghai_date_of(one.at) <= days[1]
    }
    kept = [figures for id_, figures in told.items() if id_ not in undone]
    return Sums(
        count=len(kept),
        total_fen=sum(figures.get("total_fen", 0) for figures in kept),
        fund_fen=sum(map(_of_funds, kept)),
        account_fen=sum(figures.get("account_fen", 0) for figures in kept),
    )


def _of_funds(figures: Mapping[str, int]) -> int:
    return sum(figures.get(name, 0) for name in PARTS if name not in OWN)
