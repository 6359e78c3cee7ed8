"""Questions about a person: 5206, 5301, 5302, 5304 and 90100, asked of whoever knows."""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from contracts.clock import shanghai_date_of
from contracts.codes import DivisionCode
from contracts.ids import PersonId
from contracts.messages.enquiry import OF_REGISTRATIONS, PersonCard, PersonTold, Question
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Awaiting, Facts, Request, Step, Subject, Work
from participants.gateway.transactions import on_record, paid_and_used
from participants.gateway.wire.envelope import Reply, refusal
from participants.treatment.domain.question import NewQuestion, StoredQuestion
from participants.treatment.domain.results import Refusal
from participants.treatment.services import enquiries, questions

PERSON_LENGTH = 29
YEAR_LENGTH = 4
_MONTH = re.compile(r"(20\d{2})(0[1-9]|1[0-2])", re.ASCII)
Span = tuple[date | None, date | None]
_Reply = Callable[[Work, Request, Facts, PersonTold], Reply]


@dataclass(frozen=True, slots=True)
class Asking:
    """What a transaction asks, about which days, and how the answer is told."""

    question: Question
    span: Callable[[Request, date], Span]
    reply: _Reply


def ask(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Ask the hub each of these questions."""
    persons = {PersonId(one.row.text("psn_no")) for one in requests}
    cards = enquiries.cards(work.writing.tx, persons)
    read = enquiries.read_by(work.writing.tx, map(_who_whom, requests))

    def run(wishes: list[NewQuestion]) -> list[StoredQuestion | Refusal]:
        results, outgoing = questions.ask(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        return results

    def step_of(_request: Request, _wish: NewQuestion, result: StoredQuestion) -> Step:
        return Awaiting(Subject.QUESTION, result.enquiry_id, result.answer_by)

    return batched(requests, partial(_wish, work, cards, read), run, step_of)


def told(work: Work, request: Request, facts: Facts, enquiry_id: UUID) -> Reply | None:
    """The answer, once there is one."""
    answer = facts.questions[enquiry_id].answer
    if answer is None:
        return None
    if answer.code is not None:
        return refusal(answer.code)
    return ASKINGS[request.envelope.infno].reply(work, request, facts, answer)


def unanswered(_work: Work, _request: Request, _facts: Facts, _id: UUID) -> Reply:
    """Nobody spoke in time; nothing was changed, so it may simply be asked again."""
    return refusal(RefusalCode.AREA_UNAVAILABLE)


def _who_whom(request: Request) -> tuple[str, PersonId]:
    return request.envelope.institution_code, PersonId(request.row.text("psn_no"))


def _wish(
    work: Work,
    cards: Mapping[PersonId, PersonCard],
    read: AbstractSet[tuple[str, PersonId]],
    request: Request,
) -> NewQuestion:
    who, person_id = _who_whom(request)
    card, asking = cards.get(person_id), ASKINGS[request.envelope.infno]
    is_known = asking.question is not Question.REFERRALS or (who, person_id) in read
    if len(person_id) != PERSON_LENGTH or not is_known:
        # 5304 tells names and numbers: only to the hospital that has read the person's card.
        raise Refused(RefusalCode.FIELD_INVALID, "人员编号(psn_no)，请先用1101读取人员信息")
    begins_on, ends_on = asking.span(request, shanghai_date_of(work.now))
    return NewQuestion(
        hospital_code=request.envelope.institution_code,
        question=asking.question,
        person_id=person_id,
        insured_division=_division(request, asking.question, card),
        begins_on=begins_on,
        ends_on=ends_on,
    )


def _division(request: Request, question: Question, card: PersonCard | None) -> DivisionCode | None:
    """Whom to ask: as the message says, else as the person's last card does."""
    if question in OF_REGISTRATIONS:
        return None
    if request.said_division() or card is None or not card.insurances:
        return request.insured_division()
    return DivisionCode(card.insurances[0].division)


def _any_day(_request: Request, _today: date) -> Span:
    return None, None


def _from_today(_request: Request, today: date) -> Span:
    return today, None


def _between(request: Request, _today: date) -> Span:
    begins_on, ends_on = request.row.day("begntime"), request.row.day("endtime")
    if begins_on and ends_on and ends_on < begins_on:
        raise Refused(RefusalCode.DATES_IMPOSSIBLE, "结束时间(endtime)早于开始时间(begntime)")
    return begins_on, ends_on


def _until_month(request: Request, today: date) -> Span:
    """Up to the end of cum_ym, a month or a year; up to now without one, or while it lasts."""
    text = request.row.text("cum_ym")
    if not text:
        return None, None
    first = _first_of(text if len(text) != YEAR_LENGTH else f"{text}12")
    if first is None or text > f"{today:%Y%m}"[: len(text)]:
        raise Refused(RefusalCode.FIELD_INVALID, "累计年月(cum_ym)应为yyyyMM，且不晚于本月")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return None, None if last >= today else last


def _first_of(month: str) -> date | None:
    """The first day of 'YYYYMM'; None for what is no month since 2000."""
    match = _MONTH.fullmatch(month)
    return date(int(match.group(1)), int(match.group(2)), 1) if match else None


# fmt: off
ASKINGS: Mapping[str, Asking] = {
    "5206":  Asking(Question.ACCUMULATORS,  _until_month, paid_and_used.cuminfo),
    "5301":  Asking(Question.CHRONIC,       _from_today,  on_record.feedetail),
    "5302":  Asking(Question.DESIGNATIONS,  _from_today,  on_record.psnfixmedin),
    "5304":  Asking(Question.REFERRALS,     _between,     on_record.refmedin),
    "90100": Asking(Question.CONTRIBUTIONS, _any_day,     paid_and_used.contributions),
}
# fmt: on
"""Every transaction of this family."""
