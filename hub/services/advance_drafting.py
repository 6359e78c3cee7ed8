"""Drafts of changed advances: the yearly round by its formula, top-ups at red, opening amounts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from contracts.calendar import working_day_after
from contracts.clock import shanghai_date_of
from contracts.ids import new_id
from contracts.message import Outgoing
from contracts.messages.advance import Level, NoticeKind
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
from hub.domain.advance_warning import Subject
from hub.services.advance_positions import Outlook, Situation, outlooks, situation
from hub.store import advance as store
from hub.store import advance_spending
from hub.store.advance import Wanted

DRAFTS = (ChangeState.DRAFTED,)


def draft_due(tx: Connection, now: datetime) -> list[Outgoing]:
    """A job: draft the year's round once its day has come and the quarter is closed; once a year.

    After a stop it is made up for, as long as it is still the year.
    """
    today = shanghai_date_of(now)
    is_due = today >= month_day(today.year, on(Dates, today).draft_on)
    if is_due and not store.has_round(tx, today.year) and _is_known(tx, today.year):
        draft_year(tx, today.year, now)
    return []


def draft_year(tx: Connection, year: int, now: datetime) -> list[Change]:
    """Draft what every pair's amount of a year is to change by; earlier drafts of it are dropped.

    A pair whose amount stays has no change; one with a notice of this year keeps that. Refused:
    OUT_OF_STEP while days of the quarter are open.
    """
    store.take_turn(tx)
    if not _is_known(tx, year):
        raise Refused(RefusalCode.OUT_OF_STEP, "上年第四季度尚未全部日终")
    _drop(tx, store.listed(tx, Wanted(DRAFTS, (NoticeKind.YEARLY,), year)))
    formula, (first, last) = on(Formula, date(year, 1, 1)), _quarter(year)
    quarter = advance_spending.closed(tx, first, last, counts_account=formula.counts_account)
    balances = store.balances(tx)
    store.draft(tx, _yearly(year, quarter, balances, formula, now))
    store.add_round(tx, year, sum(quarter.values()), now)
    return store.listed(tx, Wanted(DRAFTS, (NoticeKind.YEARLY,), year))


def draft_top_ups(
    tx: Connection,
    found: Situation,
    levels: Mapping[Subject, Level],
    now: datetime,
    asked_by: str | None = None,
) -> list[Change]:
    """Draft what each of these red pairs needs, or bring its draft up to date; drop other drafts.

    Drafts that wait for a second person stay as they were proposed.
    """
    drafts = {c.pair: c for c in store.listed(tx, Wanted(DRAFTS, (NoticeKind.EMERGENCY,)))}
    waiting = store.proposed(tx)
    red = [pair for pair in found.balances if levels.get(pair) is Level.RED]
    _drop(tx, [c for c in drafts.values() if c.pair not in red and c.change_id not in waiting])
    free = [p for p in red if p not in drafts or drafts[p].change_id not in waiting]
    ahead = outlooks(tx, found, free) if free else {}
    wanted = [_top_up(found, pair, ahead[pair], now, asked_by) for pair in free]
    old = [_renewed(drafts[c.pair], c) for c in wanted if c is not None and c.pair in drafts]
    store.move(tx, [change for change in old if change not in drafts.values()])
    store.draft(tx, [c for c in wanted if c is not None and c.pair not in drafts])
    return store.listed(tx, Wanted(DRAFTS, (NoticeKind.EMERGENCY,)))


def ask_for_top_up(tx: Connection, pair: Pair, asked_by: str, now: datetime) -> Change:
    """A treatment area asks for 紧急调增; the draft that is decided within the agreed days.

    Refused: OUT_OF_STEP unless the pair is red, or where a top-up is under way already.
    """
    store.take_turn(tx)
    found = situation(tx, now)
    if found.standing(pair).level is not Level.RED:
        raise Refused(RefusalCode.OUT_OF_STEP, "未达到红色预警，不能申请紧急调增")
    levels: dict[Subject, Level] = {one: found.standing(one).level for one in found.balances}
    drafts = draft_top_ups(tx, found, levels, now, asked_by)
    for change in drafts:
        if change.pair == pair:
            return change
    raise Refused(RefusalCode.OUT_OF_STEP, "该地区的紧急调增正在办理")


def draft_opening(tx: Connection, pair: Pair, amount_fen: int, now: datetime) -> Change:
    """Draft that a pair's advance of so much is held already, from before the hub kept account."""
    store.take_turn(tx)
    before = store.balances(tx).get(pair, Balance()).amount_fen
    year = shanghai_date_of(now).year
    change = _change(NoticeKind.OPENING, year, pair, now, before_fen=before, amount_fen=amount_fen)
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
    _drop(tx, [change])
    return replace(change, state=ChangeState.DROPPED)


def _drop(tx: Connection, changes: list[Change]) -> None:
    dropped = CHANGE.after(ChangeState.DRAFTED, ChangeEvent.DROP)
    store.move(tx, [replace(change, state=dropped) for change in changes])


def _quarter(year: int) -> tuple[date, date]:
    """First and last day of the months of the year before that the formula looks at."""
    formula = on(Formula, date(year, 1, 1))
    after = date(year - 1 + formula.last_month // 12, formula.last_month % 12 + 1, 1)
    return date(year - 1, formula.first_month, 1), after - timedelta(days=1)


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
    found = []
    for pair in sorted({*quarter, *balances}):
        before = balances.get(pair, Balance()).amount_fen
        basis = quarter.get(pair, 0)
        amount = yearly_amount(basis, formula) - before
        if amount:
            amounts = {"before_fen": before, "amount_fen": amount, "basis_fen": basis}
            found.append(_change(NoticeKind.YEARLY, year, pair, now, **amounts))
    return found


def _top_up(
    found: Situation, pair: Pair, outlook: Outlook, now: datetime, asked_by: str | None
) -> Change | None:
    if not outlook.top_up_fen:
        return None
    today = shanghai_date_of(now)
    change = _change(
        NoticeKind.EMERGENCY,
        found.cycle.last.year,
        pair,
        now,
        before_fen=found.balances[pair].amount_fen,
        amount_fen=outlook.top_up_fen,
        basis_fen=found.spent(pair).fen,
    )
    days = on(Dates, today).decide_working_days
    return replace(change, decide_by=working_day_after(today, days), asked_by=asked_by)


def _renewed(draft: Change, wanted: Change) -> Change:
    """The draft with what is wanted now; its time to decide runs on, unless it is asked for now."""
    asks = wanted.asked_by is not None and draft.asked_by is None
    return replace(
        draft,
        before_fen=wanted.before_fen,
        amount_fen=wanted.amount_fen,
        basis_fen=wanted.basis_fen,
        asked_by=wanted.asked_by if asks else draft.asked_by,
        decide_by=wanted.decide_by if asks else draft.decide_by,
    )


def _change(
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
