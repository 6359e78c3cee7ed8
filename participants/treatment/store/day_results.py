"""Rows of a day with what the comparisons found of each."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import short_text_of
from participants.treatment.domain.booking import Scope
from participants.treatment.domain.day_result import DayQuestion, DayRow, Disagreed
from participants.treatment.store.booked_rows import BOOKED, WITHIN, mdtrt_id_of, parameters

_VISIT = "coalesce(nullif(booked.echo_json::jsonb ->> 'mdtrt_id', ''), booked.visit_id::text)"
_DIFFERS = """
    EXISTS (SELECT FROM hospital_breaks AS found
            WHERE found.settlement_id = booked.settlement_id AND found.sign = booked.sign
              AND found.hospital_code = booked.hospital_code AND found.resolved_at IS NULL)
    OR EXISTS (SELECT FROM hub_breaks AS told
               WHERE told.settlement_id = booked.settlement_id AND told.sign = booked.sign
                 AND told.repaired_at IS NULL)
"""
_ALONE = """
    SELECT DISTINCT ON (found.setl_id, found.sign) found.sign, found.person_id, found.mdtrt_id,
        found.setl_id, NULL::uuid, false AS is_equal, found.said_total_fen, '' AS msgid,
        NULL::text, found.found_at AS at
    FROM hospital_breaks AS found
    WHERE found.hospital_code = %(hospital_code)s
      AND found.day BETWEEN %(begins_on)s AND %(ends_on)s
      AND found.clr_type = ANY(%(clr_types)s) AND found.resolved_at IS NULL
      AND found.settlement_id IS NULL AND %(visit_kinds)s::text[] <> '{}'
    ORDER BY found.setl_id, found.sign, found.break_id
"""
_OURS = f"""
    SELECT booked.sign, booked.person_id, {_VISIT}, NULL::text, booked.settlement_id,
        NOT ({_DIFFERS}) AS is_equal, booked.total_fen, booked.msgid, visits.sealed_identity,
        booked.booked_at AS at
    FROM {BOOKED} JOIN visits USING (visit_id) WHERE {WITHIN} AND NOT is_void
"""
_PAGE = f"""
    SELECT * FROM (SELECT * FROM ({_OURS}) AS ours UNION ALL SELECT * FROM ({_ALONE}) AS alone)
        AS rows (sign, person_id, visit, setl_id, settlement_id, is_equal, total_fen, msgid,
                 sealed_identity, at)
    WHERE %(is_equal)s::boolean IS NULL OR is_equal = %(is_equal)s
    ORDER BY at, settlement_id, setl_id, sign DESC LIMIT %(most)s OFFSET %(skip)s
"""
_DISAGREED = f"""
    SELECT DISTINCT booked.settlement_id, booked.insured_division
    FROM {BOOKED} WHERE {WITHIN} AND NOT is_void AND ({_DIFFERS})
    ORDER BY 1 LIMIT %(most)s
"""
DISAGREED_MAX = 10_000


def page(tx: Connection, one: DayQuestion) -> list[DayRow]:
    asked = parameters(one.scope) | {
        "begins_on": one.scope.begins_on,
        "ends_on": one.scope.ends_on,
        "clr_types": list(one.clr_types),
        "is_equal": one.is_equal,
        "most": one.page_size,
        "skip": (one.page - 1) * one.page_size,
    }
    return [_row(row) for row in bulk.fetch(tx, _PAGE, asked)]


def disagreed(tx: Connection, scope: Scope) -> list[Disagreed]:
    """Settlements of the period with an open break of either comparison."""
    rows = bulk.fetch(tx, _DISAGREED, parameters(scope) | {"most": DISAGREED_MAX})
    return [Disagreed(short_text_of(id_), division) for id_, division in rows]


def _row(row: tuple[Any, ...]) -> DayRow:
    sign, person_id, visit, setl_id, settlement_id, is_equal, total_fen, msgid, sealed, _ = row
    return DayRow(
        sign=sign,
        person_id=person_id,
        mdtrt_id=mdtrt_id_of(visit),
        setl_id=setl_id if settlement_id is None else short_text_of(UUID(str(settlement_id))),
        is_equal=is_equal,
        total_fen=total_fen,
        msgid=msgid,
        sealed_identity=sealed,
    )
