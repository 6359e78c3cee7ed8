"""3260, 3261 and 3262: a hospital's month, extracted, confirmed row by row, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.refusal import RefusalCode, Refused
from participants.treatment.domain.booking import Scope, check_frozen, month_days
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.split import (
    ALL,
    ROWS_PER_PAGE,
    Confirmation,
    Rollback,
    SplitRow,
    decisions,
)
from participants.treatment.store import applications
from participants.treatment.store import splits as store


@dataclass(frozen=True, slots=True)
class Extraction:
    """3260: rows of '202403' from `start_row`, which counts from 1; 0 means the first too."""

    hospital_code: str
    month: str
    start_row: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Nothing is left to do."""


def extract(
    tx: Connection, batch: Sequence[Extraction], now: datetime
) -> list[list[SplitRow] | Refusal]:
    """At most a hundred rows of each month, in an order that never changes.

    Refusals: DATES_IMPOSSIBLE, DAY_NOT_CLOSED (the month still runs).
    """
    results: list[list[SplitRow] | Refusal] = []
    for one in batch:
        try:
            _freeze(tx, one.hospital_code, one.month, now)
        except Refused as no:
            results.append(Refusal(no.code, no.detail))
            continue
        start = max(1, one.start_row)
        results.append(store.page(tx, one.hospital_code, one.month, start, ROWS_PER_PAGE))
    return results


def confirm(tx: Connection, batch: Sequence[Confirmation], now: datetime) -> list[str | Refusal]:
    """The reference of each confirmation, which 3262 takes back. Refused whole, or not at all.

    Refusals: as `extract`; ROWS_DIFFER, OUT_OF_STEP (`domain.split.decisions`); PERIOD_CLOSED.
    """
    return [_confirmed(tx, one, now) for one in batch]


def roll_back(
    tx: Connection, batch: Sequence[Rollback], now: datetime
) -> list[TakenBack | Refusal]:
    """Refusals: UNKNOWN_MESSAGE (no such 3261 of this month), PERIOD_CLOSED. Twice is fine."""
    return [_rolled_back(tx, one, now) for one in batch]


def _confirmed(tx: Connection, one: Confirmation, now: datetime) -> str | Refusal:
    try:
        _freeze(tx, one.hospital_code, one.month, now)
    except Refused as no:
        return Refusal(no.code, no.detail)
    if store.is_cleared(tx, one.month):
        return Refusal(RefusalCode.PERIOD_CLOSED, one.month)
    # Confirmations of one institution come one after the other: the later one sees the earlier.
    applications.lock_institution(tx, one.hospital_code)
    keys = [row.key for row in one.rows if row.key is not None]
    ours = store.of(tx, one.hospital_code, one.month, keys)
    numbers = [row.seqno for row in ours.values()]
    found = decisions(one, ours, store.decided(tx, one.hospital_code, one.month, numbers))
    if isinstance(found, Refusal):
        return found
    head = (one.hospital_code, one.reference, one.month, one.msgid)
    store.confirm(tx, head, found, now)
    return one.reference


def _rolled_back(tx: Connection, one: Rollback, now: datetime) -> TakenBack | Refusal:
    if store.is_cleared(tx, one.month):
        return Refusal(RefusalCode.PERIOD_CLOSED, one.month)
    applications.lock_institution(tx, one.hospital_code)
    if one.reference != ALL:
        found = store.confirmation(tx, one.hospital_code, one.reference)
        if found is None or found.month != one.month:
            return Refusal(RefusalCode.UNKNOWN_MESSAGE, f"交易ID(otransid){one.reference}")
    store.undo(tx, one.hospital_code, one.month, one.reference, now)
    return TakenBack()


def _freeze(tx: Connection, hospital_code: str, month: str, now: datetime) -> None:
    """Refused DATES_IMPOSSIBLE or DAY_NOT_CLOSED."""
    first, last = month_days(month)
    check_frozen(last, now)
    kinds = (tuple(InsuranceKind), tuple(VisitKind))
    store.freeze(tx, Scope(hospital_code, first, last, *kinds), month, now)
