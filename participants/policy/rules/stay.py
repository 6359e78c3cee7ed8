"""Rules of a stay: deductible, the pool by bands within its yearly limit, the floor elsewhere."""

from typing import NamedTuple

from contracts.codes import Fund
from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Band, Counts, DeductibleLies, Runs, Stay
from participants.policy.rules.banding import Portion, portions
from participants.policy.rules.deductible import deductible
from participants.policy.rules.facts import Facts
from participants.policy.rules.first_self_pay import parts_by_class
from participants.policy.rules.values import Room, rated, room_of, room_text
from participants.policy.rules.wording import rate_text
from participants.policy.rules.working import Working

CLINIC_THRESHOLDS = "clinic_thresholds"
"""Counter: deductibles of the year that are not part of the fee which the pool's limit counts."""


class PoolLimit(NamedTuple):
    """Up to where the pool pays: `end_fen` of the case's in-scope fee, `room_fen` of payment."""

    end_fen: int
    room_fen: int | None
    room: Room | None


def pool_limit(stay: Stay, work: Working, facts: Facts) -> PoolLimit:
    limit = stay.limit
    if limit is None:
        return PoolLimit(work.scope_fen, None, None)
    if limit.counts is Counts.FEE:
        room = room_of(limit, facts.year.in_scope_fen, work, facts)
        return PoolLimit(min(room.fen, work.scope_fen), None, room)
    room = room_of(limit, facts.year.pool_fen, work, facts)
    return PoolLimit(work.scope_fen, room.fen, room)


def stay_by_bands(work: Working, facts: Facts) -> None:
    """The deductible, then the pool's share of each band, then why the rest is left open."""
    stay = _stay(facts)
    limit = pool_limit(stay, work, facts)
    reach_fen = work.open_fen
    if not stay.deductible_reaches_large_sum:
        reach_fen = 0 if limit.room_fen == 0 else limit.end_fen
    deductible(work, facts, reach_fen)
    for portion in _portions(stay, work, facts, limit):
        base_fen, rate = portion.base_fen, portion.rate
        label = portion.band.label
        text = f"统筹分段 {label}：其中 {yuan(base_fen)} 元按比例支付{rate.how}"
        work.shared(
            "bands",
            rate.source,
            base_fen,
            rate_bp=rate.bp,
            amount_fen=portion.amount_fen,
            fund=Fund.POOL,
            text=text,
        )
    if work.open_fen and limit.room is not None:
        text = f"统筹年度{room_text(limit.room)}，其余 {yuan(work.open_fen)} 元统筹不再支付"
        work.noted("pool_limit", limit.room.limit.source, Fund.POOL, text)
    _floor(work, facts, limit)


def _portions(stay: Stay, work: Working, facts: Facts, limit: PoolLimit) -> list[Portion]:
    terms = facts.terms
    if stay.class_rates and facts.case.in_scope_by_class and not (terms and terms.bands):
        return _portions_by_class(stay, work, facts, limit)
    return portions(
        terms.bands if terms is not None and terms.bands else stay.bands,
        lambda band: rated(band.rate, stay.bonus, facts, terms),
        start_fen=_start_fen(stay, work, facts),
        length_fen=limit.end_fen - work.place_fen,
        counts=stay.bands_count,
        room_fen=limit.room_fen,
    )


def _start_fen(stay: Stay, work: Working, facts: Facts) -> int:
    """Where the fee that is still open begins on the scale of the bands."""
    runs_on = stay.bands_run is Runs.THROUGH_YEAR
    if stay.bands_count is Counts.PAYMENT:
        return facts.year.pool_fen if runs_on else 0
    start_fen = work.place_fen + (facts.year.in_scope_fen if runs_on else 0)
    if stay.deductible_lies is DeductibleLies.INSIDE_FIRST_BAND:
        return start_fen
    if not runs_on:
        return start_fen - work.deductible_fen
    below_fen = facts.year.deductible_fen - facts.year.counters.get(CLINIC_THRESHOLDS, 0)
    return start_fen - work.deductible_fen - below_fen


def needs_thresholds_apart(stay: Stay) -> bool:
    """Whether the bands look at the year's deductibles, which must then be those of stays only."""
    below = stay.deductible_lies is DeductibleLies.BELOW_FIRST_BAND
    return below and stay.bands_run is Runs.THROUGH_YEAR


def _portions_by_class(stay: Stay, work: Working, facts: Facts, limit: PoolLimit) -> list[Portion]:
    """One band; each fee class at a rate of its own, after the deductible took its part."""
    band, start_fen = stay.bands[0], _start_fen(stay, work, facts)
    found: list[Portion] = []
    taken_fen, end_fen, room_fen = work.place_fen, limit.end_fen, limit.room_fen
    for name, fee_fen in parts_by_class(work, facts, tuple(stay.class_rates)):
        taken_here_fen = min(taken_fen, fee_fen)
        taken_fen -= taken_here_fen
        end_fen -= taken_here_fen
        rate = rated(stay.class_rates.get(name, band.rate), stay.bonus, facts, facts.terms)
        here = portions(
            (band if not name else _named(band, name),),
            lambda _band, rate=rate: rate,  # type: ignore[misc]  # bound now, not at the call
            start_fen=start_fen,
            length_fen=min(fee_fen - taken_here_fen, end_fen),
            counts=stay.bands_count,
            room_fen=room_fen,
        )
        for portion in here:
            by_fee = stay.bands_count is Counts.FEE
            start_fen += portion.base_fen if by_fee else portion.amount_fen
            end_fen -= portion.base_fen
            room_fen = None if room_fen is None else room_fen - portion.amount_fen
        found.extend(here)
    return found


def _named(band: Band, name: str) -> Band:
    return Band(band.from_fen, band.to_fen, band.rate, f"{band.label}（{name}）")


def _floor(work: Working, facts: Facts, limit: PoolLimit) -> None:
    """Model D: the pool pays at least a share of the in-scope fee, within its limit."""
    terms, paid_fen = facts.terms, work.shares.get(Fund.POOL, 0)
    if terms is None or terms.floor is None:
        return
    rate = rated(terms.floor, None, facts, None)
    least_fen = share_of(limit.end_fen, rate.bp)
    if limit.room_fen is not None:
        least_fen = min(least_fen, limit.room_fen)
    more_fen = min(least_fen - paid_fen, work.own_fen)
    if more_fen <= 0:
        return
    floor = f"{yuan(limit.end_fen)} 元 × {rate_text(rate.bp)}"
    text = (
        f"异地就医保底：政策范围内 {floor}，限额内不低于 {yuan(least_fen)} 元，"
        f"统筹已付 {yuan(paid_fen)} 元，补足 {yuan(more_fen)} 元"
    )
    work.paid_from_own(
        "floor",
        rate.source,
        work.own_fen,
        amount_fen=more_fen,
        fund=Fund.POOL,
        text=text,
    )


def _stay(facts: Facts) -> Stay:
    assert facts.policy.stay is not None, "the route asks for it"
    return facts.policy.stay
