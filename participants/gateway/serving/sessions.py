"""Who must be signed in, and is not: where a profile asks for the sign_no of 9001."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.refusal import RefusalCode
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.wire.envelope import refusal
from participants.treatment.services import sessions

SIGN_IN = "9001"


def unsessioned(work: Work, requests: Sequence[Request]) -> dict[int, Step]:
    """NOT_SIGNED_IN for each that needs a session and has none, by its position."""
    asked: dict[str, set[str]] = defaultdict(set)
    for request in requests:
        if request.needs_session:
            asked[request.envelope.institution_code].add(request.envelope.sign_no)
    valid = {
        code: sessions.valid(work.writing.tx, code, sign_nos - {""}, work.now)
        for code, sign_nos in asked.items()
    }
    return {
        n: refusal(RefusalCode.NOT_SIGNED_IN, "交易签到流水号(sign_no)")
        for n, request in enumerate(requests)
        if request.needs_session
        and request.envelope.sign_no not in valid[request.envelope.institution_code]
    }
