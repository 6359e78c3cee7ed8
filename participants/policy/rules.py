"""Rules of every visit: what is out of scope, what no fund pays, the account, cash."""

from contracts.money import yuan_from_fen as yuan
from participants.policy.working import Facts, Working

CASE = "case"
"""Source of a step that follows from the case itself and not from a parameter."""


def out_of_scope(work: Working, facts: Facts) -> Working:
    """全自费, 超限价 and 先行自付: the treatment side's split stands, and the person pays it."""
    amount_fen = facts.case.total_fen - facts.case.in_scope_fen
    if amount_fen == 0:
        return work
    text = f"政策范围外费用 {yuan(amount_fen)} 元，由个人自付"
    return work.aside("out_of_scope", CASE, amount_fen, text)


def uncovered(work: Working, _facts: Facts) -> Working:
    """The person bears what no fund was asked to share."""
    if work.open_fen == 0:
        return work
    text = f"无基金支付的费用 {yuan(work.open_fen)} 元，由个人负担"
    return work.borne("uncovered", CASE, work.open_fen, text)


def account(work: Working, facts: Facts) -> Working:
    """The personal account pays the person's in-scope part, if asked and as far as it goes."""
    case = facts.case
    if not case.account_use or case.visit_kind not in facts.policy.account_kinds:
        return work
    amount_fen = min(case.account_balance_fen, work.own_fen)
    if amount_fen == 0:
        return work
    text = f"个人账户支付 {yuan(amount_fen)} 元"
    return work.paid_from_own("account", "account.kinds", amount_fen, text)


def cash(work: Working, _facts: Facts) -> Working:
    text = f"个人现金支付 {yuan(work.own_fen + work.outside_fen)} 元"
    return work.paid_in_cash("cash", CASE, text)
