"""A wish to change a registration that stands: who may, when, and what speaks against it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts import topics
from contracts.codes import Role
from contracts.ids import MessageId, PersonId, RegistrationId
from contracts.messages.registration import MATERIALS_MAX, Change, Material
from contracts.refusal import RefusalCode
from hub.domain import stepping
from hub.domain.materials import joined
from hub.domain.registration import Registration, RegistrationEvent
from hub.domain.submission import is_locked_in

BY_THE_PERSON = "person"
"""Who files or changes its own, as `submitted_by` and `party` name it."""

Make = Callable[[Registration, Sequence[Material], date], Registration]
# What each wish is to the state table, and what it makes of a registration.
MADE: Mapping[Change, tuple[RegistrationEvent, Make]] = {
    Change.SUPPLEMENT: (RegistrationEvent.SUPPLEMENT, stepping.supplemented),
    Change.SUSPEND: (RegistrationEvent.SUSPEND, stepping.suspended),
    Change.RESUME: (RegistrationEvent.RESUME, stepping.resumed),
    Change.CANCEL: (RegistrationEvent.CANCEL, stepping.cancelled),
}
_BY_THE_INSURED_AREA_ONLY = frozenset({Change.SUSPEND, Change.RESUME})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted. `party`: the participant that asks ('insured.340000'), or 'person'."""

    change_id: MessageId
    registration_id: RegistrationId
    person_id: PersonId
    change: Change
    materials: tuple[Material, ...]
    reason: str
    by: str
    party: str


@dataclass(frozen=True, slots=True)
class Asked:
    """All that the rules may look at. `lock_in_months` of the insured area; `today` in China."""

    wish: Wish
    registration: Registration
    lock_in_months: int
    today: date

    def by_the_insured_area(self) -> bool:
        area = self.registration.insured_area
        return self.wish.party == topics.participant(Role.INSURED, area)


def is_party(wish: Wish, one: Registration) -> bool:
    """Whether it is any business of theirs. That a person is the right one is the edge's word."""
    insured = topics.participant(Role.INSURED, one.insured_area)
    return wish.party in {insured, one.submitted_by, BY_THE_PERSON}


def _not_allowed(c: Asked) -> bool:
    """The insured area may everything; who filed it, and the person, may cancel and supplement."""
    if c.by_the_insured_area():
        return False
    return not is_party(c.wish, c.registration) or c.wish.change in _BY_THE_INSURED_AREA_ONLY


def _nothing_supplemented(c: Asked) -> bool:
    return c.wish.change is Change.SUPPLEMENT and not c.wish.materials


def _too_much_supplemented(c: Asked) -> bool:
    return len(joined(c.registration.materials, c.wish.materials)) > MATERIALS_MAX


def _out_of_step(c: Asked) -> bool:
    return not c.registration.allows(MADE[c.wish.change][0])


def _locked_in(c: Asked) -> bool:
    """The lock-in binds the person and who files for it; the insured area laid it down."""
    return (
        c.wish.change is Change.CANCEL
        and not c.by_the_insured_area()
        and is_locked_in(c.registration, c.lock_in_months, c.today)
    )


# The order is the precedence, and a test pins it.
RULES: tuple[tuple[RefusalCode, Callable[[Asked], bool]], ...] = (
    (RefusalCode.NOT_ALLOWED, _not_allowed),
    (RefusalCode.OUT_OF_STEP, _out_of_step),
    (RefusalCode.FIELD_MISSING, _nothing_supplemented),
    (RefusalCode.FIELD_TOO_LONG, _too_much_supplemented),
    (RefusalCode.LOCKED_IN, _locked_in),
)


def refusal(change: Asked) -> RefusalCode | None:
    """The first rule that refuses."""
    return next((code for code, refuses in RULES if refuses(change)), None)
