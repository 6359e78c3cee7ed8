"""What a route may ask for: the desk's parts, one transaction, and who is asking."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.delivery.outbox import Outbox, Writing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from participants.insured.domain.area import Area

_bearer = HTTPBearer(auto_error=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of one area's desk; `outbox` brings the database and the clock."""

    area: Area
    outbox: Outbox
    sealer: Sealer
    stalled_after: timedelta


def desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


DeskDep = Annotated[Desk, Depends(desk)]


def writing(at: DeskDep) -> Iterator[Writing]:
    with at.outbox.transaction() as opened:
        yield opened


# scope="function": commit before the answer leaves, so that a 200 is never a lie.
WritingDep = Annotated[Writing, Depends(writing, scope="function")]


def clerk(
    at: DeskDep,
    opened: WritingDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Whoever holds a token of this area's agency; refused: NOT_AUTHENTICATED, NOT_ALLOWED."""
    token = "" if credentials is None else credentials.credentials
    found = access.principal_of(opened.tx, token, opened.now) if token else None
    if found is None:
        raise Refused(RefusalCode.NOT_AUTHENTICATED)
    if (found.role, found.area) != (AccessRole.INSURED_AGENCY, at.area.code):
        raise Refused(RefusalCode.NOT_ALLOWED)
    return found


ClerkDep = Annotated[Principal, Depends(clerk, scope="function")]
