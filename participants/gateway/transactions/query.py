"""5203 结算信息查询: how a settlement stands; what a hospital asks when it never saw an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.ids import SettlementId, id_of_short_text
from contracts.refusal import RefusalCode
from participants.gateway.envelope import Reply, refusal, unknown_until
from participants.gateway.loading import facts_about
from participants.gateway.requests import Facts, Request, Step, Subject, Work
from participants.gateway.settlement_block import moment
from participants.gateway.transactions.telling import (
    echo_of_settlement,
    no_settlement,
    settlement_output,
)
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.settlement import Settlement, State
from participants.treatment.store import attempts

PAID_ACROSS_PROVINCES = "4"


def settlement(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Each settlement as it stands, by its setl_id, or by the msgid that asked for it."""
    ids = _ids(work, requests)
    facts = facts_about(work, {(Subject.SETTLEMENT, id_) for id_ in ids.values()}, requests)
    return [_told(work, one, facts, ids.get(one.row.text("setl_id"))) for one in requests]


def _ids(work: Work, requests: Sequence[Request]) -> dict[str, SettlementId]:
    """By what the hospital calls setl_id. Whoever saw no answer has no setl_id, only its msgid."""
    ids: dict[str, SettlementId] = {}
    texts = {request.row.text("setl_id") for request in requests}
    for text in texts:
        try:
            ids[text] = SettlementId(id_of_short_text(text))
        except ValueError:
            continue
    asked = attempts.of(work.writing.tx, sorted(texts - set(ids)))
    bound = {msgid: one.subject_id for msgid, one in asked.items()}
    return ids | {msgid: SettlementId(id_) for msgid, id_ in bound.items() if id_}


def _told(work: Work, request: Request, facts: Facts, settlement_id: SettlementId | None) -> Reply:
    found = facts.settlements.get(settlement_id) if settlement_id else None
    if found is None or not _is_theirs(request, found):
        return refusal(RefusalCode.UNKNOWN_SETTLEMENT)
    if found.state in {State.SETTLED, State.REVERSED}:
        return _shown(work, request, facts, found)
    if found.is_pending:
        return unknown_until(found.answer_by)
    return no_settlement(found)


def _is_theirs(request: Request, found: Settlement) -> bool:
    row = request.row
    same_hospital = found.hospital_code == request.envelope.institution_code
    return same_hospital and found.person_id == row.text("psn_no")


def _shown(work: Work, request: Request, facts: Facts, found: Settlement) -> Reply:
    output = settlement_output(work, request, facts, found)
    visit = facts.visits.get(found.visit_id)
    echo = echo_of_settlement(found, visit.echo_json if visit else "{}")
    setlinfo = _names_of_5203(output["setlinfo"], found, echo, work.institution_of(request))
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
        "refd_setl_flag": "1" if found.state is State.REVERSED else "0",
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
