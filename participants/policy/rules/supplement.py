"""Rules of 公务员补助 and 企业补充: part of the own in-scope share, within a yearly limit."""

from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Supplement
from participants.policy.rules.facts import Facts
from participants.policy.rules.values import rated, room_of, room_text, stated, sum_text
from participants.policy.rules.wording import FUND_TEXT
from participants.policy.rules.working import Working


def supplements(work: Working, facts: Facts) -> None:
    for row in facts.policy.supplements:
        if _is_for(row, facts) and work.own_fen:
            _supplement(work, facts, row)


def _is_for(row: Supplement, facts: Facts) -> bool:
    if facts.kinds.isdisjoint(row.kinds):
        return False
    return not row.for_flags or not row.for_flags.isdisjoint(facts.case.flags)


def _supplement(work: Working, facts: Facts, row: Supplement) -> None:
    base_fen, name = work.own_fen, FUND_TEXT[row.fund]
    text = f"{name}：范围内个人负担 {yuan(base_fen)} 元"
    if row.deductible is not None:
        value = stated(row.deductible, work, facts)
        base_fen = max(base_fen - value.fen, 0)
        text += f"，减起付 {sum_text(value)}，余 {yuan(base_fen)} 元"
    rate = rated(row.rate, None, facts, None)
    amount_fen = share_of(base_fen, rate.bp)
    if row.limit is not None:
        room = room_of(row.limit, _used(facts, row), work, facts)
        text += f"，年度{room_text(room)}"
        amount_fen = min(amount_fen, room.fen)
    work.paid_from_own(
        "supplement",
        rate.source,
        base_fen,
        rate_bp=rate.bp,
        amount_fen=amount_fen,
        fund=row.fund,
        text=f"{text}{rate.how}",
    )
    work.adds("supplement_fen", amount_fen)
    if _has_counter(facts):
        work.counts(f"supplement.{row.fund}", amount_fen)


def _has_counter(facts: Facts) -> bool:
    """The column is of all supplements together; where there are several, each fund has its own."""
    return len(facts.policy.supplements) > 1


def _used(facts: Facts, row: Supplement) -> int:
    """The fund's payments of the year; what no counter names counts for each fund."""
    counters = facts.year.counters
    other_funds = {one.fund for one in facts.policy.supplements} - {row.fund}
    others_fen = sum(counters.get(f"supplement.{fund}", 0) for fund in other_funds)
    own_fen = counters.get(f"supplement.{row.fund}", 0)
    return max(facts.year.supplement_fen - others_fen, own_fen)
