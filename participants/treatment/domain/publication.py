"""What a treatment area makes known through the hub, as bodies of messages."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from contracts.codes import AreaCode, Role
from contracts.ids import MessageId
from contracts.message import Body
from contracts.messages.directory import (
    ROWS_MAX,
    DirectoryPublished,
    InstitutionsPublished,
    Listed,
)
from participants.treatment.domain.directory_file import Directory
from participants.treatment.domain.institution import Institution

_NAMESPACE = UUID("6e1f8a52-3f0e-5d0b-9a3e-7a1c1b0d6c44")
_WHENEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Publication:
    """One thing that is made known as a whole: institutions, or a directory."""

    area: AreaCode
    what: tuple[Institution, ...] | Directory

    @property
    def kind(self) -> str:
        is_directory = isinstance(self.what, Directory)
        return DirectoryPublished.KIND if is_directory else InstitutionsPublished.KIND

    def content_sha256(self) -> bytes:
        """32 bytes over what is said, whenever it is said."""
        said = "\n".join(body.model_dump_json() for body in self.bodies(_WHENEVER))
        return hashlib.sha256(said.encode()).digest()

    def bodies(self, at: datetime) -> list[Body]:
        """In messages of at most ROWS_MAX rows."""
        if isinstance(self.what, Directory):
            return [_directory(self.area, self.what, at)]
        listed = [_listed(one) for one in self.what]
        starts = range(0, len(listed), ROWS_MAX)
        return [_institutions(self.area, listed[n : n + ROWS_MAX], at) for n in starts]


def id_by_content(body: Body) -> MessageId:
    """The same content, said as of the same instant, is the same message."""
    return MessageId(uuid5(_NAMESPACE, body.model_dump_json()))


def _institutions(area: AreaCode, rows: Sequence[Listed], at: datetime) -> Body:
    return InstitutionsPublished(area=area, published_at=at, institutions=tuple(rows))


def _directory(area: AreaCode, what: Directory, at: datetime) -> Body:
    return DirectoryPublished(
        area=area,
        role=Role.TREATMENT,
        published_at=at,
        agencies=what.agencies,
        pooling_areas=what.pooling_areas,
    )


def _listed(one: Institution) -> Listed:
    return Listed(
        code=one.code,
        name=one.name,
        division=one.division,
        level=one.level,
        kind=one.kind.value,
        opened=one.opened,
        since=one.since,
        until=one.until,
    )
