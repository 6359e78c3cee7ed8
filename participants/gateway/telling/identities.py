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
_FUNDS_OF_5203 = tuple("pref_fund_pay" if name == "hifdm_pay" else name for name in FUNDS)
_SUMS_OF_5203 = ("medfee_sumamt", "fund_pay_sumamt", "psn_pay", "acct_pay", "cash_payamt")
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


def assert_query_adds_up(
    setlinfo: Mapping[str, Any], setldetail: Sequence[Mapping[str, Any]]
) -> None:
    """The same of 5203, which has other names for some and none for what the hospital bears."""
    fen = {name: _fen(setlinfo[name]) for name in (*_BILL, *_FUNDS_OF_5203, *_SUMS_OF_5203)}
    cash, fund, psn = fen["cash_payamt"], fen["fund_pay_sumamt"], fen["psn_pay"]
    rows = sum(_fen(row["fund_payamt"]) for row in setldetail)
    hospital = rows - fund - fen["acct_pay"]
    assert fen["medfee_sumamt"] == fund + psn + hospital, "A: the bill is what all three bear"
    assert hospital >= 0, "A: what is left is what the hospital bears"
    assert fund == sum(fen[name] for name in _FUNDS_OF_5203), "B: the fund total"
    assert fen["medfee_sumamt"] == sum(fen[name] for name in _BILL), "D: the four-way split"
    assert psn == fen["acct_pay"] + cash, "E: the person's part"
    assert rows == fen["medfee_sumamt"] - cash, "F: the rows are all but the cash"


def assert_undone(setlinfo: Mapping[str, Any]) -> None:
    """2208 and 2305: no amount is positive, and the cash is one under both its names."""
    for name in (*_BILL, *FUNDS, *_SUMS):
        assert _fen(setlinfo[name]) <= 0, f"{name}: undone, so negative"
    twin = setlinfo.get("pdn_cash_pay", setlinfo["psn_cash_pay"])
    assert twin == setlinfo["psn_cash_pay"], "one amount of cash"


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
