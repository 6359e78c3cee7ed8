"""Notices of the advance fund: 预付金额度调整 and 紧急调增, 付款 and 收款通知书, as their papers say it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from contracts.calendar import working_day_after
from contracts.codes import AreaCode
from contracts.messages.advance import Direction, NoticeKind
from hub.domain.advance import Change
from hub.domain.advance_parameters import Dates, month_day

# fmt: off
TITLES: dict[tuple[NoticeKind, Direction], str] = {
    (NoticeKind.YEARLY,    Direction.PAY):     "预付金额度调整付款通知书",
    (NoticeKind.YEARLY,    Direction.COLLECT): "预付金额度调整收款通知书",
    (NoticeKind.EMERGENCY, Direction.PAY):     "预付金紧急调增付款通知书",
    (NoticeKind.EMERGENCY, Direction.COLLECT): "预付金紧急调增收款通知书",
}
# fmt: on
_SIGNS = {Direction.PAY: "付", Direction.COLLECT: "收"}
_OCCASIONS = {NoticeKind.YEARLY: "年", NoticeKind.EMERGENCY: "急"}


@dataclass(frozen=True, slots=True)
class Notice:
    """What one area has to pay, or to collect, by the changes that were issued together.

    Every line is a pair, its `amount_fen` signed: what the treatment area holds more, or less.
    `total_fen` is what moves: positive, and the sum of the lines' absolute amounts.
    """

    number: str
    title_zh: str
    kind: NoticeKind
    direction: Direction
    area: AreaCode
    year: int
    issue_id: UUID
    issued_on: date
    finance_by: date
    pay_by: date
    lines: tuple[Change, ...]

    @property
    def total_fen(self) -> int:
        return sum(abs(line.amount_fen) for line in self.lines)


def notices_of(changes: Iterable[Change]) -> list[Notice]:
    """One notice for each area and direction of the changes of one issue; openings have none."""
    gathered: dict[tuple[AreaCode, Direction], list[Change]] = {}
    for change in sorted(changes, key=lambda change: change.pair):
        if change.kind is not NoticeKind.OPENING:
            gathered.setdefault((change.payer, Direction.PAY), []).append(change)
            gathered.setdefault((change.payee, Direction.COLLECT), []).append(change)
    return [_notice(area, way, lines) for (area, way), lines in sorted(gathered.items())]


def due_dates(kind: NoticeKind, issued_on: date, dates: Dates) -> tuple[date, date]:
    """(agency → finance by, paid by): the yearly round also ends before `finished_by`."""
    finance_by = working_day_after(issued_on, dates.finance_working_days)
    pay_by = working_day_after(finance_by, dates.pay_working_days)
    if kind is not NoticeKind.YEARLY:
        return finance_by, pay_by
    # A round that is late already keeps the working days: nobody can pay in the past.
    last = month_day(issued_on.year, dates.finished_by) - timedelta(days=1)
    return finance_by, min(pay_by, last) if finance_by <= last else pay_by


def _notice(area: AreaCode, way: Direction, lines: Sequence[Change]) -> Notice:
    first = lines[0]
    assert first.issue_id is not None, first.change_id
    assert first.issued_on is not None, first.change_id
    assert first.finance_by is not None, first.change_id
    assert first.pay_by is not None, first.change_id
    return Notice(
        number=_number(first, first.issue_id, area, way),
        title_zh=TITLES[first.kind, way],
        kind=first.kind,
        direction=way,
        area=area,
        year=first.year,
        issue_id=first.issue_id,
        issued_on=first.issued_on,
        finance_by=first.finance_by,
        pay_by=first.pay_by,
        lines=tuple(lines),
    )


def _number(change: Change, issue_id: UUID, area: AreaCode, way: Direction) -> str:
    """预付〔2026〕年付340000-1a2b3c4d: its last part names the decision that issued it."""
    kind = _OCCASIONS[change.kind]
    return f"预付〔{change.year}〕{kind}{_SIGNS[way]}{area}-{issue_id.hex[-8:]}"
