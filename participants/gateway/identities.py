"""The identities of settlement money that hold on everything we emit (interface facts §3.2)."""

from collections.abc import Mapping, Sequence
from typing import Any

FUNDS = (
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "hifdm_pay",
    "maf_pay",
    "oth_pay",
)
_SUMS = (
    "medfee_sumamt",
    "fund_pay_sumamt",
    "psn_part_amt",
    "hosp_part_amt",
    "acct_pay",
    "psn_cash_pay",
)
_BILL = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


def assert_money_adds_up(
    setlinfo: Mapping[str, Any], setldetail: Sequence[Mapping[str, Any]]
) -> None:
    """(A), (B), (D), (E) and (F) on an emitted settlement; a broken one is our own mistake."""
    fen = {name: _fen(setlinfo[name]) for name in (*_BILL, *FUNDS, *_SUMS)}
    cash = fen["psn_cash_pay"]
    borne = fen["fund_pay_sumamt"] + fen["psn_part_amt"] + fen["hosp_part_amt"]
    assert fen["medfee_sumamt"] == borne, "A: the bill is what funds, person and hospital bear"
    assert fen["fund_pay_sumamt"] == sum(fen[name] for name in FUNDS), "B: the fund total"
    assert fen["medfee_sumamt"] == sum(fen[name] for name in _BILL), "D: the four-way split"
    assert fen["psn_part_amt"] == fen["acct_pay"] + cash, "E: the person's part"
    rows = sum(_fen(row["fund_payamt"]) for row in setldetail)
    assert rows == fen["medfee_sumamt"] - cash, "F: the rows are all but the cash"


def assert_line_adds_up(line: Mapping[str, Any]) -> None:
    """(G) and (H) on an emitted fee line."""
    parts = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
    total = _fen(line["det_item_fee_sumamt"])
    assert total == sum(_fen(line[name]) for name in parts), "G: the line's four-way split"
    product = _scaled(line["pric"], 6) * _scaled(line["cnt"], 4)
    assert abs(product - total * 10**8) <= 10**8, "H: price times count, to a fen"


def _fen(text: str) -> int:
    return _scaled(text, 2)


def _scaled(text: str, scale: int) -> int:
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(scale, "0"))
