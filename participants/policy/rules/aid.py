"""Rules of 医疗救助: a share of what the person would have to pay, within limits."""

from contracts.codes import Fund
from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Aid, AidBase
from participants.policy.choice import By
from participants.policy.rules.facts import Facts
from participants.policy.rules.values import Room, rated, room_of, room_text, stated, sum_text
from participants.policy.rules.working import Working


def aids(work: Working, facts: Facts) -> None:
    for row in facts.policy.aids:
        if _is_for(row, facts):
            _aid(work, facts, row)


def _is_for(row: Aid, facts: Facts) -> bool:
    if facts.kinds.isdisjoint(row.kinds):
        return False
    if row.for_classes and facts.where[By.CLASS] not in row.for_classes:
        return False
    if not row.not_for_flags.isdisjoint(facts.case.flags):
        return False
    return not row.for_flags or not row.for_flags.isdisjoint(facts.case.flags)


def _aid(work: Working, facts: Facts, row: Aid) -> None:
    base_fen, text = _base(work, facts, row)
    rate = rated(row.rate, None, facts, None)
    amount_fen = share_of(base_fen, rate.bp)
    for name, room in _rooms(work, facts, row):
        text += f"，{name}{room_text(room)}"
        amount_fen = min(amount_fen, room.fen)
    if base_fen == 0 and work.own_fen + work.outside_fen == 0:
        return
    work.paid_from_own(
        "aid",
        rate.source,
        base_fen,
        rate_bp=rate.bp,
        amount_fen=amount_fen,
        fund=Fund.MEDICAL_AID,
        text=f"{row.label}：{text}{rate.how}",
    )
    work.adds("aid_fen", amount_fen)
    work.counts(f"aid.{row.id}", amount_fen)


def _base(work: Working, facts: Facts, row: Aid) -> tuple[int, str]:
    """What the aid's rate is of: the person's part, less what lines exceed, less a deductible."""
    base_fen, text = work.own_fen, f"范围内个人负担 {yuan(work.own_fen)} 元"
    if row.base is AidBase.OWN_TOTAL:
        base_fen += work.outside_fen
        text += f" + 范围外自付 {yuan(work.outside_fen)} 元"
    beyond_fen = sum(
        max(line.amount_fen - row.line_limits.get(line.category, line.amount_fen), 0)
        for line in facts.case.lines
    )
    if beyond_fen:
        base_fen = max(base_fen - beyond_fen, 0)
        text += f"，减单项超限 {yuan(beyond_fen)} 元"
    if row.deductible is not None:
        value = stated(row.deductible, work, facts)
        base_fen = max(base_fen - value.fen, 0)
        text += f"，减起付 {sum_text(value)}"
    return base_fen, f"{text}，救助基数 {yuan(base_fen)} 元"


def _rooms(work: Working, facts: Facts, row: Aid) -> list[tuple[str, Room]]:
    rooms = []
    if row.limit is not None:
        rooms.append(("年度", room_of(row.limit, _used(facts, row), work, facts)))
    combined = facts.policy.combined_aid_limit
    if combined is not None and row.counts_in_combined:
        rooms.append(("合并年度", room_of(combined, _used_together(work, facts), work, facts)))
    return rooms


def _used(facts: Facts, row: Aid) -> int:
    """All aid of the year but for what the counters say the other aids paid.

    What no counter names, as in a case file written by hand, counts for each.
    """
    counters = facts.year.counters
    others_fen = sum(
        counters.get(f"aid.{one.id}", 0) for one in facts.policy.aids if one is not row
    )
    return max(facts.year.aid_fen - others_fen, counters.get(f"aid.{row.id}", 0))


def _used_together(work: Working, facts: Facts) -> int:
    """All aid of the year, with this bill's, but for the aids that do not count."""
    apart = [f"aid.{row.id}" for row in facts.policy.aids if not row.counts_in_combined]
    paid_fen = facts.year.aid_fen + work.columns.get("aid_fen", 0)
    counted = (facts.year.counters, work.counters)
    apart_fen = sum(counters.get(name, 0) for counters in counted for name in apart)
    return max(paid_fen - apart_fen, 0)
