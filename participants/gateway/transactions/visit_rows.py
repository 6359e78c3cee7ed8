"""The rows of 5201, 5202, 5204, 5205 and 5303: what is told of a visit, a diagnosis, a line."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.clock import shanghai_date_of
from contracts.codes import VisitKind, area_of
from contracts.ids import PersonId, short_text_of
from contracts.messages.enquiry import PersonCard
from participants.gateway.serving.requests import Work
from participants.gateway.telling.answers import row_of
from participants.gateway.telling.fee_lines import line_output
from participants.gateway.telling.identities import assert_line_adds_up
from participants.gateway.telling.identity import opened, person_block
from participants.gateway.telling.settlement_block import moment
from participants.gateway.transactions.telling import insurance_of, named, psn_type_of
from participants.gateway.wire.codes import list_type_of, med_type_of
from participants.gateway.wire.jsontext import Number
from participants.treatment.domain.catalogue import SplitLine
from participants.treatment.domain.diagnosis import StoredDiagnosis
from participants.treatment.domain.institution import Institution
from participants.treatment.domain.visit import Visit
from participants.treatment.domain.visit_query import LineTold, VisitTold

_Cards = Mapping[PersonId, PersonCard]
_MIDNIGHT = " 00:00:00"
OUT_OF_AREA, LOCAL = "1", "0"


def visit_row(work: Work, told: VisitTold, cards: _Cards) -> dict[str, Any]:
    """5201; HN's marks on what nobody told us stay empty."""
    visit, echo = told.visit, _echo(told.visit.echo_json)
    insurance = insurance_of(cards.get(visit.person_id), visit.insurance_kind)
    known = {name: text for name, text in echo.items() if name not in _NOT_IN_5201}
    return row_of(
        "5201",
        "mdtrtinfo",
        {
            **known,
            **_who(work, visit, cards),
            "insutype": visit.insurance_kind.value,
            "psn_type": psn_type_of(echo, insurance),
            "cvlserv_flag": "1" if insurance and insurance.civil_servant else "0",
            "insu_optins": visit.insured_division,
            "begntime": echo.get("begntime") or visit.admitted_on.isoformat() + _MIDNIGHT,
            "endtime": _ended_at(work, visit, echo),
            "med_type": _med_type(visit, echo),
            "dise_codg": visit.disease_code or "",
            "ipt_days": Number(str(_days(work, visit))),
            "opter_id": echo.get("opter", "")[:20],
            "opt_time": moment(told.opened_at),
        },
    )


def in_hospital_row(work: Work, told: VisitTold, cards: _Cards) -> dict[str, Any]:
    """5303; `out_flag`: whether the person is insured in another area.

    The name is never empty there, and 2401 does not carry it: until a card is known it is 不详.
    """
    visit, echo = told.visit, _echo(told.visit.echo_json)
    is_foreign = area_of(visit.insured_division) != work.door.terms.area
    who = {name: value for name, value in _who(work, visit, cards).items() if name != "naty"}
    return row_of(
        "5303",
        "data",
        {
            **who,
            "psn_name": who["psn_name"] or NAME_UNKNOWN,
            "insutype": visit.insurance_kind.value,
            "begndate": visit.admitted_on.isoformat(),
            "med_type": _med_type(visit, echo),
            "ipt_otp_no": echo.get("ipt_otp_no", ""),
            "out_flag": OUT_OF_AREA if is_foreign else LOCAL,
        },
    )


def diagnosis_row(visit: Visit, told: StoredDiagnosis) -> dict[str, Any]:
    """5202; the id says stage and place, because the next word on it replaces this one."""
    one = told.diagnosis
    return row_of(
        "5202",
        "diseinfo",
        {
            "diag_info_id": f"{short_text_of(visit.visit_id)}{one.stage.value}{one.position:02d}",
            "mdtrt_id": short_text_of(visit.visit_id),
            "psn_no": visit.person_id,
            "inout_diag_type": one.stage.value,
            "diag_type": one.kind,
            "maindiag_flag": "1" if one.is_main else "0",
            "diag_srt_no": Number(str(one.position)),
            "diag_code": one.code,
            "diag_name": one.name,
            "adm_cond": one.condition,
            "diag_dept": one.department,
            "dise_dor_no": one.doctor_code,
            "dise_dor_name": one.doctor_name,
            "diag_time": moment(one.diagnosed_at),
            "opt_time": moment(told.said_at),
        },
    )


def line_row(work: Work, visit: Visit, told: LineTold) -> dict[str, Any]:
    """5204: as 2204 and 2301 told it, and what the hospital said of it."""
    echo, split = _echo(told.echo_json), _split(work, told)
    output = {name: value for name, value in line_output(split).items() if name != "exp_content"}
    row = row_of(
        "5204",
        "",
        {
            **output,
            **_item(split, echo),
            **{name: echo.get(name, "") for name in (*_WHO_ORDERED, *_OF_DRUGS, "prd_days")},
            "mdtrt_id": short_text_of(told.visit_id),
            "setl_id": short_text_of(told.settlement_id) if told.settlement_id else "",
            "med_type": _med_type(visit, echo),
            "fee_ocur_time": echo.get("fee_ocur_time") or told.on.isoformat() + _MIDNIGHT,
            "memo": echo.get("memo") or output["memo"],
            "opter_id": echo.get("opter", "")[:20],
            "opt_time": moment(told.uploaded_at),
        },
    )
    assert_line_adds_up(row)
    return row


def chronic_row(work: Work, visit: Visit, told: LineTold, here: Institution) -> dict[str, Any]:
    """5205: the drug and not its money."""
    line = line_row(work, visit, told)
    row = row_of("5205", "feedetail", {})
    same = {name: line[name] for name in row if name in line}
    own = {"fixmedins_code": here.code, "fixmedins_name": here.name, "psn_no": visit.person_id}
    return row_of("5205", "feedetail", same | own)


def _item(split: SplitLine, echo: Mapping[str, str]) -> dict[str, str]:
    """An item outside the catalogue is called by its code."""
    item, code = split.item, split.line.code
    name = item.name if item else code
    return {
        "rx_drord_no": echo.get("drord_no") or echo.get("rxno", ""),
        "hilist_code": code,
        "hilist_name": name,
        "list_type": list_type_of(item.charge_kind if item else ""),
        "med_list_codg": code,
        "medins_list_codg": echo.get("medins_list_codg") or code,
        "medins_list_name": "",
        "hosp_appr_flag": split.line.approval.value,
    }


def _split(work: Work, told: LineTold) -> SplitLine:
    item = work.door.catalogue.item_on(told.line.code, told.on)
    return SplitLine(told.line, item, told.reason, *told.split.parts_fen())


def _who(work: Work, visit: Visit, cards: _Cards) -> dict[str, Any]:
    card = cards.get(visit.person_id)
    identity = named(opened(visit.sealed_identity, work.door.sealer), card, work)
    born_on, gender = (card.born_on, card.gender) if card else (None, "")
    today = shanghai_date_of(work.now)
    block = person_block(identity, today, born_on=born_on, gender=gender)
    return {"mdtrt_id": short_text_of(visit.visit_id), "psn_no": visit.person_id, **block}


def _ended_at(work: Work, visit: Visit, echo: Mapping[str, str]) -> str:
    """Out-patients leave the day they come; of who is still there, this moment."""
    if visit.discharged_on is not None:
        return echo.get("endtime") or visit.discharged_on.isoformat() + _MIDNIGHT
    if visit.visit_kind is not VisitKind.INPATIENT:
        return visit.admitted_on.isoformat() + " 23:59:59"
    return moment(work.now)


def _days(work: Work, visit: Visit) -> int:
    """Of a stay, the day of admission or of discharge counts once; 0 for out-patients."""
    if visit.visit_kind is not VisitKind.INPATIENT:
        return 0
    last_on: date = visit.discharged_on or shanghai_date_of(work.now)
    return max(1, (last_on - visit.admitted_on).days)


def _med_type(visit: Visit, echo: Mapping[str, str]) -> str:
    return echo.get("med_type") or med_type_of(visit.visit_kind)


def _echo(echo_json: str) -> dict[str, str]:
    said: dict[str, str] = json.loads(echo_json)
    return said


NAME_UNKNOWN = "不详"
_NOT_IN_5201 = {"mdtrt_id", "invono", "opter"}
_WHO_ORDERED = (
    "bilg_dept_codg", "bilg_dept_name", "bilg_dr_codg", "bilg_dr_name", "acord_dept_codg",
    "acord_dept_name", "orders_dr_code", "orders_dr_name",
)  # fmt: skip
_OF_DRUGS = (
    "sin_dos_dscr", "used_frqu_dscr", "medc_way_dscr", "tcmdrug_used_way", "etip_flag",
    "etip_hosp_code", "dscg_tkdrug_flag", "matn_fee_flag",
)  # fmt: skip
