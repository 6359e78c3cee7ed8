"""Diagnoses between the interface and us: what a diseinfo node says."""

from datetime import datetime

from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.requests import Request
from participants.gateway.wire.checking import Row
from participants.treatment.domain.diagnosis import Diagnosis, Stage

YES, NO = "1", "0"


def diagnoses_in(request: Request, stage: Stage) -> tuple[Diagnosis, ...]:
    """The rows of diseinfo; Refused FIELD_INVALID when one is of another visit or person."""
    rows = request.input.lists.get("diseinfo", ())
    for row in rows:
        for name in ("mdtrt_id", "psn_no"):
            if row.text(name) not in {"", request.row.text(name)}:
                raise Refused(RefusalCode.FIELD_INVALID, f"诊断信息的{name}与就诊信息不一致")
    return tuple(_diagnosis(row, stage) for row in rows)


def _diagnosis(row: Row, stage: Stage) -> Diagnosis:
    position, diagnosed_at = row.number("diag_srt_no") or 0, row.values["diag_time"]
    assert isinstance(diagnosed_at, datetime), "diag_time is a required DT field"
    # 2203 has no mark for the main one: there the first of the list is.
    main = row.text("maindiag_flag") or (YES if position <= 1 else NO)
    return Diagnosis(
        stage=stage,
        position=position,
        kind=row.text("diag_type"),
        is_main=main == YES,
        code=row.text("diag_code"),
        name=row.text("diag_name"),
        condition=row.text("adm_cond"),
        department=row.text("diag_dept"),
        doctor_code=row.text("dise_dor_no"),
        doctor_name=row.text("dise_dor_name"),
        diagnosed_at=diagnosed_at,
        is_valid=row.text("vali_flag") != NO,
    )
