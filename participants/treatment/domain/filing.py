"""Registrations 备案 that hospitals of this area file and cancel: what is asked, and how it ends."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.codes import AreaCode
from contracts.ids import MessageId, PersonId, RegistrationId
from contracts.messages.registration import RegistrationStanding, Wanted
from contracts.refusal import RefusalCode
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.results import Refusal


class FilingState(StrEnum):
    """Where a registration stands as far as we know: the hub's word, or that none came yet."""

    SENT = "sent"  # filed; the hub has not spoken yet
    SUBMITTED = "submitted"  # the insured area has still to decide
    ACTIVE = "active"  # in force between its dates
    REJECTED = "rejected"  # a rule or the insured area said no
    SUSPENDED = "suspended"  # not in force until it is resumed
    SUPERSEDED = "superseded"  # its next version is in force
    CANCELLED = "cancelled"  # taken back
    EXPIRED = "expired"  # its last day is over


def _assert_states_agree() -> None:
    told = {state.value for state in RegistrationStanding}
    assert {state.value for state in FilingState} == told | {FilingState.SENT.value}


_assert_states_agree()

OVER = frozenset(
    {FilingState.REJECTED, FilingState.SUPERSEDED, FilingState.CANCELLED, FilingState.EXPIRED}
)
"""Nothing is left to cancel."""


@dataclass(frozen=True, slots=True)
class NewFiling:
    """A hospital files a registration, 2501, 2503 or 2505. `by`: as people read it."""

    msgid: str
    hospital_code: str
    infno: str
    wanted: Wanted
    by: str

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


@dataclass(frozen=True, slots=True)
class NewCancellation:
    """A hospital takes back what it filed by the transaction `filed_by` (2501, 2503 or 2505)."""

    msgid: str
    hospital_code: str
    filed_by: str
    registration_id: RegistrationId
    person_id: PersonId
    reason: str
    by: str

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


@dataclass(frozen=True, slots=True)
class Filed:
    """The hub has been asked; the hospital hears more by `answer_by`."""

    registration_id: RegistrationId
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class CancellationAsked:
    """The hub has been asked to cancel; `cancellation_id` is what is waited for."""

    cancellation_id: MessageId
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class AlreadyCancelled:
    """Nothing is left to do: it was cancelled before."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A registration filed here, as stored. `code` and `detail` say why it was rejected."""

    registration_id: RegistrationId
    hospital_code: str
    infno: str
    person_id: PersonId
    wanted: Wanted
    state: FilingState
    code: RefusalCode | None
    detail: str
    answer_by: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A wish to cancel, as stored. `is_done` and a code are never together."""

    cancellation_id: MessageId
    registration_id: RegistrationId
    is_done: bool
    code: RefusalCode | None
    detail: str
    answer_by: datetime

    @property
    def is_pending(self) -> bool:
        return not self.is_done and self.code is None


def filing_refusal(area: AreaCode | None, *, is_registered: bool) -> Refusal | None:
    """Why the hub is not even asked; `area` is that of the insured division."""
    checks = (
        (not is_registered, RefusalCode.UNKNOWN_INSTITUTION),
        (area is None, RefusalCode.UNKNOWN_AREA),
    )
    return next((Refusal(code) for refuses, code in checks if refuses), None)


def cancellation_outcome(
    one: NewCancellation, filing: Filing | None
) -> AlreadyCancelled | Refusal | None:
    """What a wish comes to without the hub; None when the hub must be asked.

    A hospital cancels only what it filed itself, by the transaction that belongs to it.
    """
    if filing is None or not _is_theirs(one, filing):
        return Refusal(RefusalCode.UNKNOWN_REGISTRATION)
    if filing.state is FilingState.CANCELLED:
        return AlreadyCancelled()
    return Refusal(RefusalCode.OUT_OF_STEP) if filing.state in OVER else None


def _is_theirs(one: NewCancellation, filing: Filing) -> bool:
    return (one.hospital_code, one.person_id, one.filed_by) == (
        filing.hospital_code,
        filing.person_id,
        filing.infno,
    )
