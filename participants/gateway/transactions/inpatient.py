"""The inpatient family: 2401 to 2405 the stay, 2301 to 2305 its lines and bills."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.codes import VisitKind
from participants.gateway.serving.requests import Facts, Request, Step, Work
from participants.gateway.telling.identities import assert_undone
from participants.gateway.telling.settlement_block import extended, without
from participants.gateway.transactions import changing, concluding, settling, visiting
from participants.gateway.transactions.settling import kind_and_med_type
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.jsontext import yuan
from participants.treatment.domain.visit_life import VisitEvent

add_lines = visiting.add_lines
remove_lines = changing.remove("feedetl_sn")
change = changing.change
discharge = changing.discharge
undo_admission = changing.say(VisitEvent.UNDO_ADMISSION)
undo_discharge = changing.say(VisitEvent.UNDO_DISCHARGE)
# What 2305 leaves out of the block SETL.
_NOT_IN_2305 = (
    "psn_name",
    "psn_cert_type",
    "certno",
    "gend",
    "naty",
    "brdy",
    "age",
    "clr_type",
    "clr_way",
)


def open_(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2401 入院办理."""
    return visiting.open_visits(
        work, requests, lambda one: kind_and_med_type(one, VisitKind.INPATIENT), _opened
    )


def try_out(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2303 住院预结算."""
    return settling.try_out(work, requests, VisitKind.INPATIENT)


def settle(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2304 住院结算."""
    return settling.settle(work, requests, VisitKind.INPATIENT)


def tried(work: Work, request: Request, facts: Facts, trial_id: UUID) -> Reply | None:
    return concluding.tried(work, request, facts, trial_id, VisitKind.INPATIENT)


def settled(work: Work, request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    return concluding.settled(work, request, facts, settlement_id)


def cancelled(work: Work, request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    """2305: negative amounts, no person block, and eight fields of its own."""
    reply = concluding.cancelled(work, request, facts, settlement_id)
    if reply is None or reply.output is None:
        return reply
    settlement = facts.settlements[settlement_id]
    more = {
        "psn_insu_rlts_id": "",
        "insu_admdvs": settlement.insured_division,
        "begndate": settlement.admitted_on.isoformat(),
        "enddate": settlement.discharged_on.isoformat(),
        "mdtrt_cert_no": "",
        "setl_type": "2",
        "crt_dedc": yuan(-settlement.deductible_fen),
        "invono": "",
    }
    assert_undone(reply.output["setlinfo"])
    return Reply(output=without(extended(reply.output, more), *_NOT_IN_2305))


def _opened(_request: Request, mdtrt_id: str) -> dict[str, Any]:
    return {"result": {"mdtrt_id": mdtrt_id, "exp_content": ""}}
