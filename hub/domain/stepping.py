"""What each step changes of a registration, besides its state."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from contracts.messages.registration import Material
from contracts.refusal import RefusalCode
from hub.domain.materials import joined
from hub.domain.registration import Gap, Registration, RegistrationEvent

DAY = timedelta(days=1)


def decided(
    one: Registration, refusal: RefusalCode | None, at: datetime, by: str, reason: str | None = None
) -> Registration:
    """Accepted, or rejected with a code."""
    event = RegistrationEvent.ACCEPT if refusal is None else RegistrationEvent.REJECT
    return one.after(event, decided_at=at, decided_by=by, refusal=refusal, reason=reason)


def supplemented(one: Registration, materials: Sequence[Material], _day: date) -> Registration:
    return one.after(RegistrationEvent.SUPPLEMENT, materials=joined(one.materials, materials))


def suspended(one: Registration, _materials: Sequence[Material], day: date) -> Registration:
    """Whoever is admitted from today on is not settled."""
    return one.after(RegistrationEvent.SUSPEND, gaps=(*one.gaps, Gap(day)))


def resumed(one: Registration, _materials: Sequence[Material], day: date) -> Registration:
    """Whoever is admitted from today on is settled again; the days between stay uncovered."""
    last = one.gaps[-1]
    closed = (Gap(last.begins_on, day),) if last.begins_on < day else ()
    return one.after(RegistrationEvent.RESUME, gaps=(*one.gaps[:-1], *closed))


def cancelled(one: Registration, _materials: Sequence[Material], day: date) -> Registration:
    """It counts up to the day before, so that another may begin on the day itself.

    Whoever was admitted by then is settled, also after the cancellation: admission decides.
    """
    last = ended_before(one, day) if one.is_in_force() else None
    return one.after(RegistrationEvent.CANCEL, ended_on=last)


def expired(one: Registration) -> Registration:
    """Nothing changes for anybody: its days say already when it counts."""
    assert one.ends_on is not None, "without an end it never expires"
    return one.after(RegistrationEvent.EXPIRE, ended_on=one.ends_on)


def superseded(one: Registration, by: Registration) -> Registration:
    """Each day belongs to one version: the old one's last is the day before the new one's first."""
    return one.after(RegistrationEvent.SUPERSEDE, ended_on=ended_before(one, by.begins_on))


def ended_before(one: Registration, day: date) -> date:
    """The last day of one that ends before `day`; before its first day when it never counted."""
    return day - DAY if one.ends_on is None else min(day - DAY, one.ends_on)
