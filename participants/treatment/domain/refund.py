"""Refunds 退费: a negative line takes back from the line it names, part by part."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import (
    Catalogue,
    FeeLine,
    LineRefused,
    Reason,
    SplitLine,
)
from participants.treatment.domain.settlement import Split

_FEN_E8 = 10**8  # four decimals of a count times six of a price, in hundredths of a yuan


@dataclass(frozen=True, slots=True)
class Left:
    """What a charged line has left after its refunds; `on`: the day of the charge."""

    line_no: str
    code: str
    on: date
    reason: Reason
    count_e4: int
    split: Split


Lefts = Mapping[str, Left]
"""By the line number of the charge."""


def is_refund(line: FeeLine) -> bool:
    """Negative in count and amount, with a positive price."""
    return line.count_e4 < 0 and line.total_fen < 0


def taken_back(
    line: FeeLine, original: str | None, lefts: Lefts, catalogue: Catalogue
) -> SplitLine:
    """The refund's four parts, all negative or zero, in proportion to what the charge has left.

    So a charge that is refunded in several steps is refunded to the fen in every part. Raises
    LineRefused: FIELD_MISSING (which charge?), UNKNOWN_LINE, FIELD_INVALID (another item),
    LINE_AMOUNT_WRONG, REFUND_TOO_MUCH.
    """
    if original is None:
        raise LineRefused(line.line_no, RefusalCode.FIELD_MISSING)
    left = lefts.get(original)
    if left is None:
        raise LineRefused(original, RefusalCode.UNKNOWN_LINE)
    if left.code != line.code:
        raise LineRefused(line.line_no, RefusalCode.FIELD_INVALID)
    if abs(line.price_e6 * line.count_e4 - line.total_fen * _FEN_E8) > _FEN_E8:
        raise LineRefused(line.line_no, RefusalCode.LINE_AMOUNT_WRONG)
    if -line.count_e4 > left.count_e4 or -line.total_fen > left.split.total_fen():
        raise LineRefused(line.line_no, RefusalCode.REFUND_TOO_MUCH)
    parts = _proportional(left.split.parts_fen(), -line.total_fen)
    item = catalogue.item_on(left.code, left.on)
    return SplitLine(line, item, left.reason, *(-part for part in parts))


def after(left: Left, refund: SplitLine) -> Left:
    """What is left once this refund is taken."""
    told = (
        refund.fully_own_fen,
        refund.over_ceiling_fen,
        refund.first_self_pay_fen,
        refund.in_scope_fen,
    )
    now = (had + taken for had, taken in zip(left.split.parts_fen(), told, strict=True))
    return replace(left, count_e4=left.count_e4 + refund.line.count_e4, split=Split(*now))


def of_charge(charge: SplitLine, on: date) -> Left:
    """A charge that nothing has been taken back from."""
    line = charge.line
    split = Split(
        charge.fully_own_fen,
        charge.over_ceiling_fen,
        charge.first_self_pay_fen,
        charge.in_scope_fen,
    )
    return Left(line.line_no, line.code, on, charge.reason, line.count_e4, split)


def _proportional(parts_fen: Iterable[int], amount_fen: int) -> list[int]:
    """`amount_fen` cut as the parts are; no piece exceeds its part, and all of all is all."""
    parts = tuple(parts_fen)
    whole = sum(parts)
    assert 0 < amount_fen <= whole, (amount_fen, whole)
    found, before, taken = [], 0, 0
    for part in parts:
        before += part
        upto = before * amount_fen // whole
        found.append(upto - taken)
        taken = upto
    return found
