"""The rule of 生育定额: a lump sum, paid whatever the bill is."""

from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import LumpSum
from participants.policy.rules.facts import Facts
from participants.policy.rules.values import Stated, stated, sum_text
from participants.policy.rules.working import Working

COUNTER = "maternity"


def lump_sum(work: Working, facts: Facts) -> None:
    """Pays the bill as far as it goes; what is more goes to the person beside the bill."""
    part = facts.policy.maternity
    assert part is not None, "the route asks for it"
    row = _row(facts, part.lump_sums)
    value = _amount(row, work, facts)
    bill_fen = work.open_fen
    paid_fen = min(value.fen, bill_fen)
    text = f"{row.label}定额 {sum_text(value)}，不分范围内外，本次账单 {yuan(bill_fen)} 元"
    work.shared(
        "lump_sum",
        value.source,
        bill_fen,
        rate_bp=None,
        amount_fen=paid_fen,
        fund=part.fund,
        text=f"{text}，其余由个人负担",
    )
    if value.fen > paid_fen:
        beyond_fen = value.fen - paid_fen
        text = f"定额超出账单 {yuan(beyond_fen)} 元，另付本人"
        work.beside("beyond_bill", value.source, beyond_fen, part.fund, text)
    work.counts(COUNTER, value.fen)


def _row(facts: Facts, rows: tuple[LumpSum, ...]) -> LumpSum:
    """The first row of one of the case's flags, else the row without a flag."""
    for row in rows:
        if row.flag in facts.case.flags:
            return row
    return next(row for row in rows if row.flag is None)


def _amount(row: LumpSum, work: Working, facts: Facts) -> Stated:
    whole, months = stated(row.amount, work, facts), facts.case.months_insured
    if months is None or months >= row.months_needed:
        return whole
    fen = min(months * row.per_month_insured_fen, whole.fen)
    how = (
        f"连续缴费 {months} 个月，不满 {row.months_needed} 个月："
        f"每月 {yuan(row.per_month_insured_fen)} 元，不超过 {yuan(whole.fen)} 元"
    )
    return Stated(fen, row.source, how)
