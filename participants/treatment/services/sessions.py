"""Signing in and out: 9001 and 9002, and whether a session still holds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from contracts.ids import new_id, short_text_of
from contracts.refusal import RefusalCode
from participants.treatment.domain.keeping import KEEPING, Keeping
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.session import Session, SignIn, SignOut
from participants.treatment.store import sessions as store


def sign_in(
    tx: Connection, wishes: Sequence[SignIn], now: datetime, keeping: Keeping = KEEPING
) -> list[Session]:
    """Begin a session for each, 9001. An operator may have several: one at every window."""
    begun = [
        Session(
            sign_no=short_text_of(new_id()),
            institution=one.institution,
            operator_no=one.operator_no,
            signed_in_at=now,
            expires_at=now + keeping.session_for,
        )
        for one in wishes
    ]
    store.add(tx, list(zip(begun, wishes, strict=True)))
    return begun


def sign_out(tx: Connection, wishes: Sequence[SignOut], now: datetime) -> list[Session | Refusal]:
    """End these sessions, 9002; one that is over stays as it ended. Refusals: NOT_SIGNED_IN."""
    known = store.lock(tx, (one.sign_no for one in wishes))
    results = [_ended(known.get(one.sign_no), one, now) for one in wishes]
    store.end(tx, [one.sign_no for one in results if isinstance(one, Session)], now)
    return results


def valid(
    tx: Connection, institution_code: str, sign_nos: Iterable[str], now: datetime
) -> set[str]:
    """Those of these numbers that are sessions of the institution, neither ended nor expired."""
    return store.valid(tx, institution_code, sign_nos, now)


def _ended(found: Session | None, wish: SignOut, now: datetime) -> Session | Refusal:
    detail = f"签到编号(sign_no){wish.sign_no}"
    if found is None or found.institution != wish.institution:
        return Refusal(RefusalCode.NOT_SIGNED_IN, detail)
    if found.operator_no != wish.operator_no:
        return Refusal(
            RefusalCode.NOT_SIGNED_IN, f"{detail}不属于操作员(opter_no){wish.operator_no}"
        )
    return replace(found, ended_at=found.ended_at or min(now, found.expires_at))
