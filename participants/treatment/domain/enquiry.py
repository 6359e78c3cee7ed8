"""A look-up of a person at the insured area 1101, through the hub."""

from dataclasses import dataclass
from datetime import datetime

from contracts.codes import DivisionCode
from contracts.ids import EnquiryId, PersonId
from contracts.messages.enquiry import PersonAnswered
from participants.treatment.domain.attempt import MessageKey


@dataclass(frozen=True, slots=True)
class Enquiry:
    """Who is this person, and how insured? Asked by a hospital of this area."""

    msgid: str
    hospital_code: str
    insured_division: DivisionCode
    person_id: PersonId

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


@dataclass(frozen=True, slots=True)
class Enquired:
    """The hub has been asked; the answer is certain by `answer_by`."""

    enquiry_id: EnquiryId
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class StoredEnquiry:
    """`answer` is None until the insured area has spoken. `hospital_code`: who asked, if noted."""

    enquiry_id: EnquiryId
    hospital_code: str | None
    person_id: PersonId
    insured_division: DivisionCode
    asked_at: datetime
    answer_by: datetime
    answer: PersonAnswered | None
