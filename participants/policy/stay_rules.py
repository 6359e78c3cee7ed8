"""Rules of a stay: the deductible, the pool by bands, the large-sum fund above the limit."""

from contracts.codes import Fund, PersonType, VisitKind
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Band, BandsRun, DeductibleLies
from participants.policy.model import CaseRefused
from participants.policy.working import Facts, Working

PERSON_TEXT = {
    PersonType.ACTIVE: "在职",
    PersonType.RETIRED: "退休",
    PersonType.RESIDENT_ADULT: "成年居民",
    PersonType.RESIDENT_MINOR: "未成年居民",
}
LEVEL_TEXT = {1: "一级", 2: "二级", 3: "三级"}


def deductible(work: Working, facts: Facts) -> Working:
    stated_fen, source, why = _stated_deductible(facts)
    borne_fen = min(stated_fen, work.open_fen)
    if not facts.policy.inpatient.deductible_reaches_large_sum:
        borne_fen = min(borne_fen, facts.pool_end_fen)
    text = f"起付线：{why}，{yuan(stated_fen)} 元，本次由个人负担 {yuan(borne_fen)} 元"
    return work.borne("deductible", source, borne_fen, text, deductible=True)


def _stated_deductible(facts: Facts) -> tuple[int, str, str]:
    """The deductible in fen, its key in the policy file, and why in words."""
    stay, case = facts.policy.inpatient, facts.case
    if case.visit_kind is not VisitKind.INPATIENT:
        return 0, "inpatient.as_stay", "门诊特殊治疗按住院待遇，不设起付线"
    elsewhere = case.out_of_area and stay.out_of_area_deductible_fen is not None
    if not stay.waived_flags.isdisjoint(case.flags) and (stay.waived_out_of_area or not elsewhere):
        return 0, "inpatient.waiver", "免起付线的住院"
    if elsewhere:
        assert stay.out_of_area_deductible_fen is not None, "just looked"
        return stay.out_of_area_deductible_fen, "inpatient.deductible.out_of_area", "异地就医"
    return _deductible_by_level(facts)


def _deductible_by_level(facts: Facts) -> tuple[int, str, str]:
    stay, case = facts.policy.inpatient, facts.case
    level = stay.level_used.get(case.hospital_level, case.hospital_level)
    first_fen = stay.deductible_fen.get((case.person_type, level))
    if first_fen is None:
        raise CaseRefused("hospital_level", f"本政策没有该医院等级的起付线：{case.hospital_level}")
    stated_fen = _after_repeats(facts, first_fen, level)
    who = f"{PERSON_TEXT[case.person_type]}，{LEVEL_TEXT.get(case.hospital_level, '')}"
    why = f"{who}，本年第 {facts.year.stays + 1} 次住院"
    return stated_fen, f"inpatient.deductible.{case.person_type}.{level}", why


def _after_repeats(facts: Facts, first_fen: int, level: int) -> int:
    stay, earlier = facts.policy.inpatient, facts.year.stays
    times = earlier if stay.repeat_cumulative else min(earlier, 1)
    floor_fen = min(stay.repeat_floor_fen.get(level, 0), first_fen)
    return max(first_fen - times * stay.repeat_less_fen, floor_fen)


def bands(work: Working, facts: Facts) -> Working:
    """The pool pays by band of the in-scope fee, up to the yearly limit."""
    stay = facts.policy.inpatient
    shift_fen = facts.year.in_scope_fen if stay.bands_run is BandsRun.THROUGH_YEAR else 0
    if stay.deductible_lies is DeductibleLies.BELOW_FIRST_BAND:
        shift_fen -= work.deductible_fen
    return _by_band(
        work,
        facts,
        rule="bands",
        rows=stay.bands[facts.case.person_type],
        shift_fen=shift_fen,
        end_fen=facts.pool_end_fen,
        fund=Fund.POOL,
        name="统筹分段",
    )


def large_sum(work: Working, facts: Facts) -> Working:
    """The large-sum fund pays by band of the year's in-scope fee, above the pool's limit."""
    return _by_band(
        work,
        facts,
        rule="large_sum",
        rows=facts.policy.large_sum,
        shift_fen=facts.year.in_scope_fen,
        end_fen=facts.case.in_scope_fen,
        fund=Fund.LARGE_SUM,
        name="大额分段（年度累计）",
    )


def _by_band(
    work: Working,
    facts: Facts,
    *,
    rule: str,
    rows: tuple[Band, ...],
    shift_fen: int,
    end_fen: int,
    fund: Fund,
    name: str,
) -> Working:
    """Share out the fee from where it is open up to `end_fen`, band by band.

    A fee at place p of this case stands at p + `shift_fen` on the scale of the bands.
    """
    for band in rows:
        place_fen = facts.case.in_scope_fen - work.open_fen
        base_fen = min(end_fen, band.to_fen - shift_fen) - place_fen
        if base_fen > 0:
            text = f"{name} {band.label}：其中 {yuan(base_fen)} 元按比例支付"
            work = work.shared(
                rule, band.source, base_fen, rate_bp=band.rate_bp, fund=fund, text=text
            )
    return work
