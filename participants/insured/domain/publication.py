"""What an area makes known through the hub: its terms by date, its offices and pooling areas."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.codes import Role
from contracts.message import Body
from contracts.messages.directory import AreaTermsPublished, DirectoryPublished
from participants.insured.domain.area import Area
from participants.insured.domain.choices import Terms


class Part(StrEnum):
    """Which part of the area's rules; each is published when it changes."""

    TERMS = "terms"  # AreaTermsPublished, one for each day from which terms hold
    DIRECTORY = "directory"  # DirectoryPublished of the insured role


@dataclass(frozen=True, slots=True)
class Publication:
    """One body to publish; with its part, `of` names it among the area's publications."""

    part: Part
    of: str
    body: Body

    def fingerprint(self) -> bytes:
        """Of the content, whenever it is published. 32 bytes."""
        content = self.body.model_dump_json(exclude={"published_at"})
        return hashlib.sha256(content.encode()).digest()


def publications(area: Area, now: datetime) -> list[Publication]:
    """Everything the area has to publish, as it stands."""
    return [*(_terms(area, row, now) for row in area.terms), _directory(area, now)]


def _terms(area: Area, row: Terms, now: datetime) -> Publication:
    body = AreaTermsPublished(
        area=area.code,
        published_at=now,
        holds_from=row.holds_from,
        need_registration=row.need_registration,
        lock_in_months=row.lock_in_months,
    )
    return Publication(Part.TERMS, row.holds_from.isoformat(), body)


def _directory(area: Area, now: datetime) -> Publication:
    body = DirectoryPublished(
        area=area.code,
        role=Role.INSURED,
        published_at=now,
        agencies=area.agencies,
        pooling_areas=area.pooling_areas,
    )
    return Publication(Part.DIRECTORY, Role.INSURED, body)
