"""A hospital's rows as its statements have them: settled ones, and refunds as rows of their own."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.delivery import bulk
from contracts.ids import short_text_of
from contracts.messages.values import PARTS
from participants.treatment.domain.booking import Group, Scope, Sums
from participants.treatment.domain.comparison import Known, OurRow
from participants.treatment.domain.settlement import State

_NOT_FUNDS = ("account_fen", "cash_fen", "hospital_fen")
_FUND = " + ".join(part for part in PARTS if part not in _NOT_FUNDS)
_DAY = "({} AT TIME ZONE 'Asia/Shanghai')::date"
# Settled and withdrawn (冲正) on one day: to a hospital that never saw the answer it never was.
_IS_VOID = f"""
    CASE WHEN {_DAY.format("reversed_at")} = {_DAY.format("settled_at")}
         THEN EXISTS (SELECT FROM settlement_steps AS step
                      WHERE step.settlement_id = settlements.settlement_id
                        AND step.event = 'withdraw')
         ELSE false END AS is_void
"""
_SAME = "settlement_id, visit_id, hospital_code, person_id, msgid, insurance_kind, visit_kind,"
_MORE = "insured_division, echo_json"
_SIGNED = (
    f"{{0}} * total_fen AS total_fen, {{0}} * ({_FUND}) AS fund_fen,"
    " {0} * account_fen AS account_fen, {0} * cash_fen AS cash_fen,"
    " {0} * hospital_fen AS hospital_fen"
)
BOOKED = f"""(
    SELECT {_SAME} {_MORE}, 1 AS sign, settled_at AS booked_at, {_SIGNED.format("1")}, {_IS_VOID}
    FROM settlements WHERE settled_at IS NOT NULL
    UNION ALL
    SELECT {_SAME} {_MORE}, -1, reversed_at, {_SIGNED.format("-1")}, {_IS_VOID}
    FROM settlements WHERE reversed_at IS NOT NULL AND settled_at IS NOT NULL
) AS booked"""
"""Amounts signed. One that was reversed before we heard of it (settled_at is empty) has no row."""

_WITHIN = """
    booked.hospital_code = {0}hospital_code
    AND booked.booked_at >= {0}since AND booked.booked_at < {0}until
    AND booked.insurance_kind = ANY({0}insurance_kinds)
    AND booked.visit_kind = ANY({0}visit_kinds)
"""
_SUMS = f"""
    SELECT asked.n, booked.sign, booked.is_void, count(*), sum(total_fen)::bigint,
        sum(fund_fen)::bigint, sum(account_fen)::bigint, sum(cash_fen)::bigint,
        sum(hospital_fen)::bigint
    FROM (VALUES %s) AS asked
        (n, hospital_code, since, until, insurance_kinds, visit_kinds)
    JOIN {BOOKED} ON {_WITHIN.format("asked.")}
    GROUP BY 1, 2, 3 ORDER BY 1, 2 DESC, 3
"""
_ASKED = "(%s, %s, %s::timestamptz, %s::timestamptz, %s::text[], %s::text[])"
WITHIN = (
    _WITHIN.format("@")
    .replace("@hospital_code", "%(hospital_code)s")
    .replace("@since", "%(since)s")
    .replace("@until", "%(until)s")
    .replace("@insurance_kinds", "%(insurance_kinds)s")
    .replace("@visit_kinds", "%(visit_kinds)s")
)
_VISIT = "coalesce(nullif(echo_json::jsonb ->> 'mdtrt_id', ''), visit_id::text)"
_ROWS = f"""
    SELECT settlement_id::text, sign, {_VISIT}, person_id, total_fen, fund_fen, account_fen,
        msgid, booked_at, is_void
    FROM {BOOKED} WHERE {WITHIN} AND (%(sign)s::int IS NULL OR sign = %(sign)s)
    ORDER BY settlement_id, sign DESC
"""
_KNOWN = f"""
    SELECT settlement_id, msgid, person_id, {_VISIT}, state, settled_at, reversed_at, {_IS_VOID}
    FROM settlements WHERE hospital_code = %s AND settlement_id = ANY(%s::uuid[])
"""


def sums(tx: Connection, scopes: Sequence[Scope]) -> list[list[Group]]:
    """The groups of each scope, in one statement for all of them."""
    rows = [(n, *parameters(one).values()) for n, one in enumerate(scopes)]
    found: list[list[Group]] = [[] for _ in scopes]
    for n, sign, is_void, *amounts in bulk.write_and_return(tx, _SUMS, _ASKED, rows):
        found[n].append(Group(sign, is_void, Sums(*amounts)))
    return found


def parameters(scope: Scope) -> dict[str, Any]:
    """What WITHIN asks for, in its order."""
    return {
        "hospital_code": scope.hospital_code,
        "since": scope.since,
        "until": scope.until,
        "insurance_kinds": [kind.value for kind in scope.insurance_kinds],
        "visit_kinds": [kind.value for kind in scope.visit_kinds],
    }


def streamed(tx: Connection, scope: Scope, sign: int | None) -> Iterator[OurRow]:
    """Our rows sorted by settlement, a few thousand at a time; of one sign, or of both."""
    asked = parameters(scope) | {"sign": sign}
    for row in bulk.streamed(tx, _ROWS, asked, "our_rows"):
        key, sign_, visit, person_id, total_fen, fund_fen, account_fen, msgid, at, is_void = row
        yield OurRow(
            key=key,
            sign=sign_,
            setl_id=short_text_of(UUID(key)),
            mdtrt_id=mdtrt_id_of(visit),
            person_id=person_id,
            total_fen=total_fen,
            fund_fen=fund_fen,
            account_fen=account_fen,
            msgid=msgid,
            day=shanghai_date_of(at),
            is_void=is_void,
        )


def known(tx: Connection, hospital_code: str, ids: Sequence[str]) -> dict[str, Known]:
    """What we have of these settlements of the hospital, whatever their day; by their UUID text."""
    rows = bulk.fetch(tx, _KNOWN, (hospital_code, list(ids))) if ids else []
    return {str(row[0]): _known(row[1:]) for row in rows}


def mdtrt_id_of(visit: str) -> str:
    """What the hospital calls the visit: its own word, or the short text of our id."""
    if len(visit) != UUID_TEXT:
        return visit
    try:
        return short_text_of(UUID(visit))
    except ValueError:
        return visit


UUID_TEXT = 36


def _known(row: Sequence[Any]) -> Known:
    msgid, person_id, visit, state, settled_at, reversed_at, is_void = row
    return Known(
        msgid=msgid,
        person_id=person_id,
        mdtrt_id=mdtrt_id_of(visit),
        state=State(state),
        settled_on=_day(settled_at),
        reversed_on=_day(reversed_at),
        is_void=is_void,
    )


def _day(at: datetime | None) -> Any:
    return None if at is None else shanghai_date_of(at)
