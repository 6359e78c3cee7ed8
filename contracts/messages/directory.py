"""What areas make known through the hub: rules, offices, institutions. Key: the area."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from contracts.codes import Role, VisitKind
from contracts.message import Body, Frozen
from contracts.messages.values import Area, Division, Text

ROWS_MAX = 500
Name = Annotated[str, Field(min_length=1, max_length=200)]
HospitalCode = Annotated[str, Field(min_length=1, max_length=30)]


class AreaTermsPublished(Body):
    """The insured area's own choices about registrations, from `holds_from` on.

    `need_registration`: the kinds of care besides inpatient that need one (住院 always does).
    `lock_in_months`: how long a long-term registration cannot be changed or cancelled.
    """

    KIND: ClassVar[str] = "area_terms_published"
    area: Area
    published_at: AwareDatetime
    holds_from: date
    need_registration: tuple[VisitKind, ...]
    lock_in_months: Annotated[int, Field(ge=0, le=60)]


class Agency(Frozen):
    """An agency 经办机构 and how to reach it."""

    division: Division
    name: Name
    phone: Text
    address: Text
    hours: Text = ""


class PoolingArea(Frozen):
    """A pooling area 统筹区, and which kinds of care are settled directly, from when on."""

    division: Division
    name: Name
    opened: tuple[VisitKind, ...]
    since: date


class DirectoryPublished(Body):
    """The agencies and pooling areas of one area in one role, all of them: it replaces the last."""

    KIND: ClassVar[str] = "directory_published"
    area: Area
    role: Role
    published_at: AwareDatetime
    agencies: Annotated[tuple[Agency, ...], Field(max_length=ROWS_MAX)]
    pooling_areas: Annotated[tuple[PoolingArea, ...], Field(max_length=ROWS_MAX)]


class Listed(Frozen):
    """One designated institution; `until` None: still open. `opened`: what it settles directly."""

    code: HospitalCode
    name: Name
    division: Division
    level: Annotated[int, Field(ge=0, le=4)]
    kind: Annotated[str, Field(pattern=r"^(hospital|pharmacy)$")]
    opened: tuple[VisitKind, ...]
    since: date
    until: date | None = None


class InstitutionsPublished(Body):
    """Some institutions of a treatment area, as they stand now; others are not touched."""

    KIND: ClassVar[str] = "institutions_published"
    area: Area
    published_at: AwareDatetime
    institutions: Annotated[tuple[Listed, ...], Field(max_length=ROWS_MAX)]
