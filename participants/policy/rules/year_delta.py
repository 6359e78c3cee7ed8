"""What a case adds to the year: the parts of its route, and what the rules counted."""

from contracts.codes import Fund
from participants.policy.benefits import CareKind, Counts, Period
from participants.policy.model import YearToDate
from participants.policy.rules.clinic import (
    COLUMNS,
    clinic_of,
    counted_as,
    counter,
    disease_counter,
    month_counter,
)
from participants.policy.rules.facts import Facts, Route, listed
from participants.policy.rules.stay import CLINIC_THRESHOLDS, needs_thresholds_apart
from participants.policy.rules.working import Working


def delta_of(work: Working, facts: Facts) -> YearToDate:
    if facts.route is Route.STAY:
        return _of_stay(work, facts)
    if facts.route is Route.CLINIC:
        _count_clinic(work, facts)
    return YearToDate(deductible_fen=work.deductible_fen, counters=work.counters, **work.columns)


def _of_stay(work: Working, facts: Facts) -> YearToDate:
    return YearToDate(
        in_scope_fen=work.scope_fen,
        deductible_fen=work.deductible_fen,
        pool_fen=work.shares.get(Fund.POOL, 0),
        stays=int(_is_counted_stay(facts)),
        counters=work.counters,
        **work.columns,
    )


def _is_counted_stay(facts: Facts) -> bool:
    if facts.case.kind not in {CareKind.INPATIENT, CareKind.MATERNITY}:
        return False
    stay = facts.policy.stay
    assert stay is not None, "the route asks for it"
    return stay.repeat.counts_out_of_area_stays or not facts.away


def _count_clinic(work: Working, facts: Facts) -> None:
    clinic, kind = clinic_of(facts), counted_as(facts)
    used = {Counts.FEE: work.scope_fen, Counts.PAYMENT: work.shares.get(Fund.POOL, 0)}
    for place, (counts, fen) in enumerate(used.items()):
        if kind in COLUMNS:
            work.adds(COLUMNS[kind][place], fen)
        else:
            work.counts(counter(kind, counts), fen)
    for counts in {limit.counts for period, limit in clinic.ceilings if period is Period.MONTH}:
        work.counts(month_counter(kind, counts, facts.case.month), used[counts])
    disease = listed(facts.case.disease, clinic.disease_limits)
    if disease is not None:
        work.counts(disease_counter(disease), used[Counts.PAYMENT])
    if clinic.counts_toward_pool_limit:
        work.adds("in_scope_fen", used[Counts.FEE])
        work.adds("pool_fen", used[Counts.PAYMENT])
    elif facts.policy.stay is not None and needs_thresholds_apart(facts.policy.stay):
        work.counts(CLINIC_THRESHOLDS, work.deductible_fen)
