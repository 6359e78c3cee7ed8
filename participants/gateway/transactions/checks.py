"""Rule checks 智能审核: 3101 before, 3102 during, 3103 what the doctor did about the findings."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from contracts.codes import VisitKind
from contracts.ids import PersonId, id_of_short_text, short_text_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.wire.checking import Row
from participants.gateway.wire.codes import visit_kind_of
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.jsontext import yuan
from participants.treatment.domain.catalogue import HospitalApproval
from participants.treatment.domain.check_file import rulebook
from participants.treatment.domain.check_rule import Rule
from participants.treatment.domain.finding import (
    Feedback,
    Finding,
    FindingAnswer,
    FoundItem,
    Stage,
    Way,
)
from participants.treatment.domain.prescription import Bearing, Encounter, Order, Patient
from participants.treatment.domain.results import Done
from participants.treatment.services import checks
from participants.treatment.services.checks import Checked, Wish

STAGES = {"3101": Stage.BEFORE, "3102": Stage.DURING}
WARNED = {"1": Stage.BEFORE, "2": Stage.DURING}
STAY = "2"
NOT_CURRENT = "0"
STILL_THERE = 9999
_PERSON_LENGTH = 29


def check(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Find what is wrong with the orders of each, and keep it for 3103 and for audits."""
    book = rulebook()

    def run(wishes: list[Wish]) -> list[Checked]:
        return checks.check(work.writing.tx, wishes, work.now, work.door.catalogue, book)

    return batched(requests, _wish, run, partial(_told, book.names()))


def feed_back(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Keep what was done about each finding."""

    def step_of(_request: Request, _wish: Feedback, _result: Done) -> Step:
        return Reply(output={})

    return batched(
        requests,
        _feedback,
        lambda wishes: checks.answer(work.writing.tx, wishes, work.now),
        step_of,
    )


def _wish(request: Request) -> Wish:
    row = request.row
    code = request.envelope.institution_code
    return Wish(
        msgid=request.envelope.msgid,
        hospital_code=code,
        stage=STAGES[request.envelope.infno],
        patients=tuple(_patient(one, code) for one in row.rows("patient_dtos")),
        scene=row.text("trig_scen"),
        rule_ids=tuple(filter(None, row.text("rule_ids").split(","))),
    )


def _patient(row: Row, hospital_code: str) -> Patient:
    """`patn_id` is the psn_no of 1101, or the hospital's own number."""
    number, born_on = row.text("patn_id"), row.day("brdy")
    assert born_on is not None, "a required field"
    return Patient(
        patient_no=number,
        person_id=PersonId(number) if len(number) == _PERSON_LENGTH else None,
        gender=row.text("gend"),
        born_on=born_on,
        current_visit_no=row.text("curr_mdtrt_id"),
        encounters=tuple(_encounter(one, hospital_code) for one in row.rows("fsi_encounter_dtos")),
    )


def _encounter(row: Row, hospital_code: str) -> Encounter:
    begins_on = row.day("adm_date")
    assert begins_on is not None, "a required field"
    ends_on = row.day("dscg_date")
    if ends_on is not None and (ends_on.year == STILL_THERE or ends_on < begins_on):
        ends_on = None  # Systems write 9999-12-31 while somebody lies there.
    operations = (one.text("oprn_code") for one in row.rows("fsi_operation_dtos"))
    return Encounter(
        visit_no=row.text("mdtrt_id"),
        hospital_code=hospital_code,
        is_stay=_is_stay(row),
        begins_on=begins_on,
        ends_on=ends_on,
        diagnoses=_diagnoses(row),
        operations=tuple(filter(None, operations)),
        bearing=Bearing(row.text("matn_stas") or Bearing.OTHER),
        orders=tuple(map(_order, row.rows("fsi_order_dtos"))),
    )


def _is_stay(row: Row) -> bool:
    said, med_type = row.text("med_mdtrt_type"), row.text("med_type")
    if said or not med_type:
        return said == STAY
    return visit_kind_of(med_type) is VisitKind.INPATIENT


def _diagnoses(row: Row) -> tuple[str, ...]:
    codes = [one.text("dise_codg") for one in row.rows("fsi_diagnose_dtos")]
    return tuple(filter(None, dict.fromkeys((row.text("dscg_main_dise_codg"), *codes))))


def _order(row: Row) -> Order:
    on = row.day("drord_begn_date")
    assert on is not None, "a required field"
    return Order(
        order_no=row.text("rx_id"),
        code=row.text("hilist_code"),
        name=row.text("hilist_name"),
        on=on,
        count_e4=row.number("cnt") or 0,
        price_e6=row.number("pric") or 0,
        total_fen=row.number("sumamt") or 0,
        own_fen=row.number("ownpay_amt") or 0,
        approval=HospitalApproval(row.text("hosp_appr_flag") or HospitalApproval.NONE),
        is_current=row.text("curr_drord_flag") != NOT_CURRENT,
    )


def _told(rules: Mapping[str, Rule], request: Request, _wish: Wish, result: Checked) -> Step:
    task = request.row.text("task_id") or request.envelope.msgid
    rows = [_result(rules[one.rule_id], id_, one, task) for id_, one in result.found]
    return Reply(output={"result": rows})


def _result(rule: Rule, finding_id: UUID, found: Finding, task: str) -> dict[str, Any]:
    number = short_text_of(finding_id)
    items = enumerate(found.items, start=1)
    return {
        "jr_id": number,
        "rule_id": rule.rule_id,
        "rule_name": rule.name,
        "vola_cont": found.told,
        "patn_id": found.patient_no,
        "mdtrt_id": found.visit_no,
        "vola_amt": yuan(found.amount_fen),
        "vola_amt_stas": "1" if found.amount_fen else "0",
        "sev_deg": found.severity.value,
        "vola_evid": rule.source,
        "vola_bhvr_type": rule.behaviour,
        "task_id": task,
        "judge_result_detail_dtos": [_detail(f"{number}{n:03d}", found, one) for n, one in items],
    }


def _detail(number: str, found: Finding, item: FoundItem) -> dict[str, Any]:
    return {
        "jrd_id": number,
        "patn_id": found.patient_no,
        "mdtrt_id": found.visit_no,
        "rx_id": item.order_no,
        "vola_item_type": item.kind.value,
        "vola_amt": yuan(item.amount_fen),
    }


def _feedback(request: Request) -> Feedback:
    row, envelope = request.row, request.envelope
    return Feedback(
        msgid=envelope.msgid,
        hospital_code=envelope.institution_code,
        stage=WARNED[row.text("warn_type")],
        answers=tuple(map(_answer, row.rows("warns"))),
        by=f"{envelope.operator} {envelope.operator_name}"[:100],
    )


def _answer(row: Row) -> FindingAnswer:
    number = row.text("warn_rslt_id")
    try:
        finding_id = id_of_short_text(number)
    except ValueError as error:
        raise Refused(RefusalCode.UNKNOWN_FINDING, number) from error
    return FindingAnswer(finding_id, Way(row.text("dspo_way")), row.text("dspo_way_rea"))
