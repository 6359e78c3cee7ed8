"""The hub's promises, proved on its books while it runs."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.access import Principal
from hub.api.deps import Now, Reading, who_may
from hub.services import look_ups
from hub.services.verification import CHECKS, Check, verify

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


class ViolationView(BaseModel):
    """A row that broke a promise; `gone_at`: when the promise was seen to hold for it again."""

    violation_id: int
    check_name: str
    zh: str
    en: str
    row_key: str
    row: dict[str, Any]
    found_at: datetime
    gone_at: datetime | None


class RoundView(BaseModel):
    """How far the always-on check is with a promise; `ended_at`: its last look at every row."""

    check_name: str
    began_at: datetime
    looked_at: datetime
    ended_at: datetime | None


class Watch(BaseModel):
    """What the always-on check found, the newest first, and how far it is."""

    violations: list[ViolationView]
    rounds: list[RoundView]


@router.get("/violations", name="list_violations", summary="账目异常")
def violations(
    _: Annotated[Principal, Depends(who_may("list_violations"))],
    tx: Reading,
    gone_too: Annotated[bool, Query(description="含已消除的")] = False,
    count_max: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Watch:
    """What does not hold now; with `gone_too`, also what did not."""
    words = {check.name: check for check in CHECKS}
    found = look_ups.violations_found(tx, gone_too=gone_too, count_max=count_max)
    return Watch(
        violations=[_violation(one, words) for one in found],
        rounds=[RoundView.model_validate(one, from_attributes=True) for one in look_ups.rounds(tx)],
    )


def _violation(one: look_ups.Violation, words: dict[str, Check]) -> ViolationView:
    check = words.get(one.check_name)
    return ViolationView(
        violation_id=one.violation_id,
        check_name=one.check_name,
        zh=check.zh if check else one.check_name,
        en=check.en if check else one.check_name,
        row_key=one.row_key,
        row=one.row,
        found_at=one.found_at,
        gone_at=one.gone_at,
    )
