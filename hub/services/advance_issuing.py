"""Issuing changes of advances: proposed by one person, approved by another, told to both areas."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts import topics
from contracts.access import Principal
from contracts.clock import shanghai_date_of
from contracts.codes import Role
from contracts.ids import id_of_effect
from contracts.message import Outgoing, originate
from contracts.messages.advance import AdvanceLine, AdvanceNoticed, NoticeKind
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.advance import (
    CHANGE,
    Balance,
    Cause,
    Change,
    ChangeEvent,
    ChangeState,
    Pair,
    posting_of,
)
from hub.domain.advance_notice import Notice, due_dates, notices_of
from hub.domain.advance_parameters import Dates, on
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import second_person
from hub.store import advance as store
from hub.store.advance import Wanted

CHANGES, KIND = "changes", "kind"
"""Of a proposal's content: the amount in fen of each change by its id, and their one kind."""


def propose(
    tx: Connection,
    change_ids: Iterable[UUID],
    *,
    reason: str,
    by: Principal,
    now: datetime,
    amount_fen: int | None = None,
) -> Proposal:
    """Put drafts before a second person, all of one kind; `amount_fen` corrects a single one.

    Refused: UNKNOWN_NOTICE, OUT_OF_STEP unless all are drafts of one kind that nobody proposed,
    FIELD_INVALID for an amount that the change cannot have, and as second_person.propose.
    """
    wanted = sorted(set(change_ids))
    changes = _to_propose(tx, wanted, amount_fen)
    amounts = {str(c.change_id): c.amount_fen for c in changes}
    proposal = second_person.propose(
        tx,
        ProposalKind.ADVANCE_TOP_UP,
        subject=_subject(changes),
        content={CHANGES: amounts, KIND: changes[0].kind.value},
        reason=reason,
        by=by,
        now=now,
        value_fen=sum(abs(c.amount_fen) for c in changes),
    )
    # After the proposal, as an approval takes them: so nobody deadlocks. What was read before our
    # turn must still be so.
    store.take_turn(tx)
    if _to_propose(tx, wanted, amount_fen) != changes:
        raise Refused(RefusalCode.OUT_OF_STEP, "预付金额度已变化，请重新提交复核")
    if amount_fen is not None:
        store.move(tx, changes)
    return proposal


def issue(
    tx: Connection, proposal: Proposal, _by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The effect of an approval: the changes are issued and posted, and both areas are told.

    Refused: OUT_OF_STEP when a draft, or the amount it starts from, is no longer as proposed.
    """
    store.take_turn(tx)
    wanted = {UUID(key): int(fen) for key, fen in proposal.content[CHANGES].items()}
    found = store.find(tx, wanted)
    balances = store.balances(tx)
    for change_id, amount_fen in wanted.items():
        change = found.get(change_id)
        if change is None or not _is_as_proposed(change, amount_fen, balances.get(change.pair)):
            raise Refused(RefusalCode.OUT_OF_STEP, "预付金额度已变化，请重新生成后提交复核")
    issued = [_issued(change, proposal.proposal_id, now) for change in found.values()]
    store.move(tx, issued)
    store.post(tx, [posting_of(c, _cause(c), abs(c.amount_fen), now) for c in issued])
    return [said for notice in notices_of(issued) for said in _told(notice, now)]


def notices(tx: Connection, issue_id: UUID) -> list[Notice]:
    """The notices of one approved proposal, by area and direction; papers are made of them."""
    return notices_of(store.listed(tx, Wanted(issue_id=issue_id)))


def issued_notices(tx: Connection, year: int) -> list[Notice]:
    """Every notice of a year, in the order of issue."""
    by_issue: dict[UUID, list[Change]] = {}
    for change in store.listed(tx, Wanted(year=year)):
        if change.issue_id is not None:
            by_issue.setdefault(change.issue_id, []).append(change)
    found = [notice for changes in by_issue.values() for notice in notices_of(changes)]
    return sorted(found, key=lambda notice: (notice.issued_on, notice.number))


def _to_propose(
    tx: Connection, change_ids: Sequence[UUID], amount_fen: int | None
) -> Sequence[Change]:
    """The drafts as they are to be proposed; a corrected amount is not written yet."""
    found = list(store.find(tx, change_ids).values())
    if not change_ids or len(found) != len(change_ids):
        raise Refused(RefusalCode.UNKNOWN_NOTICE)
    changes = sorted(found, key=lambda c: c.pair)
    if amount_fen is not None and (len(changes) != 1 or amount_fen <= 0 or not changes[0].is_up):
        raise Refused(RefusalCode.FIELD_INVALID, "amount_fen")
    _check_drafts(changes)
    return changes if amount_fen is None else [replace(changes[0], amount_fen=amount_fen)]


def _check_drafts(changes: Sequence[Change]) -> None:
    kinds = {(change.kind, change.year) for change in changes}
    if len(kinds) != 1 or any(c.state is not ChangeState.DRAFTED for c in changes):
        raise Refused(RefusalCode.OUT_OF_STEP, "只能一并提交同一类、尚未签发的草稿")
    # A top-up is decided pair by pair: one no must not hold up the others.
    if len(changes) > 1 and changes[0].kind is not NoticeKind.YEARLY:
        raise Refused(RefusalCode.OUT_OF_STEP, "紧急调增须逐笔提交")


def _subject(changes: Sequence[Change]) -> str:
    first = changes[0]
    if len(changes) > 1:
        return f"advance {first.year}, {len(changes)} pairs from {'-'.join(first.pair)}"
    return f"advance {first.change_id}"


def _is_as_proposed(change: Change, amount_fen: int, balance: Balance | None) -> bool:
    balance = balance or Balance()
    is_there = change.is_up or balance.held_fen >= -change.amount_fen
    return (
        change.state is ChangeState.DRAFTED
        and change.amount_fen == amount_fen
        and change.before_fen == balance.amount_fen
        and is_there
    )


def _cause(change: Change) -> Cause:
    return Cause.OPENING if change.kind is NoticeKind.OPENING else Cause.NOTICE


def _issued(change: Change, issue_id: UUID, now: datetime) -> Change:
    today = shanghai_date_of(now)
    if change.kind is NoticeKind.OPENING:
        state = CHANGE.after(change.state, ChangeEvent.TAKE_OVER)
        return replace(change, state=state, issue_id=issue_id, issued_on=today)
    finance_by, pay_by = due_dates(change.kind, today, on(Dates, today))
    return replace(
        change,
        state=CHANGE.after(change.state, ChangeEvent.ISSUE),
        issue_id=issue_id,
        issued_on=today,
        finance_by=finance_by,
        pay_by=pay_by,
    )


def _told(notice: Notice, now: datetime) -> list[Outgoing]:
    """To the area in each role in which it stands in a line."""
    roles = {role for line in notice.lines for role in _roles(line.pair, notice)}
    return [_message(notice, role, now) for role in sorted(roles)]


def _roles(pair: Pair, notice: Notice) -> list[Role]:
    return [role for role, area in zip(Role, pair, strict=True) if area == notice.area]


def _message(notice: Notice, role: Role, now: datetime) -> Outgoing:
    topic = topics.notices(role, notice.area)
    body = AdvanceNoticed(
        number=notice.number,
        title_zh=notice.title_zh,
        kind=notice.kind,
        direction=notice.direction,
        area=notice.area,
        year=notice.year,
        issued_on=notice.issued_on,
        finance_by=notice.finance_by,
        pay_by=notice.pay_by,
        total_fen=notice.total_fen,
        lines=tuple(_line(line) for line in notice.lines),
    )
    return originate(
        body,
        message_id=id_of_effect(notice.issue_id, f"{notice.number} to {topic}"),
        topic=topic,
        key=notice.area,
        sender=topics.HUB,
        at=now,
    )


def _line(change: Change) -> AdvanceLine:
    return AdvanceLine(
        insured_area=change.pair[0],
        treatment_area=change.pair[1],
        before_fen=change.before_fen,
        amount_fen=change.amount_fen,
        after_fen=change.after_fen,
    )
