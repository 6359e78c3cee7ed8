"""The outpatient family: 2201 register to 2208 cancel."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.codes import VisitKind
from participants.gateway.serving.requests import Facts, Request, Step, Work
from participants.gateway.telling.identities import assert_undone
from participants.gateway.telling.settlement_block import extended
from participants.gateway.transactions import changing, concluding, settling, visiting
from participants.gateway.transactions.settling import kind_and_med_type
from participants.gateway.wire.envelope import Reply
from participants.treatment.domain.visit_life import VisitEvent

add_lines = visiting.add_lines
diagnose = changing.diagnose
unregister = changing.say(VisitEvent.UNREGISTER)
remove_lines = changing.remove("chrg_bchno")


def open_(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2201 门诊挂号."""
    return visiting.open_visits(
        work, requests, lambda one: kind_and_med_type(one, VisitKind.OUTPATIENT), _opened
    )


def try_out(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2206 门诊预结算."""
    return settling.try_out(work, requests, VisitKind.OUTPATIENT)


def settle(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2207 门诊结算."""
    return settling.settle(work, requests, VisitKind.OUTPATIENT)


def tried(work: Work, request: Request, facts: Facts, trial_id: UUID) -> Reply | None:
    return concluding.tried(work, request, facts, trial_id, VisitKind.OUTPATIENT)


def settled(work: Work, request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    return concluding.settled(work, request, facts, settlement_id)


def cancelled(work: Work, request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    """2208: negative amounts, and the cash under the interface's misspelt name as well."""
    reply = concluding.cancelled(work, request, facts, settlement_id)
    if reply is None or reply.output is None:
        return reply
    cash = reply.output["setlinfo"]["psn_cash_pay"]
    output = extended(reply.output, {"pdn_cash_pay": cash})
    assert_undone(output["setlinfo"])
    return Reply(output=output)


def _opened(request: Request, mdtrt_id: str) -> dict[str, Any]:
    row = request.row
    return {
        "data": {
            "mdtrt_id": mdtrt_id,
            "psn_no": row.text("psn_no"),
            "ipt_otp_no": row.text("ipt_otp_no"),
            "exp_content": "",
        }
    }
