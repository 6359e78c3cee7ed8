"""The blocks that settlements share in the interface: setlinfo (SETL) and setldetail (DETAIL)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.clock import SHANGHAI
from contracts.codes import InsuranceKind, VisitKind
from contracts.messages.values import Bill, Shares
from participants.gateway.telling.identities import assert_money_adds_up
from participants.gateway.wire.codes import clearing_type_of
from participants.gateway.wire.jsontext import Number, yuan

CLEARED_PER_ITEM = "1"


@dataclass(frozen=True, slots=True)
class Settled:
    """What an answer is made of; `sign` is -1 where it undoes a settlement.

    `person` is `identity.person_block`; `concluded_at` an aware instant.
    """

    mdtrt_id: str
    setl_id: str
    msgid: str
    person_id: str
    person: Mapping[str, Any]
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    psn_type: str
    civil_servant: bool
    med_type: str
    mdtrt_cert_type: str
    clearing_office: str
    concluded_at: datetime
    bill: Bill
    shares: Shares
    deductible_fen: int
    balance_fen: int
    sign: int = 1


def output_of(settled: Settled) -> dict[str, Any]:
    """Setlinfo with all 43 fields of SETL in their order, and setldetail; the identities hold."""
    setlinfo = {**_head(settled), **_money(settled), **_tail(settled)}
    setldetail = _rows(settled)
    assert_money_adds_up(setlinfo, setldetail)
    return {"setlinfo": setlinfo, "setldetail": setldetail}


def without(output: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same output, its setlinfo without these fields: transactions differ in a few."""
    setlinfo = {name: value for name, value in output["setlinfo"].items() if name not in names}
    return {**output, "setlinfo": setlinfo}


def extended(output: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The same output, its setlinfo with these fields too."""
    return {**output, "setlinfo": {**output["setlinfo"], **more}}


def moment(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _head(settled: Settled) -> dict[str, Any]:
    return {
        "mdtrt_id": settled.mdtrt_id,
        "setl_id": settled.setl_id,
        "psn_no": settled.person_id,
        **settled.person,
        "insutype": settled.insurance_kind.value,
        "psn_type": settled.psn_type,
        "cvlserv_flag": "1" if settled.civil_servant else "0",
        "setl_time": moment(settled.concluded_at),
        "mdtrt_cert_type": settled.mdtrt_cert_type,
        "med_type": settled.med_type,
    }


def _money(settled: Settled) -> dict[str, Number]:
    bill, shares, sign = settled.bill, settled.shares, settled.sign
    amounts_fen = {
        "medfee_sumamt": bill.total_fen,
        "fulamt_ownpay_amt": bill.fully_own_fen,
        "overlmt_selfpay": bill.over_ceiling_fen,
        "preselfpay_amt": bill.first_self_pay_fen,
        "inscp_scp_amt": bill.in_scope_fen,
        "act_pay_dedc": settled.deductible_fen,
        "hifp_pay": shares.pool_fen,
        "pool_prop_selfpay": 0,
        "cvlserv_pay": shares.civil_servant_fen,
        "hifes_pay": shares.enterprise_fen,
        "hifmi_pay": shares.critical_illness_fen,
        "hifob_pay": shares.large_sum_fen,
        "hifdm_pay": shares.veterans_fen,
        "maf_pay": shares.medical_aid_fen,
        "oth_pay": shares.other_fen,
        "fund_pay_sumamt": shares.fund_total_fen(),
        "psn_part_amt": shares.account_fen + shares.cash_fen,
        "acct_pay": shares.account_fen,
        "psn_cash_pay": shares.cash_fen,
        "hosp_part_amt": shares.hospital_fen,
    }
    money = {name: yuan(sign * amount_fen) for name, amount_fen in amounts_fen.items()}
    money["pool_prop_selfpay"] = _ratio(shares.pool_fen, bill.in_scope_fen)
    money["balc"] = yuan(settled.balance_fen)
    money["acct_mulaid_pay"] = yuan(0)
    return money


def _tail(settled: Settled) -> dict[str, Any]:
    return {
        "medins_setl_id": settled.msgid,
        "clr_optins": settled.clearing_office,
        "clr_way": CLEARED_PER_ITEM,
        "clr_type": clearing_type_of(settled.visit_kind),
        "exp_content": "",
    }


def _rows(settled: Settled) -> list[dict[str, Any]]:
    """One row for each part that pays anything, the personal account and the hospital included."""
    parts_fen = {fund.value: fen for fund, fen in settled.shares.by_fund().items()}
    parts_fen["hospital"] = settled.shares.hospital_fen
    return [
        {
            "fund_pay_type": _funds()[part][settled.insurance_kind.value]["code"],
            "inscp_scp_amt": yuan(settled.sign * settled.bill.in_scope_fen),
            "crt_payb_lmt_amt": None,
            "fund_payamt": yuan(settled.sign * amount_fen),
            "fund_pay_type_name": _funds()[part][settled.insurance_kind.value]["name"],
            "setl_proc_info": "",
        }
        for part, amount_fen in parts_fen.items()
        if amount_fen
    ]


def _ratio(part_fen: int, whole_fen: int) -> Number:
    """The pool's share of what is in scope, N(5,4); 0 where nothing is in scope."""
    in_ten_thousandths = (part_fen * 10_000 + whole_fen // 2) // whole_fen if whole_fen else 0
    return Number(f"{in_ten_thousandths // 10_000}.{in_ten_thousandths % 10_000:04d}")


@cache
def _funds() -> dict[str, dict[str, dict[str, str]]]:
    text = files("participants.gateway").joinpath("data/funds.toml").read_text("utf-8")
    return tomllib.loads(text)
