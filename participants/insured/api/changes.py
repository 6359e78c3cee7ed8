"""Changes of a registration that the desk asks the hub for; the answer comes into its history."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, status
from pydantic import BaseModel, Field

from contracts.ids import MessageId, RegistrationId, new_id
from contracts.messages.registration import MATERIALS_MAX, Change
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.views import Asked, Paper, Reason
from participants.insured.services import changes
from participants.insured.services.changes import Wish

router = APIRouter(prefix="/reviews", tags=["备案变更"])

# The clerk's own id of the wish: sent again after a lost answer, it changes nothing again.
Key = Annotated[UUID | None, Header(alias="Idempotency-Key")]


class ChangeBody(Asked):
    """`materials` with a supplement only needed."""

    reason: Reason
    materials: Annotated[tuple[Paper, ...], Field(max_length=MATERIALS_MAX)] = ()


class ChangeView(BaseModel):
    """The wish as it was handed to the hub."""

    change_id: UUID
    registration_id: UUID
    change: Change
    asked_at: datetime


@router.post("/{registration_id}/changes/{change}", status_code=status.HTTP_202_ACCEPTED)
def ask(
    *,
    at: DeskDep,
    opened: WritingDep,
    clerk: ClerkDep,
    registration_id: UUID,
    change: Change,
    body: ChangeBody,
    key: Key = None,
) -> ChangeView:
    """Refused: UNKNOWN_REGISTRATION, OUT_OF_STEP, MATERIALS_MISSING, CONFLICTING_REPLAY."""
    wish = Wish(
        change_id=MessageId(key or new_id()),
        change=change,
        materials=tuple(paper.as_material() for paper in body.materials),
        reason=body.reason,
        by=clerk.subject,
    )
    id_ = RegistrationId(registration_id)
    entry, said = changes.ask(at.area, opened.tx, id_, wish, opened.now)
    opened.say(said)
    return ChangeView(
        change_id=wish.change_id, registration_id=id_, change=change, asked_at=entry.at
    )
