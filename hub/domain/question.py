"""What a hospital may see of a person's registrations: which kinds, and of which days."""

from collections.abc import Iterable
from datetime import date

from contracts.codes import LONG_TERM, MaterialKind, RegistrationCategory
from contracts.messages.enquiry import OnRecord, PersonAsked, Question
from hub.domain.registration import Registration

CATEGORIES: dict[Question, frozenset[RegistrationCategory]] = {
    Question.CHRONIC: frozenset({RegistrationCategory.CHRONIC_DISEASE}),
    Question.DESIGNATIONS: LONG_TERM
    | {RegistrationCategory.EMERGENCY, RegistrationCategory.OTHER_TEMPORARY},
    Question.REFERRALS: frozenset({RegistrationCategory.REFERRAL}),
}
"""Which registrations each question is about."""


def on_record(asked: PersonAsked, registrations: Iterable[Registration]) -> tuple[OnRecord, ...]:
    """Those that were accepted and count on some of the days asked about, the oldest first."""
    wanted = CATEGORIES[asked.question]
    found = [
        one
        for one in registrations
        if one.category in wanted and one.ever_counted() and _counts(asked, one)
    ]
    return tuple(map(_told, sorted(found, key=lambda one: (one.begins_on, one.registration_id))))


def _counts(asked: PersonAsked, one: Registration) -> bool:
    begins_on = max(one.begins_on, asked.begins_on or date.min)
    ends_on = min(one.last_day() or date.max, asked.ends_on or date.max)
    return begins_on <= ends_on


def _told(one: Registration) -> OnRecord:
    return OnRecord(
        registration_id=one.registration_id,
        insured_division=one.insured_division,
        insurance_kind=one.insurance_kind,
        category=one.category,
        place=one.place,
        disease_code=one.disease_code,
        begins_on=one.begins_on,
        ends_on=one.last_day(),
        channel=one.channel,
        submitted_at=one.submitted_at,
        has_letter=any(paper.kind is MaterialKind.REFERRAL_LETTER for paper in one.materials),
    )
