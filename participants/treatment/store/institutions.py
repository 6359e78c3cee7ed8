"""The designated institutions of this area."""

from collections.abc import Iterable

from sqlalchemy import Connection

from contracts.codes import DivisionCode
from contracts.delivery import bulk
from participants.treatment.domain.institution import Institution, InstitutionKind

_OF = """
    SELECT code, name, division, level, hosp_lv, kind FROM institutions WHERE code = ANY(%s)
"""
_PUT = """
    INSERT INTO institutions (code, name, division, level, hosp_lv, kind) VALUES %s
    ON CONFLICT (code) DO UPDATE SET
        name = excluded.name, division = excluded.division, level = excluded.level,
        hosp_lv = excluded.hosp_lv, kind = excluded.kind
"""


def of(tx: Connection, codes: Iterable[str]) -> dict[str, Institution]:
    rows = bulk.fetch(tx, _OF, (sorted(set(codes)),))
    return {
        code: Institution(code, name, DivisionCode(division), level, hosp_lv, InstitutionKind(kind))
        for code, name, division, level, hosp_lv, kind in rows
    }


def put(tx: Connection, institutions: Iterable[Institution]) -> None:
    """Add these, or bring them up to date; none is ever taken away."""
    rows = [
        (one.code, one.name, one.division, one.level, one.hosp_lv, one.kind.value)
        for one in institutions
    ]
    bulk.write_rows(tx, _PUT, "(%s, %s, %s, %s, %s, %s)", rows)
