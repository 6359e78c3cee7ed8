"""What a clerk at the approval desk does: looks at the queue, decides one or many at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.ids import RegistrationId, id_of_effect
from contracts.message import Outgoing, originate
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from participants.insured.domain import history as steps
from participants.insured.domain.area import Area
from participants.insured.domain.history import Entry
from participants.insured.domain.review import Review, ReviewState
from participants.insured.services.identities import Masked, masked_of
from participants.insured.services.registrations import decision_of
from participants.insured.store import history, queue, reviews
from participants.insured.store.queue import Filter

PAGE_MAX = 200
DECIDED_AT_ONCE_MAX = 500
STEPS_SHOWN_MAX = 500
"""Of one registration; no desk and no hub makes more steps in a person's life."""

Shown = tuple[Review, Masked | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a clerk decides, and why; `by` is the clerk."""

    accepts: bool
    reason: str
    by: str

    def on(self, review: Review, now: datetime) -> Review:
        """Refused with DECIDED_ALREADY when it does not wait."""
        if self.accepts:
            return review.accepted(self.by, self.reason, now)
        return review.rejected(self.by, RefusalCode.REJECTED_BY_DESK, self.reason, now)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of many: decided, or why not; `review` None when there is none."""

    registration_id: RegistrationId
    review: Review | None
    code: RefusalCode | None


def page(
    tx: Connection,
    wanted: Filter,
    sealer: Sealer,
    *,
    after: RegistrationId | None,
    most: int,
    now: datetime,
) -> tuple[list[Shown], RegistrationId | None]:
    """Some reviews, what is due first comes first, and after which the next page begins.

    Refused: UNKNOWN_REGISTRATION when there is no `after`.
    """
    assert 0 < most <= PAGE_MAX, most
    if after is not None and after not in reviews.of(tx, [after]):
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    today = shanghai_date_of(now)
    found = queue.page(tx, wanted, today=today, after=after, most=most + 1)
    known = masked_of(tx, [one.person_id for one in found[:most]], sealer)
    next_after = found[most - 1].registration_id if len(found) > most else None
    return [(one, known.get(one.person_id)) for one in found[:most]], next_after


def one(tx: Connection, id_: RegistrationId, sealer: Sealer) -> tuple[Shown, list[Entry]]:
    """A registration, and its steps from the first on. Refused: UNKNOWN_REGISTRATION."""
    found = reviews.of(tx, [id_]).get(id_)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    person = masked_of(tx, [found.person_id], sealer).get(found.person_id)
    return (found, person), history.of(tx, id_, STEPS_SHOWN_MAX)


def decide(
    area: Area, tx: Connection, id_: RegistrationId, verdict: Verdict, now: datetime
) -> tuple[Review, list[Outgoing]]:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    (outcome,), said = decide_many(area, tx, [id_], verdict, now)
    if outcome.code is not None:
        raise Refused(outcome.code)
    assert outcome.review is not None, "decided without a review"
    return outcome.review, said


def decide_many(
    area: Area, tx: Connection, ids: Iterable[RegistrationId], verdict: Verdict, now: datetime
) -> tuple[list[Outcome], list[Outgoing]]:
    """Each decided on its own: one that cannot be does not keep the others from it.

    At most DECIDED_AT_ONCE_MAX; an outcome for each, in the order asked, once.
    """
    asked = list(dict.fromkeys(ids))
    assert len(asked) <= DECIDED_AT_ONCE_MAX, len(asked)
    known = reviews.lock(tx, asked)
    outcomes = [_outcome(id_, known.get(id_), verdict, now) for id_ in asked]
    decided = [one.review for one in outcomes if one.code is None and one.review is not None]
    reviews.move(tx, decided)
    history.add(tx, map(steps.decided, decided))
    return outcomes, [_said(area, one, now) for one in decided]


def decide_matching(
    area: Area, tx: Connection, wanted: Filter, verdict: Verdict, *, most: int, now: datetime
) -> tuple[list[Outcome], list[Outgoing], bool]:
    """As `decide_many`, for the first `most` that match; and whether more of them are left."""
    today = shanghai_date_of(now)
    found = queue.page(tx, wanted, today=today, after=None, most=most + 1)
    ids = [one.registration_id for one in found[:most]]
    outcomes, said = decide_many(area, tx, ids, verdict, now)
    return outcomes, said, len(found) > most


def _outcome(
    id_: RegistrationId, review: Review | None, verdict: Verdict, now: datetime
) -> Outcome:
    if review is None:
        return Outcome(id_, None, RefusalCode.UNKNOWN_REGISTRATION)
    if review.state is not ReviewState.WAITING:
        return Outcome(id_, review, RefusalCode.DECIDED_ALREADY)
    return Outcome(id_, verdict.on(review, now), None)


def _said(area: Area, one: Review, now: datetime) -> Outgoing:
    return originate(
        decision_of(one),
        message_id=id_of_effect(one.registration_id, "decided at the desk"),
        topic=topics.HUB_REGISTRATIONS,
        key=one.person_id,
        sender=area.name,
        at=now,
    )
