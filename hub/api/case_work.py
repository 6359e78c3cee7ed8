"""What the parties of a case do with it over HTTP; the hub's operators decide what is contested."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from contracts.access import Principal
from contracts.sealing import Sealer
from hub.api.case_shapes import AnswerWanted, DecisionWanted, FileWanted, SayingWanted, items_of
from hub.api.case_views import (
    AttachmentView,
    CaseView,
    MessageView,
    attachment_view,
    message_view,
    view,
)
from hub.api.cases import Keys
from hub.api.deps import Transaction, who_may
from hub.api.registrations import IdempotencyKey
from hub.domain.cases import Case
from hub.services import case_answers, case_decisions, case_look_ups, case_threads, cases
from hub.services.case_answers import Answer
from hub.services.case_decisions import Judgement
from hub.services.case_threads import Said, Upload

router = APIRouter(prefix="/cases/{case_id}", tags=["协同事项 cases"])


@router.post("/take", name="take_case", summary="认领")
def take(
    principal: Annotated[Principal, Depends(who_may("take_case"))],
    case_id: UUID,
    keys: Keys,
    writing: Transaction,
) -> CaseView:
    """The first responder owns the matter from then on."""
    case = cases.take(writing.tx, case_id, principal, writing.now)
    return _shown(writing.tx, case, keys, writing.now)


@router.post("/messages", status_code=201, name="say_in_case", summary="留言")
def say(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("say_in_case"))],
    case_id: UUID,
    body: SayingWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> MessageView:
    """The key is the message's id. A treatment area may speak for the hospital."""
    case = cases.locked(writing.tx, case_id, principal)
    said = _said(key, body)
    entry = case_threads.say(writing.tx, case, said, principal, keys=keys, now=writing.now)
    return message_view(entry)


@router.post("/attachments", status_code=201, name="attach_to_case", summary="上传附件")
def attach(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("attach_to_case"))],
    case_id: UUID,
    body: FileWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> AttachmentView:
    """The key is the attachment's id. What could run something when opened is not taken."""
    case = cases.locked(writing.tx, case_id, principal)
    upload = Upload(key, body.name, body.content())
    one = case_threads.attach(writing.tx, case, upload, principal, keys=keys, now=writing.now)
    return attachment_view(one)


@router.post("/extension", name="extend_case", summary="延期一次")
def extend(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("extend_case"))],
    case_id: UUID,
    body: SayingWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> CaseView:
    """Once, by the owner's party, in time, with a reason; the key is the reason's id."""
    said = _said(key, body)
    case = cases.extend(writing.tx, case_id, said, principal, keys=keys, now=writing.now)
    return _shown(writing.tx, case, keys, writing.now)


@router.post("/withdrawal", name="withdraw_case", summary="撤回")
def withdraw(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("withdraw_case"))],
    case_id: UUID,
    body: SayingWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> CaseView:
    """By who opened it, before it was answered, with a reason; the key is the reason's id."""
    said = _said(key, body)
    case = cases.withdraw(writing.tx, case_id, said, principal, keys=keys, now=writing.now)
    return _shown(writing.tx, case, keys, writing.now)


@router.post("/answer", name="answer_case", summary="答复")
def answer(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("answer_case"))],
    case_id: UUID,
    body: AnswerWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> CaseView:
    """By the owner's party, in time; what follows is decided by the table within a second."""
    given = Answer(body.reply, _said(key, body), items_of(body.items), body.penalty_fen)
    case = case_answers.answer(writing.tx, case_id, given, principal, keys=keys, now=writing.now)
    return _shown(writing.tx, case, keys, writing.now)


@router.post("/decision", name="decide_case", summary="人工裁定")
def decide(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("decide_case"))],
    case_id: UUID,
    body: DecisionWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> CaseView:
    """Of a case under review. With money it waits for the second person (see proposals)."""
    given = Judgement(body.outcome, _said(key, body), items_of(body.items), body.penalty_fen)
    case = case_decisions.decide(writing.tx, case_id, given, principal, keys=keys, now=writing.now)
    return _shown(writing.tx, case, keys, writing.now)


def _said(key: UUID, body: SayingWanted) -> Said:
    return Said(key, body.text, body.institution)


def _shown(tx: Connection, case: Case, keys: Sealer, now: datetime) -> CaseView:
    return view(case, case_look_ups.openings(tx, [case], keys).get(case.case_id), now)
