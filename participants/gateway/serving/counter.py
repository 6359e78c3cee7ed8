"""Serves one batch in one transaction: claim, act, look, keep the replies. No waiting here."""

import logging
import traceback
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from contracts.delivery.passing import is_passing
from contracts.refusal import RefusalCode
from participants.gateway.locking import UNDOING, lock_settlements, lock_visits
from participants.gateway.serving.door import Door
from participants.gateway.serving.loading import facts_about
from participants.gateway.serving.remembering import REFUSED_CLAIMS, claimed, kept, known_step
from participants.gateway.serving.requests import Awaiting, Facts, Request, Step, Work
from participants.gateway.serving.sessions import unsessioned
from participants.gateway.wire.envelope import refusal
from participants.treatment.domain.attempt import Claim, ClaimKind
from participants.treatment.store import institutions

log = logging.getLogger(__name__)

TRIES_MAX = 2


@dataclass(frozen=True, slots=True)
class Look:
    """A request that waits, looked at again because its answer may have come, or time is up."""

    request: Request
    awaiting: Awaiting
    is_last: bool = False


def serve(door: Door, requests: Sequence[Request], looks: Sequence[Look]) -> list[Step]:
    """One step for each request, then one for each look; an Awaiting again is 'not yet'.

    One transaction for all. When it fails for a reason of ours, each is tried alone, so that one
    bad request harms no other; when the database is away, all are told of a fault.
    """
    try:
        return _patiently(door, requests, looks)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
        if is_passing(error):
            log.warning("the database is away: %s", type(error).__name__)
            return _all_told(requests, looks)
        # Where it failed, never the error's text: that may quote the content.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("a batch failed; one by one: %s\n%s", type(error).__name__, where)  # noqa: TRY400
    return [
        *(_alone(door, [request], []) for request in requests),
        *(_alone(door, [], [look]) for look in looks),
    ]


def _patiently(door: Door, requests: Sequence[Request], looks: Sequence[Look]) -> list[Step]:
    """A deadlock or a dropped connection passes: a second try, no more, a hospital waits."""
    for attempt in range(1, TRIES_MAX + 1):
        try:
            return _together(door, requests, looks)
        except Exception as error:
            if not is_passing(error) or attempt == TRIES_MAX:
                raise
            log.warning("a batch is tried again: %s", type(error).__name__)
    raise AssertionError("the last try returns or raises")


def _alone(door: Door, requests: Sequence[Request], looks: Sequence[Look]) -> Step:
    try:
        return _patiently(door, requests, looks)[0]
    except Exception as error:  # noqa: BLE001 - whatever it is, the hospital gets an envelope
        log.error("one request failed: %s", type(error).__name__)  # noqa: TRY400 - no values
        return _all_told(requests, looks)[0]


def _all_told(requests: Sequence[Request], looks: Sequence[Look]) -> list[Step]:
    """Whoever waits goes on waiting; a new request may be sent again with the same msgid."""
    faults: list[Step] = [refusal(RefusalCode.INTERNAL_FAULT) for _ in requests]
    return [*faults, *(look.awaiting for look in looks)]


def _together(door: Door, requests: Sequence[Request], looks: Sequence[Look]) -> list[Step]:
    with door.outbox.transaction() as writing:
        everybody = [*requests, *(look.request for look in looks)]
        codes = {one.envelope.institution_code for one in everybody}
        work = Work(door, writing, institutions.of(writing.tx, codes))
        claims = claimed(work, requests)
        steps = [*_acted(work, requests, claims), *(_due(look.awaiting, work) for look in looks)]
        last = {len(requests) + n for n, look in enumerate(looks) if look.is_last}
        answered = _answered(work, list(zip(everybody, steps, strict=True)), last)
        ours = [claim is not None and claim.kind not in REFUSED_CLAIMS for claim in claims]
        return kept(work, everybody, answered, [*ours, *(True for _ in looks)])


def _acted(work: Work, requests: Sequence[Request], claims: Sequence[Claim | None]) -> list[Step]:
    """Old ids get what is known of them; what is new is handled, one batch a transaction."""
    steps = unsessioned(work, requests)
    fresh: dict[str, list[int]] = {}
    for n, (request, claim) in enumerate(zip(requests, claims, strict=True)):
        if n in steps:
            continue
        if request.envelope.institution_code not in work.institutions:
            code = request.envelope.institution_code
            steps[n] = refusal(RefusalCode.UNKNOWN_INSTITUTION, code)
        elif claim is None or claim.kind is ClaimKind.NEW:
            fresh.setdefault(request.transaction.infno, []).append(n)
        elif (step := known_step(work, request, claim)) is not None:
            steps[n] = step
    undoing = [infno for infno in UNDOING if infno in fresh]
    others = [infno for infno in fresh if infno not in UNDOING]
    lock_settlements(work, [requests[n] for infno in undoing for n in fresh[infno]])
    for infno in undoing:
        _act(work, requests, fresh[infno], steps)
    lock_visits(work, [requests[n] for infno in others for n in fresh[infno]])
    for infno in others:
        _act(work, requests, fresh[infno], steps)
    return [steps[n] if n in steps else _twin(requests, steps, n) for n in range(len(requests))]


def _act(
    work: Work, requests: Sequence[Request], positions: Sequence[int], steps: dict[int, Step]
) -> None:
    """One batch of one transaction; adds its steps."""
    act = requests[positions[0]].transaction.act
    found = act(work, [requests[n] for n in positions])
    steps.update(zip(positions, found, strict=True))


def _twin(requests: Sequence[Request], steps: dict[int, Step], n: int) -> Step:
    """The step of the request with the same message id and content, which came just before."""
    key = requests[n].key
    return next(steps[m] for m in range(n) if m in steps and requests[m].key == key)


def _due(awaiting: Awaiting, work: Work) -> Awaiting:
    """To be looked at in this transaction."""
    return replace(awaiting, answer_by=min(awaiting.answer_by, work.now))


def _answered(
    work: Work, pairs: Sequence[tuple[Request, Step]], last: AbstractSet[int]
) -> list[Step]:
    """Each step with the reply in its place, where it is due and there is an answer.

    `last`: the positions of those whose time is up.
    """
    due = [
        (request, step)
        for request, step in pairs
        if isinstance(step, Awaiting) and step.answer_by <= work.now
    ]
    if not due:
        return [step for _, step in pairs]
    facts = facts_about(work, {(s.subject, s.id) for _, s in due}, (r for r, _ in due))
    return [
        _looked(work, request, step, facts, is_last=n in last)
        if isinstance(step, Awaiting) and step.answer_by <= work.now
        else step
        for n, (request, step) in enumerate(pairs)
    ]


def _looked(
    work: Work, request: Request, awaiting: Awaiting, facts: Facts, *, is_last: bool
) -> Step:
    answer, at_limit = request.transaction.answer, request.transaction.at_limit
    assert answer is not None, "a transaction that waits says how it answers"
    reply = answer(work, request, facts, awaiting.id)
    if reply is None and is_last and at_limit is not None:
        reply = at_limit(work, request, facts, awaiting.id)
    if reply is None:
        return replace(awaiting, answer_by=facts.answer_by(awaiting.id))
    return replace(reply, warning=awaiting.warning or reply.warning)
