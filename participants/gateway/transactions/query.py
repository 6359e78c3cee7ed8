"""5203 结算信息查询: how a settlement stands; what a hospital asks when it never saw an answer."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.ids import SettlementId, id_of_short_text
from contracts.refusal import RefusalCode
from participants.gateway.serving.loading import facts_about
from participants.gateway.serving.requests import Facts, Request, Step, Subject, Work
from participants.gateway.telling.answers import row_of
from participants.gateway.telling.identities import assert_query_adds_up
from participants.gateway.telling.settlement_block import moment
from participants.gateway.transactions.telling import (
    certain_by,
    echo_of_settlement,
    mdtrt_id_of,
    no_settlement,
    settlement_output,
)
from participants.gateway.wire.envelope import Reply, refusal, unknown_until
from participants.gateway.wire.visit_ids import visit_id_of
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.settlement import Settlement, State
from participants.treatment.store import attempts

PAID_ACROSS_PROVINCES = "4"


def settlement(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Each settlement as it stands, by its setl_id, or by the msgid that asked for it."""
    ids = _ids(work, requests)
    found = {(Subject.SETTLEMENT, id_) for id_ in ids if id_ is not None}
    facts = facts_about(work, found, requests)
    return [_told(work, one, facts, id_) for one, id_ in zip(requests, ids, strict=True)]


def _ids(work: Work, requests: Sequence[Request]) -> list[SettlementId | None]:
    """By what a hospital calls setl_id. Whoever saw no answer has no setl_id, only its msgid."""
    asked = attempts.of(work.writing.tx, map(_message, requests))
    bound = {key: one.subject_id for key, one in asked.items()}
    return [_id_in(one.row.text("setl_id")) or _settled_by(one, bound) for one in requests]


def _id_in(text: str) -> SettlementId | None:
    try:
        return SettlementId(id_of_short_text(text))
    except ValueError:
        return None


def _message(request: Request) -> MessageKey:
    """The hospital's own message that its setl_id names, if it is no id of ours."""
    return MessageKey(request.envelope.institution_code, request.row.text("setl_id"))


def _settled_by(request: Request, bound: Mapping[MessageKey, UUID | None]) -> SettlementId | None:
    found = bound.get(_message(request))
    return None if found is None else SettlementId(found)


def _told(work: Work, request: Request, facts: Facts, settlement_id: SettlementId | None) -> Reply:
    found = facts.settlements.get(settlement_id) if settlement_id else None
    if found is None or not _is_theirs(request, found):
        return refusal(RefusalCode.UNKNOWN_SETTLEMENT)
    if found.is_void:
        return no_settlement(found)
    if found.is_undone or found.state is State.SETTLED:
        return _shown(work, request, facts, found)
    if found.is_pending:
        return unknown_until(certain_by(work, found))
    return no_settlement(found)


def _is_theirs(request: Request, found: Settlement) -> bool:
    """Its hospital's, of that person and visit; a number of the hospital's own names no visit."""
    row = request.row
    same_hospital = found.hospital_code == request.envelope.institution_code
    same_visit = visit_id_of(row.text("mdtrt_id")) in (None, found.visit_id)
    return same_hospital and same_visit and found.person_id == row.text("psn_no")


def _shown(work: Work, request: Request, facts: Facts, found: Settlement) -> Reply:
    output = settlement_output(work, request, facts, found)
    visit = facts.visits.get(found.visit_id)
    echo = echo_of_settlement(found, visit.echo_json if visit else "{}")
    named = _names_of_5203(output["setlinfo"], found, echo, work.institution_of(request))
    setlinfo = row_of("5203", "setlinfo", named)
    assert_query_adds_up(setlinfo, output["setldetail"])
    return Reply(output={"setlinfo": setlinfo, "setldetail": output["setldetail"]})


def _names_of_5203(
    setl: Mapping[str, Any], found: Settlement, echo: Mapping[str, str], institution: Institution
) -> dict[str, Any]:
    """5203 names some fields otherwise than 2207 does, and adds some of its own."""
    same = {name: value for name, value in setl.items() if name not in _RENAMED}
    renamed = {new: setl[old] for old, new in _RENAMED.items() if new}
    return {
        **same,
        **renamed,
        "mdtrt_id": mdtrt_id_of(found, echo),
        "setl_id": setl["setl_id"],
        "medins_setl_id": found.msgid,
        "flxempe_flag": "0",
        "nwb_flag": "0",
        "insu_optins": found.insured_division,
        "emp_name": "",
        "pay_loc": PAID_ACROSS_PROVINCES,
        "fixmedins_code": institution.code,
        "fixmedins_name": institution.name,
        "hosp_lv": institution.hosp_lv,
        "fixmedins_poolarea": institution.division,
        "lmtpric_hosp_lv": grade_of(institution.level),
        "dedc_hosp_lv": grade_of(institution.level),
        "begndate": found.admitted_on.isoformat(),
        "enddate": found.discharged_on.isoformat(),
        "refd_setl_flag": "1" if found.is_undone else "0",
        "year": str(found.discharged_on.year),
        "dise_codg": found.disease_code or "",
        "dise_name": "",
        "invono": echo.get("invono", ""),
        "opter_id": echo.get("opter", "")[:20],
        "opter_name": "",
        "opt_time": moment(found.requested_at),
    }


def grade_of(level: int) -> str:
    """1 to 3, as the interface grades: a community's centre is first, a province's own third."""
    return str(min(max(level, 1), 3))


# What 2207 calls it → what 5203 calls it; empty where 5203 does not have it.
_RENAMED = {
    "psn_part_amt": "psn_pay",
    "psn_cash_pay": "cash_payamt",
    "hifdm_pay": "pref_fund_pay",
    "hosp_part_amt": "",
    "exp_content": "",
}
