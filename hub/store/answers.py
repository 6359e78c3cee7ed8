"""Answers of areas about the lines of a run's version, as they were given."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.delivery import bulk
from contracts.messages.values import PARTS
from hub.domain.answers import Answer, AnswerKey, GivenAnswer, Verdict

_KEY = "insured_area, treatment_area, insurance_kind, visit_kind"
_COLUMNS = f'{_KEY}, role, verdict, payable_fen, reason, "by", at, carried_from'
_ADD = f"INSERT INTO clearing_answers (run_id, version, {_COLUMNS}) VALUES %s"  # noqa: S608
_LAST = f"""
    SELECT DISTINCT ON ({_KEY}, role) {_COLUMNS} FROM clearing_answers
    WHERE run_id = %s AND version = %s ORDER BY {_KEY}, role, answer_id DESC
"""  # noqa: S608 - column names of ours
_ALL = f"""
    SELECT {_COLUMNS} FROM clearing_answers WHERE run_id = %s AND version = %s ORDER BY answer_id
"""  # noqa: S608 - column names of ours
_LINE = f"{_KEY}, count, total_fen, {', '.join(PARTS)}, audit_fen, late_fen, payable_fen"
# What an area confirmed holds for the next version, if its line is the same to the last fen.
_CARRY = f"""
    WITH before AS (
        SELECT max(version) AS version FROM clearing_answers
        WHERE run_id = %(run_id)s AND version < %(version)s
    ), given AS (
        SELECT DISTINCT ON ({_KEY}, role) {_COLUMNS}, version
        FROM clearing_answers JOIN before USING (version)
        WHERE run_id = %(run_id)s ORDER BY {_KEY}, role, answer_id DESC
    ), unchanged AS (
        SELECT {_LINE} FROM clearing_lines JOIN before USING (version)
        WHERE run_id = %(run_id)s
        INTERSECT
        SELECT {_LINE} FROM clearing_lines
        WHERE run_id = %(run_id)s AND version = %(version)s
    )
    INSERT INTO clearing_answers (run_id, version, {_COLUMNS})
    SELECT %(run_id)s, %(version)s, {_KEY}, role, verdict, given.payable_fen, '', "by", at, version
    FROM given JOIN unchanged USING ({_KEY}) WHERE verdict = 'confirmed'
"""  # noqa: S608 - column names of ours


def add(  # noqa: PLR0917 - whose, of what, by whom and when
    tx: Connection, run_id: UUID, version: int, said: Sequence[Answer], by: str, at: datetime
) -> None:
    rows = [
        (run_id, version, *one.line, one.role, one.verdict, one.payable_fen, one.reason, by, at)
        for one in said
    ]
    template = "(" + ", ".join(["%s"] * 12) + ", NULL)"
    bulk.write_rows(tx, _ADD, template, rows)


def carry(tx: Connection, run_id: UUID, version: int) -> int:
    """Let confirmations of the version before hold for lines that did not change; how many."""
    return bulk.run(tx, _CARRY, {"run_id": run_id, "version": version})


def standing(tx: Connection, run_id: UUID, version: int) -> dict[AnswerKey, GivenAnswer]:
    """The last answer of each area about each line."""
    found = [_given(row) for row in bulk.fetch(tx, _LAST, (run_id, version))]
    return {one.answer.key: one for one in found}


def history(tx: Connection, run_id: UUID, version: int) -> list[GivenAnswer]:
    """Every answer in the order in which they came."""
    return [_given(row) for row in bulk.fetch(tx, _ALL, (run_id, version))]


def _given(row: Sequence[object]) -> GivenAnswer:
    insured, treatment, insurance, visit, role, verdict, payable_fen, reason, *how = row
    line = (
        AreaCode(str(insured)),
        AreaCode(str(treatment)),
        InsuranceKind(str(insurance)),
        VisitKind(str(visit)),
    )
    assert isinstance(payable_fen, int)
    answer = Answer(line, Role(str(role)), Verdict(str(verdict)), payable_fen, str(reason))
    return GivenAnswer(answer, *how)  # type: ignore[arg-type]  # who, when, and from which version
