"""What a hospital's books and ours are compared over: a period, kinds of care, and sums."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contracts.clock import SHANGHAI, shanghai_date_of
from contracts.codes import InsuranceKind, VisitKind
from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode, Refused

FROZEN_AFTER = timedelta(minutes=10)
"""After a month's last midnight: a transaction that began before it has committed by then."""
PERIOD_MAX = timedelta(days=366)
YEARS = (2000, 2999)
_MONTH = re.compile(r"(2\d{3})(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of one hospital, from `begins_on` to `ends_on`, both included, days in China.

    A settled row belongs to the day on which the hospital was told, a reversal to its own day.
    """

    hospital_code: str
    begins_on: date
    ends_on: date
    insurance_kinds: tuple[InsuranceKind, ...]
    visit_kinds: tuple[VisitKind, ...]

    @property
    def since(self) -> datetime:
        return midnight(self.begins_on)

    @property
    def until(self) -> datetime:
        """The instant after the last one."""
        return midnight(self.ends_on + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Sums:
    """`count` rows and their signed fen; `fund_fen` without the personal account."""

    count: int = 0
    total_fen: int = 0
    fund_fen: int = 0
    account_fen: int = 0
    cash_fen: int = 0
    hospital_fen: int = 0

    def plus(self, other: "Sums") -> "Sums":
        return Sums(
            self.count + other.count,
            self.total_fen + other.total_fen,
            self.fund_fen + other.fund_fen,
            self.account_fen + other.account_fen,
            self.cash_fen + other.cash_fen,
            self.hospital_fen + other.hospital_fen,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The sums of settled rows (sign 1) or refunds (-1).

    `is_void`: settled and withdrawn (冲正) on one day; a hospital that never saw the answer has
    neither row, and one that did see it has both.
    """

    sign: int
    is_void: bool
    sums: Sums


def total_of(groups: Iterable[Group]) -> Sums:
    found = Sums()
    for group in groups:
        found = found.plus(group.sums)
    return found


def readings(groups: Sequence[Group], sign: int | None) -> list[Sums]:
    """Every way in which a hospital may count the same rows, the usual one first.

    `sign`: the refund flag it sent; some send 0 always and still subtract their refunds.
    """
    seen = [group for group in groups if not group.is_void]
    of_sign = [group for group in seen if sign in (None, group.sign)]
    voids_too = [group for group in groups if sign in (None, group.sign)]
    return [total_of(some) for some in (of_sign, voids_too, seen, groups)]


def told(sums: Sums, *, with_cash: bool = False) -> str:
    """How a clerk reads them."""
    amounts = {"总额": sums.total_fen, "基金": sums.fund_fen, "个账": sums.account_fen}
    cash = {"现金": sums.cash_fen} if with_cash else {}
    parts = (f"{name}{yuan_from_fen(fen)}" for name, fen in {**amounts, **cash}.items())
    return f"{sums.count}笔、" + "、".join(parts)


def midnight(day: date) -> datetime:
    """When a day begins in China."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def check_period(begins_on: date, ends_on: date) -> None:
    """Refused DATES_IMPOSSIBLE when it ends before it begins, or lasts more than a year."""
    if begins_on.year < YEARS[0] or ends_on.year > YEARS[1]:
        raise Refused(RefusalCode.DATES_IMPOSSIBLE, f"{begins_on}至{ends_on}")
    if ends_on < begins_on:
        raise Refused(RefusalCode.DATES_IMPOSSIBLE, "对账结束日期早于开始日期")
    if ends_on - begins_on > PERIOD_MAX:
        raise Refused(RefusalCode.DATES_IMPOSSIBLE, "对账期不得超过一年")


def month_days(month: str) -> tuple[date, date]:
    """First and last day of '202403'; Refused DATES_IMPOSSIBLE when there is no such month."""
    match = _MONTH.fullmatch(month)
    if match is None:
        raise Refused(RefusalCode.DATES_IMPOSSIBLE, f"年月{month}")
    first = date(int(match[1]), int(match[2]), 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first, following - timedelta(days=1)


def is_frozen(ends_on: date, now: datetime) -> bool:
    """Whether no row can come to a period any more."""
    return midnight(ends_on + timedelta(days=1)) + FROZEN_AFTER <= now


def check_frozen(ends_on: date, now: datetime) -> None:
    """Refused DAY_NOT_CLOSED, saying from when on it can be asked again."""
    if not is_frozen(ends_on, now):
        opens = midnight(ends_on + timedelta(days=1)) + FROZEN_AFTER
        detail = f"{shanghai_date_of(now)}尚在期内，请于{opens:%Y-%m-%d %H:%M}后办理"
        raise Refused(RefusalCode.DAY_NOT_CLOSED, detail)
