"""Top-ups 紧急调增: drafted for what is red, asked for by a treatment area, kept or dropped."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.calendar import working_day_after
from contracts.clock import shanghai_date_of
from contracts.messages.advance import Level, NoticeKind
from contracts.refusal import RefusalCode, Refused
from hub.domain.advance import Change, ChangeState, Pair
from hub.domain.advance_parameters import Dates, on
from hub.services.advance_drafting import DRAFTS, drop_all, new_draft
from hub.services.advance_positions import Outlook, Situation, outlooks, red_pairs, situation
from hub.store import advance as store
from hub.store.advance import Wanted


def draft_top_ups(
    tx: Connection, found: Situation, wanting: Collection[Pair], now: datetime
) -> list[Change]:
    """Draft what each of these red pairs needs, or bring its draft up to date; drop other drafts.

    Drafts that wait for a second person stay as they were proposed; what a treatment area asked
    for stays until a person proposes or drops it; and so does, until its clearing is signed, what
    the month before was red for.
    """
    drafts = {c.pair: c for c in store.listed(tx, Wanted(DRAFTS, (NoticeKind.EMERGENCY,)))}
    waiting = store.proposed(tx)
    kept = {c.pair for c in drafts.values() if c.asked_by is not None or c.change_id in waiting}
    if drafts.keys() - kept - set(wanting):
        kept |= red_pairs(tx, found)
    drop_all(tx, [c for c in drafts.values() if c.pair not in kept and c.pair not in wanting])
    free = [p for p in sorted(wanting) if p not in drafts or drafts[p].change_id not in waiting]
    ahead = outlooks(tx, found, free) if free else {}
    wanted = [_top_up(found, pair, ahead[pair], now) for pair in free]
    old = [_renewed(drafts[c.pair], c) for c in wanted if c is not None and c.pair in drafts]
    store.move(tx, [change for change in old if change not in drafts.values()])
    store.draft(tx, [c for c in wanted if c is not None and c.pair not in drafts])
    return store.listed(tx, Wanted(DRAFTS, (NoticeKind.EMERGENCY,)))


def ask_for_top_up(tx: Connection, pair: Pair, asked_by: str, now: datetime) -> Change:
    """A treatment area asks for 紧急调增; the draft that is decided within the agreed days.

    Refused: OUT_OF_STEP unless the pair is red, where a top-up is under way already, or where what
    is held and on its way will do.
    """
    store.take_turn(tx)
    found = situation(tx, now)
    if pair not in red_pairs(tx, found):
        raise Refused(RefusalCode.OUT_OF_STEP, "未达到红色预警，不能申请紧急调增")
    red = {one for one in found.balances if found.standing(one).level is Level.RED}
    for change in draft_top_ups(tx, found, red | {pair}, now):
        if change.pair == pair:
            return _asked(tx, change, asked_by, now)
    raise Refused(RefusalCode.OUT_OF_STEP, _why_none(tx, pair))


def _why_none(tx: Connection, pair: Pair) -> str:
    in_hand = Wanted((ChangeState.ISSUED, ChangeState.PAID), (NoticeKind.EMERGENCY,))
    if any(change.pair == pair for change in store.listed(tx, in_hand)):
        return "该地区的紧急调增正在办理"
    return "在管和在途的预付金按走势够用，无须紧急调增"


def _asked(tx: Connection, draft: Change, asked_by: str, now: datetime) -> Change:
    """The first who asks stands, and has the agreed days; a proposed draft stays as it is."""
    if draft.asked_by is not None or draft.change_id in store.proposed(tx):
        return draft
    asked = replace(draft, asked_by=asked_by, decide_by=_decide_by(now))
    store.move(tx, [asked])
    return asked


def _top_up(found: Situation, pair: Pair, outlook: Outlook, now: datetime) -> Change | None:
    if not outlook.top_up_fen:
        return None
    change = new_draft(
        NoticeKind.EMERGENCY,
        found.cycle.last.year,
        pair,
        now,
        before_fen=found.balances[pair].amount_fen,
        amount_fen=outlook.top_up_fen,
        basis_fen=found.spent(pair).fen,
    )
    return replace(change, decide_by=_decide_by(now))


def _decide_by(now: datetime) -> date:
    today = shanghai_date_of(now)
    return working_day_after(today, on(Dates, today).decide_working_days)


def _renewed(draft: Change, wanted: Change) -> Change:
    """The draft with what is wanted now; its time to decide runs on."""
    return replace(
        draft,
        before_fen=wanted.before_fen,
        amount_fen=wanted.amount_fen,
        basis_fen=wanted.basis_fen,
    )
