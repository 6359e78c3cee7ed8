"""Fee lines between the interface and the catalogue: what was sent, and how it was split."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.ids import PersonId, VisitId
from contracts.refusal import Refused
from participants.gateway.telling.identities import assert_line_adds_up
from participants.gateway.telling.settlement_block import moment
from participants.gateway.wire.checking import Row
from participants.gateway.wire.jsontext import Number, yuan
from participants.treatment.domain.catalogue import (
    Catalogue,
    FeeLine,
    HospitalApproval,
    ItemLevel,
    Reason,
    SplitLine,
)
from participants.treatment.domain.fee import LinesForVisit, NewLine, Shelf, split_result
from participants.treatment.domain.results import Refusal
from participants.treatment.domain.settlement import Split

CHARGE_KIND_OTHER = "14"
_NO_VISIT = VisitId(UUID(int=0))  # Lines beside a bill are split and not stored.
_WHY = {
    Reason.IN_SCOPE: "",
    Reason.UNKNOWN_ITEM: "目录外项目，全自费",
    Reason.OUTSIDE_DATES: "不在目录有效期内，全自费",
    Reason.CLASS_C: "丙类，全自费",
    Reason.RESTRICTED: "限制使用且未经医院审批，全自费",
    Reason.REFUSED: "医院审批为自费",
}


# What 5204 and 5205 must say again of a line, as far as it was said.
_ECHO = (
    "drord_no", "rxno", "med_type", "medins_list_codg", "sin_dos_dscr", "used_frqu_dscr",
    "medc_way_dscr", "bilg_dept_codg", "bilg_dept_name", "bilg_dr_codg", "bilg_dr_name",
    "acord_dept_codg", "acord_dept_name", "orders_dr_code", "orders_dr_name", "tcmdrug_used_way",
    "etip_flag", "etip_hosp_code", "dscg_tkdrug_flag", "matn_fee_flag", "memo",
)  # fmt: skip


def new_lines(rows: Sequence[Row], sent_on: date, operator: str = "") -> tuple[NewLine, ...]:
    """The lines of a feedetail node; a line without its own day has the message's."""
    return tuple(
        NewLine(
            _line(row),
            row.day("fee_ocur_time") or sent_on,
            row.text("chrg_bchno"),
            row.text("init_feedetl_sn") or None,
            _echo(row, operator),
        )
        for row in rows
    )


def _echo(row: Row, operator: str) -> str:
    """A few facts, and none of them about a person."""
    told = {name: row.text(name) for name in _ECHO} | {"opter": operator}
    happened_at = row.values.get("fee_ocur_time")
    if isinstance(happened_at, datetime):
        told["fee_ocur_time"] = moment(happened_at)
    days = row.number("prd_days")
    if days is not None:
        told["prd_days"] = yuan(days)
    return json.dumps({name: text for name, text in told.items() if text}, ensure_ascii=False)


def split_of(rows: Sequence[Row], sent_on: date, catalogue: Catalogue) -> Split:
    """The four parts of lines that came along with a bill; Refused when a line is wrong."""
    upload = LinesForVisit(_NO_VISIT, "", PersonId(""), new_lines(rows, sent_on))
    result = split_result(upload, Shelf(), catalogue)
    if isinstance(result, Refusal):
        raise Refused(result.code, result.detail)
    bill = result.bill
    return Split(
        fully_own_fen=bill.fully_own_fen,
        over_ceiling_fen=bill.over_ceiling_fen,
        first_self_pay_fen=bill.first_self_pay_fen,
        in_scope_fen=bill.in_scope_fen,
    )


def line_output(split: SplitLine) -> dict[str, Any]:
    """One row of `result` in 2204 and 2301; (G) and (H) hold."""
    line, item = split.line, split.item
    output = {
        "feedetl_sn": line.line_no,
        "det_item_fee_sumamt": yuan(line.total_fen),
        "cnt": decimal(line.count_e4, 4),
        "pric": decimal(line.price_e6, 6),
        "pric_uplmt_amt": decimal((item.ceiling_e6 if item else None) or 0, 6),
        "selfpay_prop": decimal(item.self_pay_bp if item else 10_000, 4),
        "fulamt_ownpay_amt": yuan(split.fully_own_fen),
        "overlmt_amt": yuan(split.over_ceiling_fen),
        "preselfpay_amt": yuan(split.first_self_pay_fen),
        "inscp_scp_amt": yuan(split.in_scope_fen),
        "chrgitm_lv": (item.level if item else ItemLevel.C).value,
        "med_chrgitm_type": item.charge_kind if item else CHARGE_KIND_OTHER,
        "bas_medn_flag": "0",
        "hi_nego_drug_flag": "0",
        "chld_medc_flag": "0",
        "list_sp_item_flag": "0",
        "lmt_used_flag": "1" if item and item.restricted else "0",
        "drt_reim_flag": "0",
        "memo": _WHY[split.reason],
        "exp_content": "",
    }
    assert_line_adds_up(output)
    return output


def _line(row: Row) -> FeeLine:
    return FeeLine(
        line_no=row.text("feedetl_sn"),
        code=row.text("med_list_codg"),
        count_e4=row.number("cnt") or 0,
        price_e6=row.number("pric") or 0,
        total_fen=row.number("det_item_fee_sumamt") or 0,
        approval=HospitalApproval(row.text("hosp_appr_flag") or "0"),
    )


def decimal(value: int, scale: int) -> Number:
    """-15000 at scale 4 as -1.5000."""
    sign, whole = ("-" if value < 0 else ""), abs(value)
    return Number(f"{sign}{whole // 10**scale}.{whole % 10**scale:0{scale}d}")
