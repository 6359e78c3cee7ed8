"""Rules of a stay's deductible 起付线: by tree, by order of stay, waived, elsewhere."""

from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import CareKind, Of, Repeat, Stay
from participants.policy.rules.facts import Facts
from participants.policy.rules.values import Stated, base_of, fen_of, how_of, stated
from participants.policy.rules.wording import ELSEWHERE_TEXT, LEVEL_TEXT, PERSON_TEXT, rate_text
from participants.policy.rules.working import Working


def deductible(work: Working, facts: Facts, room_fen: int) -> None:
    """The person bears it; only of `room_fen` when it does not reach beyond the pool's limit."""
    found, why = _stated_deductible(work, facts)
    borne_fen = min(found.fen, work.open_fen, room_fen)
    how = f"{found.how} = " if found.how else ""
    text = f"起付线：{why}，{how}{yuan(found.fen)} 元，本次由个人负担 {yuan(borne_fen)} 元"
    work.borne("deductible", found.source, borne_fen, text, deductible=True)


def _stated_deductible(work: Working, facts: Facts) -> tuple[Stated, str]:
    """The deductible of this stay, and why in words."""
    stay, case, terms = _stay(facts), facts.case, facts.terms
    if case.kind not in {CareKind.INPATIENT, CareKind.MATERNITY}:
        return Stated(0, "inpatient.as_stay", ""), "门诊特殊治疗按住院待遇，不设起付线"
    if not stay.waiver.flags.isdisjoint(case.flags) and (terms is None or stay.waiver.out_of_area):
        return Stated(0, "inpatient.waiver", ""), "免起付线的住院"
    if terms is None or terms.deductible is None:
        return _after_repeats(stated(stay.deductible, work, facts), work, facts), _who(facts)
    assert case.elsewhere is not None, "terms belong to a category"
    found, why = stated(terms.deductible, work, facts), ELSEWHERE_TEXT[case.elsewhere]
    if terms.keeps_repeat:
        found = _after_repeats(found, work, facts)
        why = f"{why}，本年第 {facts.year.stays + 1} 次住院"
    return found, why


def _who(facts: Facts) -> str:
    case = facts.case
    who = f"{PERSON_TEXT[case.person_type]}，{LEVEL_TEXT[case.hospital_level]}"
    return f"{who}，本年第 {facts.year.stays + 1} 次住院"


def _after_repeats(first: Stated, work: Working, facts: Facts) -> Stated:
    repeat, earlier = _stay(facts).repeat, facts.year.stays
    if earlier == 0:
        return first
    if repeat.by_stay:
        return _by_stay(first, repeat, earlier + 1, work, facts)
    if repeat.less_fen == 0:
        return first
    return _less_per_stay(first, repeat, earlier, work, facts)


def _by_stay(first: Stated, repeat: Repeat, nth: int, work: Working, facts: Facts) -> Stated:
    rows = [row for row in repeat.by_stay if row[0] <= nth]
    if not rows:
        return first
    _, amount, source = rows[-1]
    if amount.of is Of.FIRST_STAY:
        how = f"首次 {yuan(first.fen)} 元（{first.source}）× {rate_text(amount.share_bp)}"
        return Stated(fen_of(amount, first.fen), source, how)
    base_fen = base_of(amount.of, work, facts) if amount.of is not None else 0
    return Stated(fen_of(amount, base_fen), source, how_of(amount, base_fen))


def _less_per_stay(
    first: Stated, repeat: Repeat, earlier: int, work: Working, facts: Facts
) -> Stated:
    times = earlier if repeat.cumulative else 1
    how = f"首次 {yuan(first.fen)} 元（{first.source}）减 {times} 次 {yuan(repeat.less_fen)} 元"
    floor_fen = 0
    if repeat.floor is not None:
        # A floor above the first stay's deductible would make the second dearer than the first.
        floor_fen = min(stated(repeat.floor, work, facts).fen, first.fen)
        how += f"，不低于 {yuan(floor_fen)} 元"
    return Stated(max(first.fen - times * repeat.less_fen, floor_fen), "inpatient.repeat", how)


def _stay(facts: Facts) -> Stay:
    assert facts.policy.stay is not None, "the route asks for it"
    return facts.policy.stay
