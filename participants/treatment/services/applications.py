"""3203 清算申请 and 3204 its withdrawal; what the office does with an application."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.ids import new_id
from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode
from participants.treatment.domain.application import (
    APPLICATION,
    ApplicationEvent,
    ApplicationState,
    NewApplication,
)
from participants.treatment.domain.booking import Sums, is_frozen, told, total_of
from participants.treatment.domain.results import Refusal
from participants.treatment.store import applications as store
from participants.treatment.store import booked_rows

PER_ITEM = "1"
"""清算方式 clr_way of every settlement here: 按项目."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """3204: a hospital takes its application back."""

    hospital_code: str
    application_id: UUID


def apply(tx: Connection, batch: Sequence[NewApplication], now: datetime) -> list[UUID | Refusal]:
    """The id of each application, or why it cannot be.

    Refusals: DAY_NOT_CLOSED (the month still runs), OUT_OF_STEP (applied for already),
    ROWS_DIFFER (its sums are not ours; both are named).
    """
    groups = booked_rows.sums(tx, [one.scope for one in batch])
    found = [
        total_of(group for group in some if not group.is_void)
        if one.clr_way == PER_ITEM
        else Sums()
        for one, some in zip(batch, groups, strict=True)
    ]
    persons = [sum(group.sign * group.sums.count for group in some) for some in groups]
    return [
        _applied(tx, one, _with_persons(ours, count), now)
        for one, ours, count in zip(batch, found, persons, strict=True)
    ]


def withdraw(
    tx: Connection, batch: Sequence[Withdrawal], now: datetime
) -> list[ApplicationState | Refusal]:
    """Refusals: UNKNOWN_APPLICATION (also another hospital's), OUT_OF_STEP (taken up already)."""
    known = store.lock(tx, (one.application_id for one in batch))
    theirs = {(one.hospital_code, one.application_id) for one in known.values()}
    return [
        move(tx, one.application_id, ApplicationEvent.WITHDRAW, now)
        if (one.hospital_code, one.application_id) in theirs
        else Refusal(RefusalCode.UNKNOWN_APPLICATION)
        for one in batch
    ]


def move(
    tx: Connection, application_id: UUID, event: ApplicationEvent, now: datetime
) -> ApplicationState | Refusal:
    """One step of an application; Refusal UNKNOWN_APPLICATION or OUT_OF_STEP."""
    found = store.lock(tx, [application_id]).get(application_id)
    if found is None:
        return Refusal(RefusalCode.UNKNOWN_APPLICATION)
    if not APPLICATION.allows(found.state, event):
        return Refusal(RefusalCode.OUT_OF_STEP, f"清算申请{_STATES[found.state]}")
    state = APPLICATION.after(found.state, event)
    store.move(tx, application_id, state, now)
    return state


_STATES = {
    ApplicationState.APPLIED: "已申请",
    ApplicationState.ACCEPTED: "已受理",
    ApplicationState.REJECTED: "已退回",
    ApplicationState.WITHDRAWN: "已撤销",
    ApplicationState.CLEARED: "已清算",
}


def _applied(tx: Connection, one: NewApplication, ours: Sums, now: datetime) -> UUID | Refusal:
    if not is_frozen(one.scope.ends_on, now):
        return Refusal(RefusalCode.DAY_NOT_CLOSED, f"清算年月{one.month}尚未结束")
    store.lock_institution(tx, one.scope.hospital_code)
    if store.is_claimed(tx, one):
        return Refusal(RefusalCode.OUT_OF_STEP, f"{one.month}该清算类别已有清算申请，请先撤销")
    if one.differs_from(ours):
        said = told(one.said, with_cash=True)
        detail = (
            f"平台{told(ours, with_cash=True)}；申报{said}，认可{yuan_from_fen(one.recognised_fen)}"
        )
        return Refusal(RefusalCode.ROWS_DIFFER, detail)
    id_ = new_id()
    store.add(tx, id_, one, now)
    return id_


def _with_persons(ours: Sums, persons: int) -> Sums:
    rest = (ours.fund_fen, ours.account_fen, ours.cash_fen, ours.hospital_fen)
    return Sums(persons, ours.total_fen, *rest)
