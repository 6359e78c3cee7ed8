"""The designated institutions of this area."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from contracts.codes import DivisionCode, VisitKind
from contracts.delivery import bulk, prepared
from participants.treatment.domain.institution import Institution, InstitutionKind

_COLUMNS = "code, name, division, level, hosp_lv, kind, opened, since, until, credit_code"
_OF = prepared.statement(
    f"SELECT {_COLUMNS} FROM institutions WHERE code = ANY($1)",  # noqa: S608 - our columns
    "text[]",
)
_ALL = f"SELECT {_COLUMNS} FROM institutions ORDER BY code"  # noqa: S608 - our columns
_FIND = f"""
    SELECT {_COLUMNS} FROM institutions
    WHERE kind = %s AND (%s = '' OR code = %s) AND (%s = '' OR strpos(name, %s) > 0)
    ORDER BY code LIMIT %s
"""  # noqa: S608 - our columns
_PUT = f"""
    INSERT INTO institutions ({_COLUMNS}) VALUES %s
    ON CONFLICT (code) DO UPDATE SET
        name = excluded.name, division = excluded.division, level = excluded.level,
        hosp_lv = excluded.hosp_lv, kind = excluded.kind, opened = excluded.opened,
        since = excluded.since, until = excluded.until, credit_code = excluded.credit_code
"""  # noqa: S608 - our columns
_PUT_TEMPLATE = "(%s, %s, %s, %s, %s, %s, %s::text[], %s::date, %s::date, %s)"


def of(tx: Connection, codes: Iterable[str]) -> dict[str, Institution]:
    return {row[0]: _institution(row) for row in prepared.fetch(tx, _OF, sorted(set(codes)))}


def all_of_them(tx: Connection) -> list[Institution]:
    """In the order of their codes."""
    return [_institution(row) for row in bulk.fetch(tx, _ALL)]


def find(
    tx: Connection, kind: InstitutionKind, code: str, name: str, count_max: int
) -> list[Institution]:
    """Those of a kind with this code and this in their name, an empty one being any."""
    asked = (kind.value, code, code, name, name, count_max)
    return [_institution(row) for row in bulk.fetch(tx, _FIND, asked)]


def put(tx: Connection, institutions: Iterable[Institution]) -> None:
    """Add these, or bring them up to date; none is ever taken away."""
    bulk.write_rows(tx, _PUT, _PUT_TEMPLATE, [_row(one) for one in institutions])


def _row(one: Institution) -> tuple[Any, ...]:
    opened = [kind.value for kind in one.opened]
    facts = (one.code, one.name, one.division, one.level, one.hosp_lv, one.kind.value)
    return (*facts, opened, one.since, one.until, one.credit_code)


def _institution(row: tuple[Any, ...]) -> Institution:
    code, name, division, level, hosp_lv, kind, opened, since, until, credit_code = row
    return Institution(
        code=code,
        name=name,
        division=DivisionCode(division),
        level=level,
        hosp_lv=hosp_lv,
        kind=InstitutionKind(kind),
        opened=tuple(VisitKind(one) for one in opened),
        since=since,
        until=until,
        credit_code=credit_code,
    )
