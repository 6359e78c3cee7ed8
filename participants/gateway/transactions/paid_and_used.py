"""How the insured area's answers are told: 5206 what the year has used, 90100 what was paid."""

from typing import Any

from contracts.codes import area_of, areas
from contracts.messages.enquiry import Accumulated, Contributed, PersonTold
from participants.gateway.serving.requests import Facts, Request, Work
from participants.gateway.telling.accumulators import cumulative_code_of
from participants.gateway.wire.dictionaries import dictionaries
from participants.gateway.wire.envelope import Reply
from participants.gateway.wire.jsontext import Number, yuan

_NUMBERS = frozenset({"stays"})
"""Counters that count visits, not money."""
_PREMIUMS = ("1", "正常缴费")
_ARRIVED = {True: ("1", "已到账"), False: ("0", "未到账")}


def cuminfo(_work: Work, _request: Request, _facts: Facts, told: PersonTold) -> Reply:
    """5206, zeros included: what is not yet used is worth knowing too."""
    coded = ((cumulative_code_of(row.insurance_kind, row.name), row) for row in told.accumulated)
    rows = [_accumulated(code, row) for code, row in coded if code is not None]
    return Reply(output={"cuminfo": rows})


def contributions(_work: Work, _request: Request, _facts: Facts, told: PersonTold) -> Reply:
    """90100, whose answer is the list itself."""
    return Reply(rows=[_contributed(row) for row in told.contributed])


def _accumulated(code: str, row: Accumulated) -> dict[str, Any]:
    return {
        "insutype": row.insurance_kind.value,
        "year": str(row.year),
        "cum_ym": row.month,
        "cum_type_code": code,
        "cum": Number(row.value) if row.name in _NUMBERS else yuan(row.value),
    }


def _contributed(row: Contributed) -> dict[str, Any]:
    """The books hold no receipts: what was owed by nobody when the month was over had arrived."""
    area = area_of(row.division)
    flag, flag_told = _ARRIVED[row.is_paid]
    return {
        "poolarea_no": row.division,
        "poolarea_no_name": areas()[area].name if area else "",
        "insutype": row.insurance_kind.value,
        "insutype_name": _label("insutype", row.insurance_kind.value),
        "clct_type": _PREMIUMS[0],
        "clct_type_name": _PREMIUMS[1],
        "clct_flag": flag,
        "clct_flag_name": flag_told,
        "accrym_begn": f"{row.begins_on:%Y%m}",
        "accrym_end": f"{row.ends_on:%Y%m}",
        "clct_time": row.ends_on.isoformat() if row.is_paid else "",
    }


def _label(dictionary: str, code: str) -> str:
    entries = dictionaries()[dictionary].entries
    return next((one.label for one in entries if one.code == code), code)
