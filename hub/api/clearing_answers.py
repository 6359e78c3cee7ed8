"""The lines of an issued run with what both areas say about them, and the areas' word itself."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.message import Frozen
from contracts.messages.clearing import ClearingLine
from hub.api.deps import Reading, Transaction, who_may
from hub.api.fields import AnArea
from hub.api.who_may import concerns
from hub.domain.answers import Answer, AnswerKey, GivenAnswer, Verdict, key_of
from hub.domain.clearing import STATE_ZH, RunState, area_in
from hub.services import answers, clearing

router = APIRouter(prefix="/clearing-runs", tags=["清算 clearing"])

LINES_MAX = 2_000
AMOUNT_MAX_FEN = 10**15
SPEAKS_AS: dict[AccessRole, Role] = {
    AccessRole.INSURED_AGENCY: Role.INSURED,
    AccessRole.TREATMENT_AGENCY: Role.TREATMENT,
}
SignedFen = Annotated[int, Field(strict=True, ge=-AMOUNT_MAX_FEN, le=AMOUNT_MAX_FEN)]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


class AnswerView(BaseModel):
    """`carried_from`: the version whose same line it had confirmed; None: said to this one."""

    verdict: Verdict
    payable_fen: int
    reason: str
    at: datetime
    carried_from: int | None


class LineView(BaseModel):
    """A line, and the answer of each of its two areas; None: none yet."""

    line: ClearingLine
    insured: AnswerView | None
    treatment: AnswerView | None


class LinesView(BaseModel):
    """The caller's lines of a version; `total_fen` is their sum."""

    run_id: UUID
    version: int
    total_fen: int
    lines: list[LineView]


class AnswerGiven(Frozen):
    """One line. A confirmation names the line's amount; a contest what the area has, and why."""

    insured_area: AnArea
    treatment_area: AnArea
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    verdict: Verdict
    payable_fen: SignedFen
    reason: Why = ""


class AnswersGiven(Frozen):
    """What an area says about lines of a version; `total_fen` is their sum, as the area has it."""

    version: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    total_fen: SignedFen
    answers: Annotated[list[AnswerGiven], Field(min_length=1, max_length=LINES_MAX)]


class Taken(BaseModel):
    """Where the run stands with it."""

    run_id: UUID
    version: int
    state: RunState
    state_zh: str


@router.get("/{run_id}/lines", name="list_clearing_lines", summary="清算明细及各方答复")
def lines(
    principal: Annotated[Principal, Depends(who_may("list_clearing_lines"))],
    run_id: UUID,
    tx: Reading,
    version: Annotated[int | None, Query(ge=1, le=10_000, description="缺省为现行版本")] = None,
) -> LinesView:
    """An area sees its own lines, and only versions that were issued."""
    shown = clearing.shown_version(tx, run_id, version, issued_only=principal.area is not None)
    given = answers.standing(tx, run_id, shown)
    mine = [one for one in clearing.lines_of(tx, run_id, shown) if _is_party(principal, one)]
    return LinesView(
        run_id=run_id,
        version=shown,
        total_fen=sum(one.payable_fen for one in mine),
        lines=[_line(one, given) for one in mine],
    )


@router.post("/{run_id}/answers", name="answer_clearing_lines", summary="确认或提出异议")
def answer(
    principal: Annotated[Principal, Depends(who_may("answer_clearing_lines"))],
    run_id: UUID,
    body: AnswersGiven,
    writing: Transaction,
) -> Taken:
    """All of it is taken, or nothing; the same again gets the same answer."""
    assert principal.area is not None, "the table of rights lets only areas in"
    role = SPEAKS_AS[principal.role]
    found = answers.answer(
        writing.tx,
        run_id,
        [_answer(one, role) for one in body.answers],
        version=body.version,
        total_fen=body.total_fen,
        area=principal.area,
        by=principal.subject,
        now=writing.now,
    )
    return Taken(
        run_id=run_id, version=found.version, state=found.state, state_zh=STATE_ZH[found.state]
    )


def _answer(given: AnswerGiven, role: Role) -> Answer:
    pair = AreaCode(given.insured_area), AreaCode(given.treatment_area)
    line = (*pair, given.insurance_kind, given.visit_kind)
    return Answer(line, role, given.verdict, given.payable_fen, given.reason)


def _line(line: ClearingLine, given: dict[AnswerKey, GivenAnswer]) -> LineView:
    key = key_of(line)
    insured, treatment = (_view(given.get((key, role))) for role in Role)
    return LineView(line=line, insured=insured, treatment=treatment)


def _view(one: GivenAnswer | None) -> AnswerView | None:
    if one is None:
        return None
    said = one.answer
    return AnswerView(
        verdict=said.verdict,
        payable_fen=said.payable_fen,
        reason=said.reason,
        at=one.at,
        carried_from=one.carried_from,
    )


def _is_party(principal: Principal, line: ClearingLine) -> bool:
    return any(concerns(principal, role, area_in(line, role)) for role in Role)
