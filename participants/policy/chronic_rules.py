"""Rules of 门诊慢特病: a yearly threshold, then a share of the rest up to a yearly cap."""

from contracts.codes import Fund
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import AgeRate, Chronic
from participants.policy.working import Facts, Working


def chronic_threshold(work: Working, facts: Facts) -> Working:
    rule = _chronic(facts)
    left_fen = max(rule.threshold_fen - facts.year.chronic_in_scope_fen, 0)
    borne_fen = min(left_fen, work.open_fen)
    text = f"门诊慢特病年度起付 {yuan(rule.threshold_fen)} 元，本次由个人负担 {yuan(borne_fen)} 元"
    return work.borne("chronic_threshold", "chronic.threshold", borne_fen, text, deductible=True)


def chronic_share(work: Working, facts: Facts) -> Working:
    if work.open_fen == 0:
        return work
    rule, case = _chronic(facts), facts.case
    rate = _rate_at(rule.rates[case.person_type], case.age_years)
    cap_fen = rule.cap_fen[case.person_type]
    room_fen = max(cap_fen - facts.year.chronic_pool_fen, 0)
    text = f"门诊慢特病按比例支付，年度限额 {yuan(cap_fen)} 元，本次最多 {yuan(room_fen)} 元"
    return work.shared(
        "chronic_share",
        rate.source,
        work.open_fen,
        rate_bp=rate.rate_bp,
        fund=Fund.POOL,
        text=text,
        most_fen=room_fen,
    )


def _chronic(facts: Facts) -> Chronic:
    assert facts.policy.chronic is not None, "the route asks for it"
    return facts.policy.chronic


def _rate_at(rates: tuple[AgeRate, ...], age_years: int) -> AgeRate:
    # The loader refuses gaps, so one row always holds.
    return next(rate for rate in rates if rate.holds_at(age_years))
