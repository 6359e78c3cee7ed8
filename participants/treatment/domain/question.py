"""A hospital's question about a person that another party must answer, and its answer."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.codes import AreaCode, DivisionCode, area_of
from contracts.ids import EnquiryId, PersonId
from contracts.messages.enquiry import OF_REGISTRATIONS, PersonTold, Question
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Refusal


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """What is asked, about which days; `insured_division` None where only the hub is asked."""

    hospital_code: str
    question: Question
    person_id: PersonId
    insured_division: DivisionCode | None = None
    begins_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class StoredQuestion:
    """`answer` is None until somebody has spoken; the hospital waits until `answer_by`."""

    enquiry_id: EnquiryId
    person_id: PersonId
    question: Question
    asked_at: datetime
    answer_by: datetime
    answer: PersonTold | None


def question_refusal(one: NewQuestion, area: AreaCode, *, is_registered: bool) -> Refusal | None:
    """Why nobody is even asked."""
    insured = area_of(one.insured_division or "")
    asks_home = one.question not in OF_REGISTRATIONS
    checks = (
        (not is_registered, RefusalCode.UNKNOWN_INSTITUTION),
        (asks_home and insured is None, RefusalCode.UNKNOWN_AREA),
        (asks_home and insured == area, RefusalCode.NOT_OUT_OF_AREA),
    )
    return next((Refusal(code) for refuses, code in checks if refuses), None)
