"""What areas make known: their terms, offices, pooling areas and designated institutions."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.codes import AreaCode, Role, VisitKind, area_of
from contracts.messages.directory import (
    AreaTermsPublished,
    DirectoryPublished,
    InstitutionsPublished,
    Listed,
)

PUBLISHED_AHEAD_MAX = timedelta(days=1)
"""How far a publication may be dated ahead of our clock: a far one would outlive every later."""
_NATIONAL_CODE = re.compile(r"[HP][0-9]{11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AreaTerms:
    """An insured area's choices: which care besides inpatient needs a registration, and lock-in."""

    area: AreaCode
    holds_from: date
    need_registration: frozenset[VisitKind]
    lock_in_months: int


@dataclass(frozen=True, slots=True)
class ListedInstitution:
    """A designated institution 定点医药机构 as its area lists it; `until` is its last day."""

    code: str
    area: AreaCode
    name: str
    division: str
    level: int
    kind: str
    opened: frozenset[VisitKind]
    since: date
    until: date | None

    def opens(self, kind: VisitKind, day: date) -> bool:
        """Whether it settles this kind of care directly on a day."""
        return (
            kind in self.opened and self.since <= day and (self.until is None or day <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Office:
    """An agency 经办机构 of an area in one role; `position` is where the area listed it."""

    area: AreaCode
    role: Role
    position: int
    division: str
    name: str
    phone: str
    address: str
    hours: str


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooling area 统筹区 and what it settles directly since when, in one role of its area."""

    area: AreaCode
    role: Role
    division: str
    name: str
    opened: frozenset[VisitKind]
    since: date


def terms_of(body: AreaTermsPublished) -> AreaTerms:
    need = frozenset(body.need_registration)
    return AreaTerms(AreaCode(body.area), body.holds_from, need, body.lock_in_months)


def institution_of(area: AreaCode, listed: Listed) -> ListedInstitution:
    return ListedInstitution(
        code=listed.code,
        area=area,
        name=listed.name,
        division=listed.division,
        level=listed.level,
        kind=listed.kind,
        opened=frozenset(listed.opened),
        since=listed.since,
        until=listed.until,
    )


def offices_of(body: DirectoryPublished) -> list[Office]:
    area = AreaCode(body.area)
    return [
        Office(area, body.role, position, a.division, a.name, a.phone, a.address, a.hours)
        for position, a in enumerate(body.agencies)
    ]


def pooled_of(body: DirectoryPublished) -> list[Pooled]:
    area = AreaCode(body.area)
    return [
        Pooled(area, body.role, p.division, p.name, frozenset(p.opened), p.since)
        for p in body.pooling_areas
    ]


def lists_foreign(body: DirectoryPublished) -> bool:
    """Whether it speaks of divisions that are not the area's own."""
    divisions = [row.division for row in body.agencies]
    divisions += [row.division for row in body.pooling_areas]
    return any(area_of(division) != body.area for division in divisions)


def has_foreign_institutions(body: InstitutionsPublished) -> bool:
    """Whether one lies elsewhere, or carries a national code of another unit's."""
    return any(
        area_of(one.division) != body.area or _coded_elsewhere(one.code, AreaCode(body.area))
        for one in body.institutions
    )


def contradicts_itself(rows: Iterable[str]) -> bool:
    """Whether a code or division is told twice in one publication."""
    told = list(rows)
    return len(set(told)) != len(told)


def taken_elsewhere(body: InstitutionsPublished, known: Mapping[str, ListedInstitution]) -> bool:
    """Whether another area listed one of these codes first."""
    return any(one.code in known and known[one.code].area != body.area for one in body.institutions)


def _coded_elsewhere(code: str, area: AreaCode) -> bool:
    """National codes are H or P, the division, and five digits; codes of another form say nothing."""
    return bool(_NATIONAL_CODE.fullmatch(code)) and code[1:3] != area[:2]
