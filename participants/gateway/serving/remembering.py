"""Message ids and the replies that they got: the same again gets the same, word for word."""

import json
from collections.abc import Sequence
from dataclasses import replace

from contracts.refusal import RefusalCode
from participants.gateway.serving.door import Door
from participants.gateway.serving.requests import Awaiting, Request, Step, Work
from participants.gateway.wire.envelope import Reply, refusal, reply_of, stored_text
from participants.treatment.domain.attempt import Attempt, Claim, ClaimKind, MessageKey
from participants.treatment.services import attempts

REFUSED_CLAIMS = {
    ClaimKind.CLASH: RefusalCode.CONFLICTING_REPLAY,
    ClaimKind.WITHDRAWN: RefusalCode.WITHDRAWN_BEFORE,
}
NOT_FINAL = frozenset({RefusalCode.ROUTE_DOWN, RefusalCode.NOT_SIGNED_IN, RefusalCode.TOO_BUSY})
"""Said of the moment and not of the message: the same again is tried again."""


def claimed(work: Work, requests: Sequence[Request]) -> list[Claim | None]:
    """What each message id is to us; None where it is not remembered, or from nobody we know."""
    known = [
        request.transaction.effect.is_remembered
        and request.envelope.institution_code in work.institutions
        for request in requests
    ]
    wishes = [
        _attempt(request, work.door.person_key)
        for request, is_known in zip(requests, known, strict=True)
        if is_known
    ]
    claims = iter(attempts.claim(work.writing.tx, wishes, work.now) if wishes else [])
    return [next(claims) if is_known else None for is_known in known]


def known_step(work: Work, request: Request, claim: Claim) -> Step | None:
    """The stored reply, or what it waits for; None when its twin in this batch knows better."""
    if claim.kind in REFUSED_CLAIMS:
        return refusal(REFUSED_CLAIMS[claim.kind])
    if claim.reply_json is not None:
        return _opened(claim.reply_json, work.door)
    if claim.subject_id is not None:
        return Awaiting(request.transaction.subject, claim.subject_id, work.now)
    return None


def kept(
    work: Work, requests: Sequence[Request], steps: Sequence[Step], ours: Sequence[bool]
) -> list[Step]:
    """Store the final replies, sealed: they hold names and numbers of persons. The steps to give.

    Where a reply is stored already, that one is given: twins that waited for the same answer are
    told the same, though one of them looked later. Where the reply is of the moment only, the
    message id is free again.
    """
    said = [
        (request, step)
        for request, step, is_ours in zip(requests, steps, ours, strict=True)
        if is_ours and isinstance(step, Reply) and request.transaction.effect.is_remembered
    ]
    final: dict[MessageKey, Reply] = {}
    for request, reply in said:
        if reply.code not in NOT_FINAL:
            reference = reply.reference or request.reference
            final.setdefault(request.key, replace(reply, reference=reference))
    sealed = [(key, _sealed(reply, work.door)) for key, reply in final.items()]
    older = attempts.answered(work.writing.tx, sealed) if sealed else {}
    final |= {key: _opened(text, work.door) for key, text in older.items()}
    attempts.forget(
        work.writing.tx, [request.key for request, reply in said if reply.code in NOT_FINAL]
    )
    return [
        final.get(request.key, step) if is_ours and _is_kept(request, step) else step
        for request, step, is_ours in zip(requests, steps, ours, strict=True)
    ]


def _is_kept(request: Request, step: Step) -> bool:
    return isinstance(step, Reply) and request.transaction.effect.is_remembered


def _attempt(request: Request, key: bytes) -> Attempt:
    envelope = request.envelope
    return Attempt(envelope.msgid, envelope.institution_code, envelope.infno, request.digest(key))


def _sealed(reply: Reply, door: Door) -> str:
    return json.dumps({"sealed": door.sealer.seal(stored_text(reply))})


def _opened(reply_json: str, door: Door) -> Reply:
    return reply_of(door.sealer.open(json.loads(reply_json)["sealed"]))
