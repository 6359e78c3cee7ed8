"""Makes the institutions, agencies and pooling areas of this area known through the hub."""

from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.message import Body, Outgoing, originate
from participants.treatment.domain.directory_file import Directory
from participants.treatment.domain.publication import Publication, id_by_content
from participants.treatment.store import institutions, publications


def publish(
    tx: Connection,
    area: AreaCode,
    now: datetime,
    *,
    directory: Directory | None = None,
    again: bool = False,
) -> list[Outgoing]:
    """What has changed since it was last made known; everything with `again`.

    `directory` None: nothing is said about agencies and pooling areas.
    """
    found = [Publication(area, tuple(institutions.all_of_them(tx)))]
    if directory is not None:
        found.append(Publication(area, directory))
    return [one for publication in found for one in _said(tx, publication, now, again=again)]


def _said(tx: Connection, what: Publication, now: datetime, *, again: bool) -> list[Outgoing]:
    at = publications.mark(tx, what.kind, what.content_sha256(), now, again=again)
    return [] if at is None else [_outgoing(what.area, body, now) for body in what.bodies(at)]


def _outgoing(area: AreaCode, body: Body, now: datetime) -> Outgoing:
    return originate(
        body,
        message_id=id_by_content(body),
        topic=topics.HUB_DIRECTORY,
        key=area,
        sender=topics.participant(Role.TREATMENT, area),
        at=now,
    )
