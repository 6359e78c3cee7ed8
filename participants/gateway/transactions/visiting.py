"""Opening visits and uploading fee lines: what 2201 and 2401, 2204 and 2301 have in common."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from contracts.codes import VisitKind
from contracts.ids import PersonId, short_text_of
from contracts.refusal import RefusalCode, Refused
from participants.gateway.batching import batched
from participants.gateway.codes import insurance_kind_of
from participants.gateway.envelope import Reply
from participants.gateway.extension import assert_fits, flags_of
from participants.gateway.fee_lines import line_output, new_lines
from participants.gateway.identity import identity_in
from participants.gateway.requests import Request, Step, Work
from participants.gateway.visit_ids import visit_id_of
from participants.treatment.domain.fee import LinesForVisit, SplitResult
from participants.treatment.domain.visit import NewVisit, Opened
from participants.treatment.services import visits


def echo_of(request: Request, med_type: str) -> str:
    """What later answers about this visit or settlement must say again; no names, no numbers."""
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


def open_visits(
    work: Work,
    requests: Sequence[Request],
    med_type_of: Callable[[Request], tuple[VisitKind, str]],
    output_of: Callable[[Request, str], dict[str, Any]],
) -> list[Step]:
    """Open a visit for each; `output_of` gets the request and the new mdtrt_id."""

    def wish_of(request: Request) -> NewVisit:
        return _new_visit(work, request, *med_type_of(request))

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

    def step_of(_request: Request, wish: LinesForVisit, result: SplitResult) -> Step:
        pairs = zip(wish.lines, result.lines, strict=True)
        return Reply(output={"result": [line_output(new, split) for new, split in pairs]})

    return batched(
        requests,
        _lines_wish,
        lambda wishes: visits.add_lines(work.writing.tx, wishes, work.now, work.door.catalogue),
        step_of,
    )


def _new_visit(work: Work, request: Request, kind: VisitKind, med_type: str) -> NewVisit:
    row = request.row
    admitted_on = row.day("begntime")
    assert admitted_on is not None, "begntime is required"
    flags = flags_of(row.text("exp_content"))
    assert_fits(row.text("med_type"), set(flags))
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
        echo_json=echo_of(request, med_type),
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
        lines=new_lines(rows, request.sent_on),
    )
