"""9001 签到 and 9002 签退: an operator's session."""

from collections.abc import Sequence
from functools import partial

from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.settlement_block import moment
from participants.gateway.wire.envelope import Reply
from participants.treatment.domain.session import Session, SignIn, SignOut
from participants.treatment.services import sessions


def sign_in(work: Work, requests: Sequence[Request]) -> list[Step]:
    """9001: a session number, good until it is signed out or its time is over."""

    def run(wishes: list[SignIn]) -> list[Session]:
        return sessions.sign_in(work.writing.tx, wishes, work.now, work.door.keeping)

    return batched(requests, _sign_in_wish, run, _signed_in)


def sign_out(work: Work, requests: Sequence[Request]) -> list[Step]:
    """9002: the end of a session; of one that is over, when that was."""
    run = partial(sessions.sign_out, work.writing.tx, now=work.now)
    return batched(requests, _sign_out_wish, run, _signed_out)


def _sign_in_wish(request: Request) -> SignIn:
    row = request.row
    return SignIn(
        institution=request.envelope.institution_code,
        operator_no=row.text("opter_no"),
        mac=row.text("mac"),
        ip=row.text("ip"),
    )


def _sign_out_wish(request: Request) -> SignOut:
    return SignOut(
        institution=request.envelope.institution_code,
        operator_no=request.row.text("opter_no"),
        sign_no=request.row.text("sign_no"),
    )


def _signed_in(_request: Request, _wish: SignIn, session: Session) -> Step:
    told = {"sign_time": moment(session.signed_in_at), "sign_no": session.sign_no}
    return Reply(output={"signinoutb": told})


def _signed_out(_request: Request, _wish: SignOut, session: Session) -> Step:
    assert session.ended_at is not None, "it has just ended"
    return Reply(output={"sign_time": {"sign_time": moment(session.ended_at)}})
