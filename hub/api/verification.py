"""The hub's promises, proved on its books while it runs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.access import Principal
from hub.api.deps import Now, Reading, who_may
from hub.services.verification import CHECKS, verify

router = APIRouter(prefix="/verification", tags=["运行 operation"])


class FindingView(BaseModel):
    """A promise that does not hold, with up to a hundred rows that break it."""

    name: str
    zh: str
    en: str
    rows: list[dict[str, Any]]


class Verification(BaseModel):
    """`holds`: every check passed."""

    holds: bool
    checks: list[str]
    findings: list[FindingView]


@router.get("", name="verify", summary="核验账目")
def show(
    _: Annotated[Principal, Depends(who_may("verify"))], tx: Reading, now: Now
) -> Verification:
    """Recomputes every promise; on large books this takes a while."""
    found = [
        FindingView(name=one.name, zh=one.zh, en=one.en, rows=list(one.rows))
        for one in verify(tx, now)
    ]
    return Verification(holds=not found, checks=[check.name for check in CHECKS], findings=found)
