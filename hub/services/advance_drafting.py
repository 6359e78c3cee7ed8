"""Drafts of changed advances: the yearly round by its formula, and opening amounts."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import new_id
from contracts.message import Outgoing
from contracts.messages.advance import NoticeKind
from contracts.refusal import RefusalCode, Refused
from hub.domain.advance import (
    CHANGE,
    Balance,
    Change,
    ChangeEvent,
    ChangeState,
    Pair,
    yearly_amount,
)
from hub.domain.advance_parameters import Dates, Formula, month_day, on
from hub.store import advance as store
from hub.store import advance_spending
from hub.store.advance import Wanted

log = logging.getLogger(__name__)

DRAFTS = (ChangeState.DRAFTED,)
IN_HAND = (ChangeState.DRAFTED, ChangeState.ISSUED, ChangeState.PAID)


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafts of a year. `in_the_way`: changes of earlier years that are still in hand, and for
    which their pairs were left out; once they are received, or dropped, a person drafts it again.
    """

    drafts: list[Change]
    in_the_way: list[Change]


def draft_due(tx: Connection, now: datetime) -> list[Outgoing]:
    """A job: draft the year's round once its day has come and the quarter is closed; once a year.

    After a stop it is made up for, as long as it is still the year. Where the hub kept only a part
    of the quarter, an average of it would be too low: then only an operator drafts.
    """
    today = shanghai_date_of(now)
    is_due = today >= month_day(today.year, on(Dates, today).draft_on)
    # The turn comes before the look, so that two processes never both find that it is to be done.
    if is_due and store.may_take_turn(tx) and not store.has_round(tx, today.year):
        _draft_whole(tx, today.year, now)
    return []


def draft_year(tx: Connection, year: int, now: datetime) -> Drafted:
    """Draft what every pair's amount of a year is to change by; earlier drafts of it are dropped.

    A pair whose amount stays has no change; one with a notice of this year keeps that. Refused:
    OUT_OF_STEP for any year but the present one, while days of the quarter are open, and when the
    hub kept none of them.
    """
    store.take_turn(tx)
    _check_basis(tx, year, now)
    drop_all(tx, store.listed(tx, Wanted(DRAFTS, (NoticeKind.YEARLY,), year)))
    formula, (first, last) = on(Formula, date(year, 1, 1)), _quarter(year)
    quarter = advance_spending.closed(tx, first, last, counts_account=formula.counts_account)
    balances = store.balances(tx)
    wanted = _yearly(year, quarter, balances, formula, now)
    new = store.draft(tx, wanted)
    store.add_round(tx, year, sum(quarter.values()), now)
    in_the_way = _in_the_way(tx, [c for c in wanted if c.change_id not in new])
    return Drafted(store.listed(tx, Wanted(DRAFTS, (NoticeKind.YEARLY,), year)), in_the_way)


def draft_opening(tx: Connection, pair: Pair, amount_fen: int, now: datetime) -> Change:
    """Draft that a pair's advance of so much is held already, from before the hub kept account."""
    store.take_turn(tx)
    before = store.balances(tx).get(pair, Balance()).amount_fen
    year = shanghai_date_of(now).year
    change = new_draft(
        NoticeKind.OPENING, year, pair, now, before_fen=before, amount_fen=amount_fen
    )
    if not store.draft(tx, [change]):
        raise Refused(RefusalCode.OUT_OF_STEP, "该地区的期初预付金正在办理")
    return change


def drop(tx: Connection, change_id: UUID) -> Change:
    """Give up a draft. Refused: UNKNOWN_NOTICE, OUT_OF_STEP once it was issued or is proposed."""
    store.take_turn(tx)
    change = store.find(tx, [change_id]).get(change_id)
    if change is None:
        raise Refused(RefusalCode.UNKNOWN_NOTICE)
    if change.state is not ChangeState.DRAFTED or change_id in store.proposed(tx):
        raise Refused(RefusalCode.OUT_OF_STEP, change.state.value)
    drop_all(tx, [change])
    return replace(change, state=ChangeState.DROPPED)


def drop_all(tx: Connection, changes: list[Change]) -> None:
    dropped = CHANGE.after(ChangeState.DRAFTED, ChangeEvent.DROP)
    store.move(tx, [replace(change, state=dropped) for change in changes])


def _quarter(year: int) -> tuple[date, date]:
    """First and last day of the months of the year before that the formula looks at."""
    formula = on(Formula, date(year, 1, 1))
    after = date(year - 1 + formula.last_month // 12, formula.last_month % 12 + 1, 1)
    return date(year - 1, formula.first_month, 1), after - timedelta(days=1)


def _draft_whole(tx: Connection, year: int, now: datetime) -> None:
    """Unless days of the quarter are open, or were before the hub's time."""
    first, last = _quarter(year)
    began = advance_spending.front(tx, first, last).first_frozen
    if began is not None and began <= first and _is_known(tx, year):
        draft_year(tx, year, now)


def _check_basis(tx: Connection, year: int, now: datetime) -> None:
    """An amount without a basis is nought, and would ask for the whole advance back."""
    if year != shanghai_date_of(now).year:
        raise Refused(RefusalCode.OUT_OF_STEP, "只能生成本年度的预付金额度")
    if not _is_known(tx, year):
        raise Refused(RefusalCode.OUT_OF_STEP, "上年第四季度尚未全部日终")
    first, last = _quarter(year)
    front = advance_spending.front(tx, first, last)
    # Days are frozen one after the other, so that two ends around it are a day in it.
    if (front.first_frozen or date.max) > last or (front.last_frozen or date.min) < first:
        raise Refused(RefusalCode.OUT_OF_STEP, "上年第四季度无日终数据，无从核定")


def _in_the_way(tx: Connection, left_out: Sequence[Change]) -> list[Change]:
    """What these pairs have in hand from earlier years; logged, since a job has no answer."""
    years = {change.pair: change.year for change in left_out}
    in_hand = store.listed(tx, Wanted(IN_HAND, (NoticeKind.YEARLY,))) if years else []
    found = [change for change in in_hand if change.year < years.get(change.pair, change.year)]
    for change in found:
        log.warning(
            "the advance of %s is not drafted for %d: its change %s of %d is %s",
            "-".join(change.pair), years[change.pair], change.change_id, change.year, change.state,
        )  # fmt: skip
    return found


def _is_known(tx: Connection, year: int) -> bool:
    first, last = _quarter(year)
    front = advance_spending.front(tx, first, last)
    return front.unfrozen_to_date == 0 and (front.open_date is None or front.open_date > last)


def _yearly(
    year: int,
    quarter: Mapping[Pair, int],
    balances: Mapping[Pair, Balance],
    formula: Formula,
    now: datetime,
) -> list[Change]:
    notice_by = month_day(year, on(Dates, date(year, 1, 1)).notice_by)
    found = []
    for pair in sorted({*quarter, *balances}):
        before = balances.get(pair, Balance()).amount_fen
        basis = quarter.get(pair, 0)
        amount = yearly_amount(basis, formula) - before
        if amount:
            amounts = {"before_fen": before, "amount_fen": amount, "basis_fen": basis}
            draft = new_draft(NoticeKind.YEARLY, year, pair, now, **amounts)
            found.append(replace(draft, decide_by=notice_by))
    return found


def new_draft(
    kind: NoticeKind,
    year: int,
    pair: Pair,
    now: datetime,
    *,
    before_fen: int,
    amount_fen: int,
    basis_fen: int = 0,
) -> Change:
    return Change(
        change_id=new_id(),
        kind=kind,
        year=year,
        pair=pair,
        before_fen=before_fen,
        amount_fen=amount_fen,
        basis_fen=basis_fen,
        state=ChangeState.DRAFTED,
        drafted_at=now,
    )
