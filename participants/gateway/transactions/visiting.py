"""Opening visits and uploading fee lines: what 2201 and 2401, 2204 and 2301 have in common."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from contracts.codes import VisitKind
from contracts.ids import PersonId, short_text_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Request, Step, Work
from participants.gateway.telling.diagnoses import diagnoses_in
from participants.gateway.telling.fee_lines import line_output, new_lines
from participants.gateway.telling.identity import identity_in
from participants.gateway.telling.settlement_block import moment
from participants.gateway.transactions.accident import words_of
from participants.gateway.wire.checking import Row
from participants.gateway.wire.codes import insurance_kind_of
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.extension import assert_fits, flags_of
from participants.gateway.wire.visit_ids import visit_id_of
from participants.treatment.domain.diagnosis import Stage
from participants.treatment.domain.fee import LinesForVisit, SplitResult
from participants.treatment.domain.visit import NewVisit, Opened
from participants.treatment.services import visits


def echo_of(request: Request, med_type: str) -> str:
    """What later answers about this settlement must say again; no names, no numbers."""
    row = request.row
    told = {
        "mdtrt_id": row.text("mdtrt_id"),
        "med_type": med_type,
        "psn_type": row.text("psn_type"),
        "mdtrt_cert_type": row.text("mdtrt_cert_type"),
        "invono": row.text("invono"),
        "opter": request.envelope.operator,
    }
    return json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)


def visit_echo(request: Request, med_type: str) -> str:
    """What 5201 and 5303 must say again of a visit, as far as this message says it."""
    told: dict[str, str] = json.loads(echo_of(request, med_type))
    for name, says in _VISIT_ECHO.items():
        told[name] = next(filter(None, (_told(request.row, one) for one in says)), "")
    return json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)


def _told(row: Row, name: str) -> str:
    value = row.values.get(name)
    if isinstance(value, datetime):
        return moment(value)
    return "" if value is None else str(value)


# What 5201 calls it → what 2201, 2203, 2401, 2402 and 2403 call it.
_VISIT_ECHO = {name: (name,) for name in (
    "medrcdno", "atddr_no", "adm_bed", "dscg_maindiag_code", "dscg_maindiag_name",
    "dscg_dept_codg", "dscg_dept_name", "dscg_bed", "dscg_way", "main_cond_dscr", "dise_name",
    "oprn_oprt_code", "oprn_oprt_name", "die_date", "fpsc_no", "matn_type", "birctrl_type",
    "latechb_flag", "geso_val", "fetts", "fetus_cnt", "pret_flag", "birctrl_matn_date", "cop_flag",
    "begntime", "endtime",
)} | {
    "ipt_otp_no": ("ipt_otp_no", "ipt_no"),
    "chfpdr_name": ("chfpdr_name", "dr_name"),
    "adm_dept_codg": ("adm_dept_codg", "dept_code"),
    "adm_dept_name": ("adm_dept_name", "dept_name"),
}  # fmt: skip


def open_visits(
    work: Work,
    requests: Sequence[Request],
    med_type_of: Callable[[Request], tuple[VisitKind, str]],
    output_of: Callable[[Request, str], dict[str, Any]],
) -> list[Step]:
    """Open a visit for each; `output_of` gets the request and the new mdtrt_id."""
    words = words_of(work, [(one, one.row.day("begntime") or one.sent_on) for one in requests])

    def wish_of(request: Request) -> NewVisit:
        kind, med_type = med_type_of(request)
        return _new_visit(work, request, kind, med_type, words.get(request.key))

    def step_of(request: Request, _wish: NewVisit, opened: Opened) -> Step:
        return Reply(output=output_of(request, short_text_of(opened.visit_id)))

    return batched(
        requests,
        wish_of,
        lambda wishes: visits.open(work.writing.tx, wishes, work.now, work.door.terms),
        step_of,
    )


def add_lines(work: Work, requests: Sequence[Request]) -> list[Step]:
    """Store the lines of each upload, and say how the catalogue splits them."""

    def step_of(_request: Request, _wish: LinesForVisit, result: SplitResult) -> Step:
        return Reply(output={"result": [line_output(split) for split in result.lines]})

    return batched(
        requests,
        _lines_wish,
        lambda wishes: visits.add_lines(work.writing.tx, wishes, work.now, work.door.catalogue),
        step_of,
    )


def _new_visit(
    work: Work, request: Request, kind: VisitKind, med_type: str, word: str | None
) -> NewVisit:
    """`word`: what a registered accident says on third parties."""
    row = request.row
    admitted_on = row.day("begntime")
    assert admitted_on is not None, "begntime is required"
    said = row.text("med_type")
    flags = flags_of(row.text("exp_content"), med_type=said, accident=word)
    assert_fits(said, set(flags))
    return NewVisit(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(row.text("psn_no")),
        insured_division=request.insured_division(),
        insurance_kind=insurance_kind_of(row.text("insutype")),
        visit_kind=kind,
        admitted_on=admitted_on,
        disease_code=row.text("dise_codg") or None,
        flags=flags,
        sealed_identity=identity_in(row).sealed(work.door.sealer),
        echo_json=visit_echo(request, med_type),
        own_visit_no=row.text("ipt_otp_no") or row.text("ipt_no") or None,
        diagnoses=diagnoses_in(request, Stage.COMING),
    )


def _lines_wish(request: Request) -> LinesForVisit:
    """All lines of one upload are of one visit and one person."""
    rows = request.input.lists["feedetail"]
    named = {(row.text("mdtrt_id"), row.text("psn_no")) for row in rows}
    if len(named) > 1:
        detail = "一次上传的明细须属同一就诊ID(mdtrt_id)和人员编号(psn_no)"
        raise Refused(RefusalCode.FIELD_INVALID, detail)
    mdtrt_id, person_id = named.pop()
    visit_id = visit_id_of(mdtrt_id)
    if visit_id is None:
        raise Refused(RefusalCode.UNKNOWN_VISIT, f"就诊ID(mdtrt_id){mdtrt_id}")
    return LinesForVisit(
        visit_id=visit_id,
        hospital_code=request.envelope.institution_code,
        person_id=PersonId(person_id),
        lines=new_lines(rows, request.sent_on, request.envelope.operator),
    )
