"""What the parties of a case do with its clock, and who sees it: take, extend, withdraw."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.codes import Fund
from contracts.ids import SettlementId
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain import case_clock
from hub.domain.case_states import WITH_THE_RESPONDENT, CaseEvent
from hub.domain.cases import (
    Case,
    CaseStep,
    Entry,
    Item,
    exceeding,
)
from hub.services import case_threads
from hub.services.case_parties import parties_seen_by, party_of
from hub.services.case_threads import Said
from hub.store import adjustments
from hub.store import cases as store
from hub.store.case_threads import Bill
from hub.store.cases import Wanted

ITEMS_MAX = 200


def take(tx: Connection, case_id: UUID, by: Principal, now: datetime) -> Case:
    """The first responder owns the matter, for its party. Taking one's own again: the same answer.

    Refused: UNKNOWN_CASE, NOT_THE_OWNER for who is not asked, OWNED_ALREADY, TOO_LATE,
    OUT_OF_STEP.
    """
    case, mine = locked(tx, case_id, by), party_of(by)
    if mine not in case.respondents:
        raise Refused(RefusalCode.NOT_THE_OWNER)
    if case.owner_party is not None:
        if (case.owner_party, case.owner) == (mine, by.subject):
            return case
        raise Refused(RefusalCode.OWNED_ALREADY)
    return taken(tx, in_time(case, CaseEvent.TAKE, now), by, now)


def taken(tx: Connection, case: Case, by: Principal, now: datetime) -> Case:
    """A case that is open and in time, now owned by whoever takes it."""
    who = {"owner_party": party_of(by), "owner": by.subject, "owned_at": now}
    return step(tx, case, case.after(CaseEvent.TAKE, **who), CaseEvent.TAKE, by, now=now)


def extend(
    tx: Connection, case_id: UUID, said: Said, by: Principal, *, keys: Sealer, now: datetime
) -> Case:
    """The one extension, by the owner's party and before the deadline, with a reason.

    Refused: UNKNOWN_CASE, NOT_THE_OWNER, TOO_LATE, OUT_OF_STEP when it was extended before.
    """
    case = locked(tx, case_id, by)
    if case_threads.is_said(tx, case, said, by, keys=keys, event=CaseEvent.EXTEND):
        return case
    check_owner(case, by)
    in_time(case, CaseEvent.EXTEND, now)
    if case.extensions:
        raise Refused(RefusalCode.OUT_OF_STEP, "只能延期一次")
    entry = case_threads.write(tx, case, said, by, keys=keys, now=now)
    until = case_clock.extended(case.kind, case.opened_at, case.answer_by)
    changes = {"extensions": 1, "answer_by": until, "due_at": until}
    after = case.after(CaseEvent.EXTEND, **changes)
    return step(tx, case, after, CaseEvent.EXTEND, by, now=now, entry=entry)


def withdraw(
    tx: Connection, case_id: UUID, said: Said, by: Principal, *, keys: Sealer, now: datetime
) -> Case:
    """The opener takes it back before it was answered, with a reason.

    Refused: UNKNOWN_CASE, NOT_THE_OWNER for anybody else, TOO_LATE, OUT_OF_STEP.
    """
    case = locked(tx, case_id, by)
    if case_threads.is_said(tx, case, said, by, keys=keys, event=CaseEvent.WITHDRAW):
        return case
    if party_of(by) != case.opener:
        raise Refused(RefusalCode.NOT_THE_OWNER)
    in_time(case, CaseEvent.WITHDRAW, now)
    entry = case_threads.write(tx, case, said, by, keys=keys, now=now)
    after = case.after(CaseEvent.WITHDRAW, due_at=None)
    return step(tx, case, after, CaseEvent.WITHDRAW, by, now=now, entry=entry)


def visible(tx: Connection, case_id: UUID, by: Principal) -> Case:
    """A case of these eyes. Refused: UNKNOWN_CASE, also when it is somebody else's."""
    wanted = Wanted(parties_seen_by(by), ids=(case_id,))
    found = store.listed(tx, wanted, 1)
    if not found:
        raise Refused(RefusalCode.UNKNOWN_CASE)
    return found[0]


def listed(tx: Connection, wanted: Wanted, count: int) -> list[Case]:
    """Newest first; `wanted.parties` says whose eyes these are."""
    return store.listed(tx, wanted, count)


def locked(tx: Connection, case_id: UUID, by: Principal) -> Case:
    """As `visible`, and nobody else moves it meanwhile."""
    case = store.lock(tx, visible(tx, case_id, by).case_id)
    assert case is not None, case_id
    return case


def in_time(case: Case, event: CaseEvent, now: datetime) -> Case:
    """The case, when its table has the step and the other side's time has not passed.

    Whether the job was there first or not: at the deadline it is over. Refused: TOO_LATE,
    OUT_OF_STEP.
    """
    if not case.allows(event):
        raise Refused(RefusalCode.OUT_OF_STEP, case.state.value)
    if case.state in WITH_THE_RESPONDENT and case.answer_by <= now:
        raise Refused(RefusalCode.TOO_LATE)
    return case


def step(
    tx: Connection,
    before: Case,
    after: Case,
    event: CaseEvent,
    by: Principal,
    *,
    now: datetime,
    entry: Entry | None = None,
) -> Case:
    """Write one step of a locked case; `entry` is the message that gives the reason."""
    entry_id = None if entry is None else entry.entry_id
    party = party_of(by)
    store.move(tx, [CaseStep(before, event, after, now, party, by.subject, entry_id)])
    return after


def check_amounts(
    tx: Connection, case: Case, items: Sequence[Item], bills: dict[SettlementId, Bill]
) -> None:
    """Refused: FIELD_INVALID when an amount is not of this case or goes beyond what was paid."""
    keys = [(item.settlement_id, item.fund) for item in items]
    if len(set(keys)) < len(keys) or len(keys) > ITEMS_MAX:
        raise Refused(RefusalCode.FIELD_INVALID, "items：同一结算同一基金只能一行")
    if not {item.settlement_id for item in items} <= set(case.settlements):
        raise Refused(RefusalCode.FIELD_INVALID, "items：结算不属于本事项")
    paid = {(b.settlement_id, fund): fen for b in bills.values() for fund, fen in b.funds.items()}
    before: dict[tuple[SettlementId, Fund], int] = {}
    for booked in adjustments.of_settlements(tx, case.settlements):
        one = booked.adjustment
        assert one.settlement_id is not None, one.adjustment_id
        key = (one.settlement_id, one.fund)
        before[key] = before.get(key, 0) + one.amount_fen
    wrong = exceeding(items, paid, before, case.sign())
    if wrong is not None:
        raise Refused(RefusalCode.FIELD_INVALID, f"items：{wrong.fund.value}超过可调整金额")


def check_owner(case: Case, by: Principal) -> None:
    if case.owner_party != party_of(by):
        raise Refused(RefusalCode.NOT_THE_OWNER)
