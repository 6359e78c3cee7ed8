"""Rules of every visit: what no fund pays, what is out of scope, the account, cash."""

from contracts.codes import Fund
from contracts.money import yuan_from_fen as yuan
from participants.policy.rules.facts import Facts
from participants.policy.rules.working import Working

CASE = "case"
"""Source of a step that follows from the case itself and not from a parameter."""


def not_entitled(work: Working, facts: Facts) -> None:
    """Exclusion, waiting period, arrears, or a category elsewhere that is not paid."""
    assert facts.denied is not None, "the route asks for it"
    text = f"{facts.denied.text}：全部费用 {yuan(work.open_fen)} 元由个人自付"
    work.aside("not_entitled", facts.denied.source, work.open_fen, text)


def out_of_scope(work: Working, facts: Facts) -> None:
    """全自费, 超限价 and 先行自付: the treatment side's split stands, and the person pays it."""
    amount_fen = facts.case.total_fen - facts.case.in_scope_fen
    if amount_fen:
        text = f"政策范围外费用 {yuan(amount_fen)} 元，由个人自付"
        work.aside("out_of_scope", CASE, amount_fen, text)
    work.scope_fen = work.open_fen


def uncovered(work: Working, _facts: Facts) -> None:
    """The person bears what no fund was asked to share."""
    if work.open_fen:
        text = f"无基金支付的费用 {yuan(work.open_fen)} 元，由个人负担"
        work.borne("uncovered", CASE, work.open_fen, text)


def account(work: Working, facts: Facts) -> None:
    """The personal account pays the person's in-scope part, if asked and as far as it goes."""
    case, part = facts.case, facts.policy.account
    if not case.account_use or facts.kinds.isdisjoint(part.kinds):
        return
    work.own_account_fen = _from_account(
        work, "account", "account.kinds", case.account_balance_fen, "个人账户支付"
    )
    if part.family:
        _from_account(
            work, "family_account", "account.family", case.family_balance_fen, "家庭共济账户支付"
        )


def _from_account(work: Working, rule: str, source: str, balance_fen: int, name: str) -> int:
    amount_fen = min(balance_fen, work.own_fen)
    if amount_fen:
        text = f"{name} {yuan(amount_fen)} 元"
        work.paid_from_own(
            rule, source, work.own_fen, amount_fen=amount_fen, fund=Fund.ACCOUNT, text=text
        )
    return amount_fen


def cash(work: Working, _facts: Facts) -> None:
    work.paid_in_cash(CASE, f"个人现金支付 {yuan(work.own_fen + work.outside_fen)} 元")
