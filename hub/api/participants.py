"""Which areas are connected, and in which roles."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.access import Principal
from hub.api.deps import Reading, who_may
from hub.services import look_ups

router = APIRouter(prefix="/participants", tags=["参与方 participant"])


class ParticipantView(BaseModel):
    area: str
    name: str
    insured_connected: bool
    treatment_connected: bool


@router.get("", name="list_participants", summary="已接入地区")
def everyone(
    _: Annotated[Principal, Depends(who_may("list_participants"))], tx: Reading
) -> list[ParticipantView]:
    """In the order of the codes."""
    return [
        ParticipantView(
            area=one.area,
            name=one.name,
            insured_connected=one.insured_connected,
            treatment_connected=one.treatment_connected,
        )
        for one in look_ups.everyone(tx)
    ]
