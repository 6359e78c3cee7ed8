"""Rules of outpatient, chronic and pharmacy care: self-pay a visit, threshold, ceilings, share."""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.codes import Fund
from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import CareKind, Clinic, Counts, Limit, Period, Stay
from participants.policy.rules.facts import Facts, listed
from participants.policy.rules.stay import pool_limit
from participants.policy.rules.values import (
    Rated,
    Room,
    Stated,
    rated,
    room_of,
    room_text,
    stated,
    sum_text,
)
from participants.policy.rules.wording import KIND_TEXT
from participants.policy.rules.working import Working

PERIOD_TEXT = {Period.VISIT: "每次", Period.MONTH: "每月", Period.YEAR: "年度"}
CLINICS = (CareKind.OUTPATIENT, CareKind.CHRONIC, CareKind.PHARMACY)
COLUMNS = {
    CareKind.OUTPATIENT: ("outpatient_in_scope_fen", "outpatient_pool_fen"),
    CareKind.CHRONIC: ("chronic_in_scope_fen", "chronic_pool_fen"),
}
"""The columns of a year for a clinic's fee and payment; pharmacies have counters instead."""


class Bound(NamedTuple):
    """One ceiling of fee, or cap of payment, with its name in words."""

    name: str
    room: Room


def visit_self_pay(work: Working, facts: Facts) -> None:
    clinic = clinic_of(facts)
    if clinic.visit_self_pay is None:
        return
    value = stated(clinic.visit_self_pay, work, facts)
    borne_fen = min(value.fen, work.open_fen)
    text = f"每次就诊先自付 {sum_text(value)}，本次由个人负担 {yuan(borne_fen)} 元"
    work.borne("visit_self_pay", value.source, borne_fen, text)


def threshold(work: Working, facts: Facts) -> None:
    """The fee below it is the person's; a year's threshold goes on where the year stands."""
    clinic = clinic_of(facts)
    if clinic.threshold is None:
        return
    value, period = stated(clinic.threshold, work, facts), clinic.threshold_per
    used_fen = used(facts, Counts.FEE, period)
    # What the person bore at the visit's begin is fee that the year's threshold counts as well.
    seen_fen = 0 if period is Period.VISIT else used_fen + work.place_fen
    borne_fen = min(max(value.fen - seen_fen, 0), work.open_fen)
    text = (
        f"{KIND_TEXT[facts.case.kind]}{PERIOD_TEXT[period]}起付 {sum_text(value)}，"
        f"已计费用 {yuan(seen_fen)} 元，本次由个人负担 {yuan(borne_fen)} 元"
    )
    work.borne("threshold", value.source, borne_fen, text, deductible=True)


def fee_ceiling(work: Working, facts: Facts) -> None:
    """What lies beyond the ceilings of fee is the person's own."""
    bound = min(_bounds(work, facts, Counts.FEE), key=lambda one: one.room.fen, default=None)
    if bound is None:
        return
    beyond_fen = min(work.scope_fen - bound.room.fen, work.open_fen)
    if beyond_fen > 0:
        text = f"{bound.name}费用{room_text(bound.room)}，超出 {yuan(beyond_fen)} 元由个人负担"
        work.borne("fee_ceiling", bound.room.limit.source, beyond_fen, text)


def clinic_share(work: Working, facts: Facts) -> None:
    """The pool pays the rate, at most what the narrowest cap leaves."""
    base_fen = work.open_fen
    if base_fen == 0:
        return
    rate = _rate(facts)
    amount_fen = share_of(base_fen, rate.bp)
    text = f"{KIND_TEXT[facts.case.kind]}按比例支付{rate.how}"
    bound = min(_bounds(work, facts, Counts.PAYMENT), key=lambda one: one.room.fen, default=None)
    if bound is not None:
        text += f"，{bound.name}支付{room_text(bound.room)}"
        amount_fen = min(amount_fen, bound.room.fen)
    work.shared(
        "clinic",
        rate.source,
        base_fen,
        rate_bp=rate.bp,
        amount_fen=amount_fen,
        fund=Fund.POOL,
        text=text,
    )


def _rate(facts: Facts) -> Rated:
    clinic, terms = clinic_of(facts), facts.terms
    choice = clinic.rate
    if terms is not None and terms.clinic_rate is not None:
        choice = terms.clinic_rate
    return rated(choice, clinic.bonus, facts, terms)


def _bounds(work: Working, facts: Facts, counts: Counts) -> Iterator[Bound]:
    """All ceilings of fee or all caps of payment that bind this visit."""
    clinic, kind = clinic_of(facts), KIND_TEXT[facts.case.kind]
    for period, limit in clinic.ceilings:
        if limit.counts is counts:
            room = room_of(limit, used(facts, counts, period), work, facts)
            if counts is Counts.PAYMENT and period is Period.YEAR:
                room = _with_extra_diseases(room, clinic, facts)
            yield Bound(f"{kind}{PERIOD_TEXT[period]}", room)
    disease = listed(facts.case.disease, clinic.disease_limits)
    if disease is not None and counts is Counts.PAYMENT:
        used_fen = facts.year.counters.get(disease_counter(disease), 0)
        limit = Limit(clinic.disease_limits[disease], Counts.PAYMENT)
        yield Bound(f"病种 {disease} 年度", room_of(limit, used_fen, work, facts))
    stay = facts.policy.stay
    if clinic.counts_toward_pool_limit and stay is not None:
        yield from _pool_bound(stay, work, facts, counts)


def _pool_bound(stay: Stay, work: Working, facts: Facts, counts: Counts) -> Iterator[Bound]:
    if stay.limit is not None and stay.limit.counts is counts:
        room = pool_limit(stay, work, facts).room
        assert room is not None, "there is a limit"
        yield Bound("统筹年度", room)


def _with_extra_diseases(room: Room, clinic: Clinic, facts: Facts) -> Room:
    """The yearly cap rises for every approved disease after the first."""
    further = max(facts.case.diseases_approved - 1, 0)
    if not clinic.extra_disease_fen or not further:
        return room
    cap = room.limit
    fen = cap.fen + further * clinic.extra_disease_fen
    how = f"{yuan(cap.fen)} 元 + 另 {further} 种病 × {yuan(clinic.extra_disease_fen)} 元"
    return Room(max(fen - room.used_fen, 0), Stated(fen, cap.source, how), room.used_fen)


def clinic_of(facts: Facts) -> Clinic:
    return facts.policy.clinics[facts.case.kind]


def counted_as(facts: Facts) -> CareKind:
    """As which care a visit counts: kinds under the same rules use the same year."""
    kind, clinics = facts.case.kind, facts.policy.clinics
    return next(one for one in CLINICS if clinics.get(one) is clinics[kind])


def used(facts: Facts, counts: Counts, period: Period) -> int:
    """How much fee or payment the period has already had before this visit."""
    if period is Period.VISIT:
        return 0
    kind = counted_as(facts)
    if period is Period.MONTH:
        return facts.year.counters.get(month_counter(kind, counts, facts.case.month), 0)
    if kind in COLUMNS:
        name = COLUMNS[kind][counts is Counts.PAYMENT]
        return int(getattr(facts.year, name))
    return facts.year.counters.get(counter(kind, counts), 0)


def counter(kind: CareKind, counts: Counts) -> str:
    """'pharmacy_pool', 'pharmacy_in_scope'."""
    return f"{kind}_{'pool' if counts is Counts.PAYMENT else 'in_scope'}"


def month_counter(kind: CareKind, counts: Counts, month: str) -> str:
    """'outpatient_pool.2026-05'."""
    return f"{counter(kind, counts)}.{month}"


def disease_counter(disease: str) -> str:
    """'disease_pool.M01600'."""
    return f"disease_pool.{disease}"
