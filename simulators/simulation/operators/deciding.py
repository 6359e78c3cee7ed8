"""Proposals of every kind that wait: another's is approved or declined, one's own is taken back."""

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.delivery.outbox import Writing
from contracts.refusal import RefusalCode
from hub.domain.second_person import Proposal, ProposalKind, ProposalState
from hub.services import second_person
from simulators.simulation.databases import SEALER
from simulators.simulation.operators.words import WHY, Person, Word

KINDS = (
    ProposalKind.ADJUSTMENT,
    ProposalKind.REPAIR,
    ProposalKind.UNDO_REPAIR,
    ProposalKind.CONFIRMATION_OVERRIDE,
    ProposalKind.PAYMENT_WITHDRAWAL,
)
APPROVES_PERCENT, OVERREACHES_PERCENT = 70, 60
SEEN_MAX = 20
ANSWERS = frozenset(
    {
        RefusalCode.SECOND_PERSON_NEEDED,  # it is his own
        RefusalCode.DECIDED_BY_ANOTHER,
        RefusalCode.OUT_OF_STEP,  # what it is about has moved on
        RefusalCode.BREAK_RESOLVED,
        RefusalCode.REPAIR_NOT_FITTING,
        RefusalCode.MONTH_CLEARED_ALREADY,  # a repair of a day that a run has taken stays
    }
)


def room(tx: Connection, one: Person) -> Sequence[Word]:
    """One of each kind that waits, of the oldest."""
    return [_word(one, one.random.choice(waiting)) for waiting in _by_kind(tx)]


def _by_kind(tx: Connection) -> Iterator[Sequence[Proposal]]:
    for kind in KINDS:
        found = second_person.listed(tx, [ProposalState.OPEN], [kind], after=None, count=SEEN_MAX)
        if found:
            yield found


def _word(one: Person, about: Proposal) -> Word:
    """Mostly the right thing; at times his own proposal, which he may not agree to."""
    is_own = about.proposed_by == one.who.subject
    named = f"{about.kind.value} {about.subject}"
    if is_own and not one.by_chance(OVERREACHES_PERCENT):
        return Word("withdrawn", named, partial(_withdraw, about, one.who), ANSWERS)
    approves = is_own or one.by_chance(APPROVES_PERCENT)
    said = partial(_decide, about, one.who, approves)
    return Word("approved" if approves else "declined", named, said, ANSWERS)


def _decide(about: Proposal, by: Principal, approve: bool, writing: Writing) -> None:
    _, said = second_person.decide(
        writing.tx,
        about.proposal_id,
        approve=approve,
        why=WHY,
        by=by,
        now=writing.now,
        keys=SEALER,
    )
    writing.say(said)


def _withdraw(about: Proposal, by: Principal, writing: Writing) -> None:
    second_person.withdraw(writing.tx, about.proposal_id, why=WHY, by=by, now=writing.now)
