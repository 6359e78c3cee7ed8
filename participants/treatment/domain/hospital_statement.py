"""A hospital's word on the sums of a period, 3201 and 3202, and ours beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from participants.treatment.domain.booking import Group, Scope, Sums, readings, told, total_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a hospital says of a period; None where its transaction has no such amount."""

    count: int
    total_fen: int
    fund_fen: int
    account_fen: int | None = None
    cash_fen: int | None = None

    def fits(self, ours: Sums) -> bool:
        pairs = (
            (self.count, ours.count),
            (self.total_fen, ours.total_fen),
            (self.fund_fen, ours.fund_fen),
            (self.account_fen, ours.account_fen),
            (self.cash_fen, ours.cash_fen),
        )
        return all(said in (None, own) for said, own in pairs)

    def told(self) -> str:
        sums = Sums(self.count, self.total_fen, self.fund_fen, self.account_fen or 0)
        return told(sums)


@dataclass(frozen=True, slots=True)
class NewStatement:
    """A hospital compares. `sign`: 1 settled rows only, -1 refunds only, None both, netted.

    `office` is the clearing office it names, `own_office` the one that its settlements have.
    """

    msgid: str
    infno: str
    scope: Scope
    clr_type: str
    insutype: str
    office: str
    own_office: str
    sign: int | None
    said: Said


@dataclass(frozen=True, slots=True)
class Stated:
    """What we say to it; `told` is a Chinese sentence of at most 200 characters."""

    is_equal: bool
    told: str
    ours: Sums


def stated(one: NewStatement, groups: Sequence[Group]) -> Stated:
    """Equal when any honest way of counting our rows gives what the hospital says."""
    if one.office != one.own_office:
        why = f"不平：结算经办机构{one.office}无贵院结算，贵院结算归{one.own_office}"
        return Stated(False, why, Sums())
    ways = readings(groups, one.sign)
    fitting = next((way for way in ways if one.said.fits(way)), None)
    if fitting is not None:
        return Stated(True, f"对账平：{told(fitting)}", fitting)
    refunds = total_of(group for group in groups if group.sign < 0 and not group.is_void)
    more = f"（其中退费{refunds.count}笔）" if refunds.count and one.sign is None else ""
    return Stated(False, f"不平：平台{told(ways[0])}{more}；医院{one.said.told()}", ways[0])
