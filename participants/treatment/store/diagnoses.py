"""Diagnoses of visits: said, said again in another way, withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import VisitId
from participants.treatment.domain.diagnosis import Diagnosis, Stage, StoredDiagnosis

_PUT = """
    INSERT INTO diagnoses (
        visit_id, stage, position, kind, is_main, code, name, condition, department, doctor_code,
        doctor_name, diagnosed_at, is_valid, said_at
    ) VALUES %s
    ON CONFLICT (visit_id, stage, position) DO UPDATE SET
        kind = excluded.kind, is_main = excluded.is_main, code = excluded.code,
        name = excluded.name, condition = excluded.condition, department = excluded.department,
        doctor_code = excluded.doctor_code, doctor_name = excluded.doctor_name,
        diagnosed_at = excluded.diagnosed_at, is_valid = excluded.is_valid,
        said_at = excluded.said_at
"""
_PUT_TEMPLATE = "(%s::uuid, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_FORGET = """
    UPDATE diagnoses SET is_valid = false, said_at = %s
    WHERE visit_id = ANY(%s::uuid[]) AND stage = %s AND is_valid
"""
_OF = """
    SELECT visit_id, said_at, stage, position, kind, is_main, code, name, condition, department,
           doctor_code, doctor_name, diagnosed_at, is_valid
    FROM diagnoses WHERE visit_id = ANY(%s::uuid[]) AND is_valid
    ORDER BY visit_id, stage, position
"""


def put(tx: Connection, said: Sequence[tuple[VisitId, Diagnosis]], now: datetime) -> None:
    """Write these; of two with one visit, stage and position the last counts."""
    last = {(visit_id, one.stage, one.position): (visit_id, one) for visit_id, one in said}
    rows = [_row(visit_id, one, now) for visit_id, one in last.values()]
    bulk.write_rows(tx, _PUT, _PUT_TEMPLATE, rows)


def forget(tx: Connection, ids: Iterable[VisitId], stage: Stage, now: datetime) -> None:
    """What was said of these visits at this stage holds no longer."""
    wanted = sorted(set(ids))
    if wanted:
        bulk.run(tx, _FORGET, (now, wanted, stage.value))


def of(tx: Connection, ids: Iterable[VisitId]) -> list[StoredDiagnosis]:
    """Those that hold, in the hospital's order."""
    wanted = sorted(set(ids))
    rows = bulk.fetch(tx, _OF, (wanted,)) if wanted else []
    return [
        StoredDiagnosis(visit_id, Diagnosis(Stage(stage), *rest), said_at)
        for visit_id, said_at, stage, *rest in rows
    ]


def _row(visit_id: VisitId, one: Diagnosis, now: datetime) -> tuple[Any, ...]:
    what = (one.kind, one.is_main, one.code, one.name, one.condition, one.department)
    who = (one.doctor_code, one.doctor_name, one.diagnosed_at)
    return (visit_id, one.stage.value, one.position, *what, *who, one.is_valid, now)
