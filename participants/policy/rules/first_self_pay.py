"""Rules of 先行自付: by fee class, then for care elsewhere; and what is left of each class."""

from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.rules.facts import Facts
from participants.policy.rules.wording import rate_text
from participants.policy.rules.working import Working


def first_self_pay(work: Working, facts: Facts) -> None:
    """乙类 and the like: a share of the class's fee is borne before all else."""
    by_class = facts.case.in_scope_by_class
    for name, rate_bp in facts.policy.first_self_pay.items():
        fee_fen = by_class.get(name, 0)
        if fee_fen and rate_bp:
            text = f"先行自付（{name}）：{yuan(fee_fen)} 元的 {rate_text(rate_bp)}，由个人自付"
            work.aside("first_self_pay", f"fee_classes.{name}", fee_fen, text, rate_bp=rate_bp)
    work.scope_fen = work.open_fen


def first_self_pay_elsewhere(work: Working, facts: Facts) -> None:
    """Model C: a share of the in-scope fee is borne before the rules at home apply."""
    terms = facts.terms
    if terms is None or not terms.first_self_pay_bp or not work.open_fen:
        return
    rate = rate_text(terms.first_self_pay_bp)
    text = f"异地就医先行自付：政策范围内 {yuan(work.open_fen)} 元的 {rate}，由个人自付"
    source = f"{terms.source}.first_self_pay"
    rate_bp = terms.first_self_pay_bp
    work.aside("first_self_pay_elsewhere", source, work.open_fen, text, rate_bp=rate_bp)
    work.scope_fen = work.open_fen


def parts_by_class(work: Working, facts: Facts, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """The in-scope fee that is left: first of no class in `names` (""), then each in their order.

    The self-pay elsewhere is cut off at rising sums, so that the parts add up to the fen.
    """
    by_class, own = facts.case.in_scope_by_class, facts.policy.first_self_pay
    left = {
        name: by_class[name] - share_of(by_class[name], own.get(name, 0))
        for name in names
        if by_class.get(name)
    }
    cut_bp = 0 if facts.terms is None else facts.terms.first_self_pay_bp
    before_fen = facts.case.in_scope_fen - sum(
        share_of(fee_fen, own.get(name, 0)) for name, fee_fen in by_class.items()
    )
    parts, sum_fen, kept_fen = [], 0, 0
    for name, fee_fen in (("", before_fen - sum(left.values())), *left.items()):
        sum_fen += fee_fen
        now_fen = sum_fen - share_of(sum_fen, cut_bp)
        parts.append((name, now_fen - kept_fen))
        kept_fen = now_fen
    assert kept_fen == work.scope_fen, "the parts are the in-scope fee"
    return parts
