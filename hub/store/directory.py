"""What areas made known, the newest of each: loaded for a batch, replaced, never merged by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role, VisitKind
from contracts.delivery import bulk, prepared
from hub.domain.directory import AreaTerms, ListedInstitution, Office, Pooled

TERMS_COLUMNS = "area, holds_from, need_registration, lock_in_months"
_TERMS_OF = f"SELECT {TERMS_COLUMNS}, published_at FROM area_terms WHERE area = ANY(%s)"  # noqa: S608
_PUT_TERMS = f"""
    INSERT INTO area_terms ({TERMS_COLUMNS}, published_at) VALUES %s
    ON CONFLICT (area, holds_from) DO UPDATE SET need_registration = excluded.need_registration,
        lock_in_months = excluded.lock_in_months, published_at = excluded.published_at
    WHERE area_terms.published_at < excluded.published_at
"""  # noqa: S608
INSTITUTION_COLUMNS = "code, area, name, division, level, kind, opened, since, until"
_INSTITUTIONS = prepared.statement(
    f"SELECT {INSTITUTION_COLUMNS}, published_at FROM institutions WHERE code = ANY($1)",  # noqa: S608
    "text[]",
)
_PUT_INSTITUTIONS = f"""
    INSERT INTO institutions ({INSTITUTION_COLUMNS}, published_at) VALUES %s
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, division = excluded.division,
        level = excluded.level, kind = excluded.kind, opened = excluded.opened,
        since = excluded.since, until = excluded.until, published_at = excluded.published_at
    WHERE institutions.area = excluded.area AND institutions.published_at < excluded.published_at
"""  # noqa: S608
_DIRECTORIES = """
    SELECT area, role, published_at, fingerprint FROM directories WHERE area = ANY(%s)
"""
_PUT_DIRECTORIES = """
    INSERT INTO directories (area, role, published_at, fingerprint) VALUES %s
    ON CONFLICT (area, role) DO UPDATE SET published_at = excluded.published_at,
        fingerprint = excluded.fingerprint
"""
_CLEAR = tuple(
    f"DELETE FROM {table} AS t USING (VALUES %s) AS d (area, role)"  # noqa: S608
    " WHERE t.area = d.area AND t.role = d.role"
    for table in ("agencies", "pooling_areas")
)
_ADD_OFFICES = """
    INSERT INTO agencies (area, role, position, division, name, phone, address, hours) VALUES %s
"""
_ADD_POOLED = """
    INSERT INTO pooling_areas (area, role, division, name, opened, since) VALUES %s
"""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Published(Generic[T]):
    """What an area published, and when it says it did."""

    what: T
    at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """Which publication the offices and pooling areas of an area in one role are of. 32 bytes."""

    area: AreaCode
    role: Role
    published_at: datetime
    fingerprint: bytes


def terms_of(
    tx: Connection, areas: Iterable[AreaCode]
) -> dict[tuple[AreaCode, date], Published[AreaTerms]]:
    """All terms of these areas, also those that do not hold yet or any more."""
    rows = bulk.fetch(tx, _TERMS_OF, (sorted(set(areas)),))
    return {(AreaCode(row[0]), row[1]): Published(terms(row), row[4]) for row in rows}


def put_terms(tx: Connection, published: Sequence[Published[AreaTerms]]) -> None:
    """Add terms, or replace those of the same area and day that are older."""
    rows = [
        (t.area, t.holds_from, sorted(t.need_registration), t.lock_in_months, one.at)
        for one, t in ((one, one.what) for one in published)
    ]
    bulk.write_rows(tx, _PUT_TERMS, "(%s, %s, %s::text[], %s, %s)", rows)


def institutions_of(tx: Connection, codes: Iterable[str]) -> dict[str, ListedInstitution]:
    """The listed institutions among these codes, by code."""
    return {code: one.what for code, one in published_institutions(tx, codes).items()}


def published_institutions(
    tx: Connection, codes: Iterable[str]
) -> dict[str, Published[ListedInstitution]]:
    """As `institutions_of`, with the instant of each publication."""
    rows = prepared.fetch(tx, _INSTITUTIONS, sorted(set(codes)))
    return {row[0]: Published(institution(row), row[9]) for row in rows}


def put_institutions(tx: Connection, published: Sequence[Published[ListedInstitution]]) -> None:
    """Add institutions, or replace what the same area said of them before."""
    rows = sorted(_institution_row(one) for one in published)
    template = "(%s, %s, %s, %s, %s, %s, %s::text[], %s, %s, %s)"
    bulk.write_rows(tx, _PUT_INSTITUTIONS, template, rows)


def editions_of(tx: Connection, areas: Iterable[AreaCode]) -> dict[tuple[AreaCode, Role], Edition]:
    rows = bulk.fetch(tx, _DIRECTORIES, (sorted(set(areas)),))
    found = [Edition(AreaCode(row[0]), Role(row[1]), row[2], bytes(row[3])) for row in rows]
    return {(one.area, one.role): one for one in found}


def replace_directories(
    tx: Connection,
    editions: Sequence[Edition],
    offices: Sequence[Office],
    pooled: Sequence[Pooled],
) -> None:
    """What these areas in these roles listed before goes, and this comes in its place."""
    keys = [(one.area, one.role.value) for one in editions]
    for statement in _CLEAR:
        bulk.write_rows(tx, statement, "(%s, %s)", keys)
    heads = [(e.area, e.role.value, e.published_at, e.fingerprint) for e in editions]
    bulk.write_rows(tx, _PUT_DIRECTORIES, "(%s, %s, %s, %s)", heads)
    bulk.write_rows(
        tx,
        _ADD_OFFICES,
        f"({', '.join(['%s'] * 8)})",
        [
            (o.area, o.role.value, o.position, o.division, o.name, o.phone, o.address, o.hours)
            for o in offices
        ],
    )
    bulk.write_rows(
        tx,
        _ADD_POOLED,
        "(%s, %s, %s, %s, %s::text[], %s)",
        [(p.area, p.role.value, p.division, p.name, sorted(p.opened), p.since) for p in pooled],
    )


def institution(row: tuple[Any, ...]) -> ListedInstitution:
    """A row of INSTITUTION_COLUMNS."""
    code, area, name, division, level, kind, opened, since, until = row[:9]
    kinds = frozenset(map(VisitKind, opened))
    return ListedInstitution(code, AreaCode(area), name, division, level, kind, kinds, since, until)


def terms(row: tuple[Any, ...]) -> AreaTerms:
    """A row of TERMS_COLUMNS."""
    return AreaTerms(AreaCode(row[0]), row[1], frozenset(map(VisitKind, row[2])), row[3])


def _institution_row(published: Published[ListedInstitution]) -> tuple[Any, ...]:
    one = published.what
    where = (one.code, one.area, one.name, one.division, one.level, one.kind)
    return (*where, sorted(one.opened), one.since, one.until, published.at)
