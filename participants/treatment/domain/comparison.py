"""Row by row: a hospital's rows of a period beside ours, and what differs.

Both sides come sorted by settlement and are walked once, so the size of the file does not matter.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, TypeVar

from contracts.money import yuan_from_fen
from participants.treatment.domain.settlement import State


class DifferenceClass(StrEnum):
    """What kind of difference it is."""

    ONLY_HOSPITAL = "only_hospital"  # 单边账: we do not have it in this period
    ONLY_PLATFORM = "only_platform"  # 单边账: the file does not have it
    AMOUNT = "amount"  # both have it, with other amounts
    STATUS = "status"  # one side has refunded it, the other has not
    DUPLICATE = "duplicate"  # the file has it more than once


class SaidRow(NamedTuple):
    """A row of the hospital's file; amounts as written, so a refund's are negative.

    `key` is the settlement's id as UUID text, or stands for what is not an id of ours.
    """

    key: str
    sign: int
    setl_id: str
    mdtrt_id: str
    person_id: str
    total_fen: int
    fund_fen: int
    account_fen: int


class OurRow(NamedTuple):
    """A row of ours, amounts signed; `day` in China. `is_void`: see `booking.Group`."""

    key: str
    sign: int
    setl_id: str
    mdtrt_id: str
    person_id: str
    total_fen: int
    fund_fen: int
    account_fen: int
    msgid: str
    day: date
    is_void: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `times`: how often the file has the row; `day` None where only we may know."""

    kind: DifferenceClass
    sign: int
    said: SaidRow | None
    ours: OurRow | None
    times: int = 1
    memo: str = ""
    msgid: str = ""
    day: date | None = None

    @property
    def row(self) -> SaidRow | OurRow:
        found = self.said or self.ours
        assert found is not None, "a difference of nothing"
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of a settlement that the file has and this period's rows do not."""

    msgid: str
    person_id: str
    mdtrt_id: str
    state: State
    settled_on: date | None
    reversed_on: date | None
    is_void: bool


Row = TypeVar("Row", SaidRow, OurRow)
_SIGNS = (1, -1)


def compared(said: Iterable[SaidRow], ours: Iterable[OurRow]) -> Iterator[Difference]:
    """Every difference, in the order of keys; both sides must be sorted by key."""
    for said_rows, our_rows in _side_by_side(said, ours):
        yield from differences_of(said_rows, our_rows)


def differences_of(said: Sequence[SaidRow], ours: Sequence[OurRow]) -> list[Difference]:
    """What differs in the rows of one settlement; no row of it is named twice without need."""
    if not said and all(row.is_void for row in ours):
        return []
    by_sign = {row.sign: row for row in ours}
    signs = {row.sign for row in said}
    found: list[Difference] = []
    for sign in _SIGNS:
        rows, our = [row for row in said if row.sign == sign], by_sign.get(sign)
        if len(rows) > 1:
            found.append(Difference(DifferenceClass.DUPLICATE, sign, rows[0], our, len(rows)))
        first = next((row for row in rows if our and agrees(row, our)), rows[0] if rows else None)
        found += _one(sign, first, our, has_refund=_is_refund(sign, signs, by_sign))
    return found


def agrees(said: SaidRow, ours: OurRow) -> bool:
    return is_same(said, ours) and said[5:8] == ours[5:8]


def is_same(said: SaidRow, ours: OurRow | Known) -> bool:
    """The same person and the same visit, as the hospital was told them."""
    return (said.person_id, said.mdtrt_id) == (ours.person_id, ours.mdtrt_id)


def explained(one: Difference, known: Known | None) -> Difference:
    """With the sentence for the clerk; what only the file has, in the light of what we know."""
    if one.ours is not None:
        memo = _MEMOS[one.kind](one)
        return replace(one, memo=memo, msgid=one.ours.msgid, day=one.ours.day)
    assert one.said is not None, "a difference of nothing"
    kind, memo = _in_the_light(one, one.said, known)
    if one.kind is DifferenceClass.DUPLICATE:
        kind, memo = one.kind, _doubled(one)
    if known is None:
        return replace(one, kind=kind, memo=memo)
    day = known.settled_on if one.sign > 0 else known.reversed_on
    return replace(one, kind=kind, memo=memo, msgid=known.msgid, day=day)


def _one(
    sign: int, said: SaidRow | None, our: OurRow | None, *, has_refund: bool
) -> Iterator[Difference]:
    if said is None and our is None:
        return
    if said is not None and our is not None:
        if not is_same(said, our):
            yield Difference(DifferenceClass.ONLY_HOSPITAL, sign, said, None)
            yield Difference(DifferenceClass.ONLY_PLATFORM, sign, None, our)
        elif not agrees(said, our):
            yield Difference(DifferenceClass.AMOUNT, sign, said, our)
        return
    alone = DifferenceClass.ONLY_HOSPITAL if our is None else DifferenceClass.ONLY_PLATFORM
    yield Difference(DifferenceClass.STATUS if has_refund else alone, sign, said, our)


def _is_refund(sign: int, said: set[int], ours: Mapping[int, OurRow]) -> bool:
    """A refund that one side lacks, of a settlement that this side has, or had before."""
    if sign > 0:
        return False
    if sign in ours:
        return 1 in said or 1 not in ours
    return 1 in said and 1 in ours


def _in_the_light(
    one: Difference, said: SaidRow, known: Known | None
) -> tuple[DifferenceClass, str]:
    if known is None:
        return one.kind, "平台无此结算记录" if one.sign > 0 else "平台无此退费记录"
    if not is_same(said, known):
        return DifferenceClass.ONLY_HOSPITAL, "平台有此结算ID，但人员编号或就诊ID不符"
    if known.settled_on is None or known.is_void:
        return DifferenceClass.STATUS, f"平台该笔结算{_STATES.get(known.state, '未成功')}"
    if one.sign < 0 and known.reversed_on is None:
        return DifferenceClass.STATUS, "平台未退费，医院已退费"
    day = known.settled_on if one.sign > 0 else known.reversed_on
    return one.kind, f"平台记账日{day}，或清算类别、经办机构不在本次对账范围"


def _doubled(one: Difference) -> str:
    return f"医院文件中同一笔出现{one.times}次"


_STATES = {
    State.REVERSED: "已冲正",
    State.WITHDRAWN: "已冲正",
    State.EXPIRED: "超时已作废",
    State.REFUSED: "未通过",
}


def _one_sided(one: Difference) -> str:
    assert one.ours is not None, "only we have it"
    what = "结算" if one.sign > 0 else "退费"
    return f"医院无此{what}记录，平台记账日{one.ours.day}"


def _refunded(one: Difference) -> str:
    assert one.ours is not None, "we have refunded it"
    return f"平台已于{one.ours.day}退费，医院无退费记录"


def _amounts(one: Difference) -> str:
    assert one.said is not None, "an amount differs from another"
    assert one.ours is not None, "an amount differs from another"
    pairs = (
        ("医疗费总额", one.said.total_fen, one.ours.total_fen),
        ("基金支付总额", one.said.fund_fen, one.ours.fund_fen),
        ("个人账户支出", one.said.account_fen, one.ours.account_fen),
    )
    return "，".join(
        f"{name}医院{yuan_from_fen(said)}平台{yuan_from_fen(ours)}"
        for name, said, ours in pairs
        if said != ours
    )


_MEMOS: Mapping[DifferenceClass, Callable[[Difference], str]] = {
    DifferenceClass.ONLY_PLATFORM: _one_sided,
    DifferenceClass.AMOUNT: _amounts,
    DifferenceClass.STATUS: _refunded,
    DifferenceClass.DUPLICATE: _doubled,
}
"""Of what we have; what only the file has is explained in the light of what we know."""


def _side_by_side(
    said: Iterable[SaidRow], ours: Iterable[OurRow]
) -> Iterator[tuple[list[SaidRow], list[OurRow]]]:
    theirs, mine = _grouped(said), _grouped(ours)
    left, right = next(theirs, None), next(mine, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None, "one of the two goes on"
            yield left[1], []
            left = next(theirs, None)
        elif left is None or right[0] < left[0]:
            yield [], right[1]
            right = next(mine, None)
        else:
            yield left[1], right[1]
            left, right = next(theirs, None), next(mine, None)


def _grouped(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    for key, together in groupby(rows, lambda row: row.key):
        yield key, list(together)
