"""Splits fee lines by the treatment area's catalogue: what is in scope, and what is not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.messages.values import Bill
from contracts.money import FEN_MAX, share_of
from contracts.refusal import RefusalCode

# A count has four decimals and a price six (interface N(16,4), N(16,6)): their product has ten.
_FEN_E8 = 10**8
_N16 = 10**16


class ItemLevel(StrEnum):
    """收费项目等级 chrgitm_lv."""

    A = "01"  # 甲类: all in scope
    B = "02"  # 乙类: a share is the person's first self-pay
    C = "03"  # 丙类: fully own


class HospitalApproval(StrEnum):
    """医院审批标志 hosp_appr_flag."""

    NONE = "0"  # nobody decided: the catalogue's word stands
    APPROVED = "1"  # the restriction of use is met
    REFUSED = "2"  # the person pays


class Reason(StrEnum):
    """Why a line was split as it was."""

    IN_SCOPE = "in_scope"  # by the catalogue's ceiling and self-pay share
    UNKNOWN_ITEM = "unknown_item"  # 目录外
    OUTSIDE_DATES = "outside_dates"  # in the catalogue, but not on that day
    CLASS_C = "class_c"  # 丙类
    RESTRICTED = "restricted"  # 限制使用, and the hospital did not approve
    REFUSED = "refused"  # the hospital marked it as self-paid


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the catalogue, in force from `valid_from` to `valid_to` (both included).

    `self_pay_bp` of what is under the ceiling is first self-pay; `ceiling_e6` is the highest unit
    price in millionths of a yuan, None where there is none; `charge_kind` is med_chrgitm_type.
    """

    code: str
    name: str
    level: ItemLevel
    self_pay_bp: int
    ceiling_e6: int | None
    restricted: bool
    charge_kind: str
    unit: str
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Every item by its national code; one code may have several rows, one after the other.

    One catalogue is equal to itself only, so that what is made of it can be kept by it.
    """

    items: Mapping[str, tuple[Item, ...]]

    def item_on(self, code: str, day: date) -> Item | None:
        return next((item for item in self.items.get(code, ()) if item.holds_on(day)), None)


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A line as the hospital sent it: ten-thousandths of a piece, millionths of a yuan, fen."""

    line_no: str
    code: str
    count_e4: int
    price_e6: int
    total_fen: int
    approval: HospitalApproval = HospitalApproval.NONE


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A line in its four parts, which add up to `line.total_fen`; `item` None when unknown."""

    line: FeeLine
    item: Item | None
    reason: Reason
    fully_own_fen: int
    over_ceiling_fen: int
    first_self_pay_fen: int
    in_scope_fen: int


class LineRefused(Exception):
    """A line contradicts itself; nothing of its batch is split. `code` says what is wrong."""

    def __init__(self, line_no: str, code: RefusalCode) -> None:
        super().__init__(f"{line_no}: {code.en}")
        self.line_no, self.code = line_no, code


def split(lines: Sequence[FeeLine], catalogue: Catalogue, on: date) -> list[SplitLine]:
    """Every line in its four parts, by the rows in force `on` the day of the fee; order kept.

    Raises LineRefused: AMOUNT_NEGATIVE, FIELD_INVALID (beyond the field's digits),
    LINE_AMOUNT_WRONG (price times count is more than a fen off), DUPLICATE_LINE.
    Source: 定点医药机构接口规范 2204, 2301; |pric × cnt - amt| ≤ 0.01 from 2166.
    """
    seen: set[str] = set()
    for line in lines:
        _check(line)
        if line.line_no in seen:
            raise LineRefused(line.line_no, RefusalCode.DUPLICATE_LINE)
        seen.add(line.line_no)
    return [_split_one(line, catalogue, on) for line in lines]


def bill_of(lines: Iterable[SplitLine]) -> Bill:
    """The sum of the lines, part by part."""
    found = tuple(lines)
    return Bill(
        total_fen=sum(one.line.total_fen for one in found),
        fully_own_fen=sum(one.fully_own_fen for one in found),
        over_ceiling_fen=sum(one.over_ceiling_fen for one in found),
        first_self_pay_fen=sum(one.first_self_pay_fen for one in found),
        in_scope_fen=sum(one.in_scope_fen for one in found),
    )


def _check(line: FeeLine) -> None:
    amounts = (line.count_e4, line.price_e6, line.total_fen)
    if min(amounts) < 0:
        raise LineRefused(line.line_no, RefusalCode.AMOUNT_NEGATIVE)
    if max(amounts) >= _N16 or line.total_fen > FEN_MAX:
        raise LineRefused(line.line_no, RefusalCode.FIELD_INVALID)
    if abs(line.price_e6 * line.count_e4 - line.total_fen * _FEN_E8) > _FEN_E8:
        raise LineRefused(line.line_no, RefusalCode.LINE_AMOUNT_WRONG)


def _split_one(line: FeeLine, catalogue: Catalogue, on: date) -> SplitLine:
    item = catalogue.item_on(line.code, on)
    reason = _reason(line, item, catalogue)
    if item is None or reason is not Reason.IN_SCOPE:
        return SplitLine(line, item, reason, line.total_fen, 0, 0, 0)
    over_fen = _over_ceiling(line, item)
    under_fen = line.total_fen - over_fen
    self_pay_fen = share_of(under_fen, item.self_pay_bp)
    # In scope takes the remainder, so that no rounding can lose a fen.
    return SplitLine(line, item, reason, 0, over_fen, self_pay_fen, under_fen - self_pay_fen)


def _reason(line: FeeLine, item: Item | None, catalogue: Catalogue) -> Reason:
    if item is None:
        known = line.code in catalogue.items
        return Reason.OUTSIDE_DATES if known else Reason.UNKNOWN_ITEM
    if item.level is ItemLevel.C:
        return Reason.CLASS_C
    if line.approval is HospitalApproval.REFUSED:
        return Reason.REFUSED
    if item.restricted and line.approval is not HospitalApproval.APPROVED:
        return Reason.RESTRICTED
    return Reason.IN_SCOPE


def _over_ceiling(line: FeeLine, item: Item) -> int:
    if item.ceiling_e6 is None or line.price_e6 <= item.ceiling_e6:
        return 0
    excess_e10 = (line.price_e6 - item.ceiling_e6) * line.count_e4
    over_fen = (excess_e10 + _FEN_E8 // 2) // _FEN_E8
    # The hospital may have rounded the line a fen down; the parts never exceed the line.
    return min(over_fen, line.total_fen)
