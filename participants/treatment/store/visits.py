"""Visits: opened, amended, locked while something is decided about them."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.delivery import bulk, prepared
from contracts.delivery.prepared import Prepared
from contracts.ids import VisitId
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.settlement import LIVE, UNANSWERED
from participants.treatment.domain.visit import NewVisit, Visit
from participants.treatment.domain.visit_life import Settled, VisitState

COLUMNS = """
    visit_id, hospital_code, person_id, insured_division, insurance_kind, visit_kind,
    admitted_on, discharged_on, disease_code, flags, sealed_identity, echo_json,
    own_visit_no
"""
_BY_ID = f"""
    SELECT {COLUMNS}, state FROM visits
    WHERE visit_id = ANY($1) AND withdrawn_at IS NULL ORDER BY visit_id
"""
_OF = prepared.statement(_BY_ID, "uuid[]")
_LOCK = prepared.statement(f"{_BY_ID} FOR UPDATE", "uuid[]")
_ADD = prepared.statement_of_rows(
    f"INSERT INTO visits ({COLUMNS}, msgid, opened_at) %s",
    "uuid text text text text text date date text text[] text text text text timestamptz",
)
_OF_MESSAGES = """
    SELECT hospital_code, msgid, visit_id FROM visits
    WHERE (hospital_code, msgid) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
_PUT = """
    UPDATE visits SET
        visit_kind = new.visit_kind, admitted_on = new.admitted_on,
        discharged_on = new.discharged_on, disease_code = new.disease_code,
        flags = new.flags, echo_json = new.echo_json, own_visit_no = new.own_visit_no,
        state = new.state
    FROM (VALUES %s) AS new
        (visit_id, visit_kind, admitted_on, discharged_on, disease_code, flags, echo_json,
         own_visit_no, state)
    WHERE visits.visit_id = new.visit_id
"""
_PUT_TEMPLATE = "(%s::uuid, %s, %s::date, %s::date, %s, %s::text[], %s, %s, %s)"
_SETTLED = """
    SELECT visit_id, bool_or(NOT mid_stay) FROM settlements
    WHERE visit_id = ANY(%s::uuid[]) AND state = ANY(%s) GROUP BY visit_id
"""
_SETTLED_SO_FAR = """
    SELECT visit_id, bool_or(NOT mid_stay), bool_or(state = ANY(%s)),
        bool_or(NOT mid_stay AND state <> 'settled'
            AND (lapsed_at IS NOT NULL OR undone_at IS NOT NULL))
    FROM settlements WHERE visit_id = ANY(%s::uuid[]) AND state = ANY(%s) GROUP BY visit_id
"""
_WITHDRAW = "UPDATE visits SET withdrawn_at = %s WHERE visit_id = ANY(%s::uuid[])"
_LIVE = sorted(state.value for state in LIVE)
_UNANSWERED = sorted(state.value for state in UNANSWERED)


def of(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Visit]:
    return _read(tx, _OF, ids)


def lock(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Visit]:
    """Load and lock, in id order so that two batches cannot deadlock."""
    return _read(tx, _LOCK, ids)


def add(tx: Connection, opened: Sequence[tuple[VisitId, NewVisit]], now: datetime) -> None:
    prepared.write(tx, _ADD, [_row(id_, visit, now) for id_, visit in opened])


def put(tx: Connection, visits: Sequence[Visit]) -> None:
    """Write what may change of a visit."""
    rows = [
        (
            one.visit_id,
            one.visit_kind.value,
            one.admitted_on,
            one.discharged_on,
            one.disease_code,
            list(one.flags),
            one.echo_json,
            one.own_visit_no,
            one.state.value,
        )
        for one in visits
    ]
    bulk.write_rows(tx, _PUT, _PUT_TEMPLATE, rows)


def with_live_settlement(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, bool]:
    """Visits with a settlement that is neither void nor reversed; True when one is not mid-stay.

    Ask after locking the visits: the answer then holds until the transaction ends.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {VisitId(row[0]): row[1] for row in bulk.fetch(tx, _SETTLED, (wanted, _LIVE))}


def settled_so_far(tx: Connection, ids: Iterable[VisitId]) -> dict[VisitId, Settled]:
    """How much of each visit is settled. Ask after locking, as for `with_live_settlement`."""
    found = dict.fromkeys(ids, Settled.NOTHING)
    if not found:
        return {}
    rows = bulk.fetch(tx, _SETTLED_SO_FAR, (_UNANSWERED, sorted(found), _LIVE))
    for visit_id, is_final, is_unanswered, is_undoing in rows:
        mid_stay = Settled.BEING if is_unanswered else Settled.PARTLY
        final = Settled.UNDOING if is_undoing else Settled.WHOLLY
        found[visit_id] = final if is_final else mid_stay
    return found


def opened_by(tx: Connection, keys: Sequence[MessageKey]) -> dict[MessageKey, VisitId]:
    if not keys:
        return {}
    columns = ([key.hospital_code for key in keys], [key.msgid for key in keys])
    rows = bulk.fetch(tx, _OF_MESSAGES, columns)
    return {MessageKey(row[0], row[1]): VisitId(row[2]) for row in rows}


def withdraw(tx: Connection, ids: Sequence[VisitId], now: datetime) -> None:
    """Undo these visits: nobody finds them any more."""
    if ids:
        bulk.run(tx, _WITHDRAW, (now, list(ids)))


def _read(tx: Connection, statement: Prepared, ids: Iterable[VisitId]) -> dict[VisitId, Visit]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: visit_of_row(row) for row in prepared.fetch(tx, statement, wanted)}


def visit_of_row(row: tuple[Any, ...]) -> Visit:
    """A row of COLUMNS and the state."""
    id_, hospital_code, person_id, division, insurance_kind, visit_kind, *rest = row
    admitted_on, discharged_on, disease_code, flags, sealed_identity, *rest = rest
    echo_json, own_visit_no, state = rest
    return Visit(
        visit_id=id_,
        hospital_code=hospital_code,
        person_id=person_id,
        insured_division=division,
        insurance_kind=InsuranceKind(insurance_kind),
        visit_kind=VisitKind(visit_kind),
        admitted_on=admitted_on,
        discharged_on=discharged_on,
        disease_code=disease_code,
        flags=tuple(flags),
        sealed_identity=sealed_identity,
        echo_json=echo_json,
        state=VisitState(state),
        own_visit_no=own_visit_no,
    )


def _row(id_: VisitId, visit: NewVisit, now: datetime) -> tuple[Any, ...]:
    return (
        id_,
        visit.hospital_code,
        visit.person_id,
        visit.insured_division,
        visit.insurance_kind.value,
        visit.visit_kind.value,
        visit.admitted_on,
        visit.discharged_on,
        visit.disease_code,
        list(visit.flags),
        visit.sealed_identity,
        visit.echo_json,
        visit.own_visit_no,
        visit.msgid,
        now,
    )
