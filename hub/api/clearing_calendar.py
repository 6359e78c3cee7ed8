"""When clearing's steps are due, what the hub did by the calendar, and what came too late."""

from datetime import date, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, StringConstraints

from contracts.access import Principal
from contracts.codes import AreaCode
from contracts.message import Frozen
from contracts.messages.values import Area
from hub.api.asking import Proposed, RequestKey, asked
from hub.api.clearing_preview import Name
from hub.api.deps import Day, Now, Reading, Transaction, who_may
from hub.domain.cycle import Cycle, due_dates, span_of
from hub.domain.pair_day import PairDay
from hub.services import admitting, dated, preview
from hub.services.asking import once

router = APIRouter(prefix="/clearing", tags=["清算 clearing"])
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$"),
]


class DueView(BaseModel):
    """`is_provisional`: counted across a year whose holidays are not published yet."""

    step: str
    zh: str
    who: str
    on: date
    is_provisional: bool


class CalendarView(BaseModel):
    cycle: str
    first_day: date
    last_day: date
    netting: str
    late_from: date
    source: str
    due: list[DueView]


class WorkView(BaseModel):
    """Dated work of the hub: done once, or waiting for what `why` says."""

    job: str
    due_on: date
    subject: str
    state: str
    tries: int
    tried_at: datetime
    done_at: datetime | None
    why: str


class Admitting(Frozen):
    """A pair day past its time that should still be cleared, and why."""

    business_date: Day
    insured_area: Area
    treatment_area: Area
    why: Why


@router.get("/calendar", name="show_clearing_calendar", summary="清算日历")
def show_calendar(
    _: Annotated[Principal, Depends(who_may("show_clearing_calendar"))],
    tx: Reading,
    now: Now,
    cycle: Name = None,
) -> CalendarView:
    """A cycle's dates. Refused: FIELD_INVALID when there is no such cycle."""
    return _calendar(preview.next_cycle(tx, now) if cycle is None else preview.named(cycle))


@router.get("/work", name="list_dated_work", summary="到期事项")
def list_work(
    _: Annotated[Principal, Depends(who_may("list_dated_work"))],
    tx: Reading,
    count_max: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> list[WorkView]:
    """What the hub did by the calendar, and what still waits; the newest dates first."""
    return [
        WorkView(
            job=one.job,
            due_on=one.occasion.due_on,
            subject=one.occasion.subject,
            state=one.state.value,
            tries=one.tries,
            tried_at=one.tried_at,
            done_at=one.done_at,
            why=one.why,
        )
        for one in dated.latest(tx, count_max)
    ]


@router.post("/admissions", name="propose_admission", summary="申请补报逾期结算日结对")
def admit(
    principal: Annotated[Principal, Depends(who_may("propose_admission"))],
    body: Admitting,
    writing: Transaction,
    key: RequestKey = None,
) -> Proposed:
    """Put a pair day past its time before a second person; approved, the next run takes it.

    Refused: OUT_OF_STEP when it is not past its time or another proposal about it is open.
    """
    day = PairDay(body.business_date, AreaCode(body.insured_area), AreaCode(body.treatment_area))
    tx, now = writing.tx, writing.now
    propose = partial(admitting.propose, tx, day, body.why, principal, now)
    request = asked(key, "propose_admission", body)
    return Proposed.of(once(tx, request, propose, by=principal, now=now))


def _calendar(cycle: Cycle) -> CalendarView:
    return CalendarView(
        cycle=cycle.name,
        first_day=cycle.first,
        last_day=cycle.last,
        netting=cycle.terms.netting.value,
        late_from=span_of(cycle).oldest,
        source=cycle.terms.source,
        due=[
            DueView(
                step=one.step.value,
                zh=one.zh,
                who=one.who,
                on=one.on,
                is_provisional=one.is_provisional,
            )
            for one in due_dates(cycle).values()
        ],
    )
