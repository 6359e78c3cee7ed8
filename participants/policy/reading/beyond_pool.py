"""Reads what pays after the pool: `[[large_sum]]` and `[[supplement]]`."""

from contracts.codes import Fund
from participants.policy.benefits import (
    Band,
    CareKind,
    Counts,
    LargeSum,
    LargeSumBase,
    Runs,
    Stay,
    Supplement,
)
from participants.policy.reading.bands import bands_of, fixed_fen, limit_of, refuse
from participants.policy.reading.choice import amount_tree_if_any, rate_tree, rate_tree_if_any
from participants.policy.reading.section import Section
from participants.policy.reading.world import World, flags_of

LARGE_SUM_FUNDS = frozenset({Fund.LARGE_SUM, Fund.CRITICAL_ILLNESS})
SUPPLEMENT_FUNDS = frozenset({Fund.CIVIL_SERVANT, Fund.ENTERPRISE})
PAYMENT = frozenset({Counts.PAYMENT})


def large_sums_of(top: Section, world: World, stay: Stay | None) -> tuple[LargeSum, ...]:
    """The `[[large_sum]]` rows in file order; PolicyFileWrong."""
    if not top.has("large_sum"):
        return ()
    return tuple(_large_sum(row, world, stay) for row in top.sections("large_sum"))


def kinds_of(row: Section) -> frozenset[CareKind]:
    """`kinds`, and stays only when it is left out."""
    return row.codes("kinds", CareKind) if row.has("kinds") else frozenset({CareKind.INPATIENT})


def _large_sum(row: Section, world: World, stay: Stay | None) -> LargeSum:
    base, runs = row.code("base", LargeSumBase), row.code("bands_run", Runs)
    found = LargeSum(
        fund=row.code("fund", Fund, among=LARGE_SUM_FUNDS),
        base=base,
        kinds=kinds_of(row),
        bands=_bands(row, world, stay, base, runs),
        deductible=amount_tree_if_any(row, "deductible", world),
        bands_run=runs,
        bonus=rate_tree_if_any(row, "bonus", world),
        limit=limit_of(row, world, counts=frozenset(Counts)),
    )
    row.done()
    return found


def _bands(
    row: Section, world: World, stay: Stay | None, base: LargeSumBase, runs: Runs
) -> tuple[Band, ...]:
    if base is not LargeSumBase.FEE_ABOVE_LIMIT:
        return bands_of(row, world)
    refuse(row, ["deductible"], "fee_above_limit begins at the pool's limit, without a deductible")
    if runs is not Runs.THROUGH_YEAR:
        row.wrong("bands_run", "fee_above_limit counts the year's fee: through_year is expected")
    return bands_of(row, world, _pool_limit_fen(row, stay))


def _pool_limit_fen(row: Section, stay: Stay | None) -> int:
    limit = None if stay is None else stay.limit
    if limit is None or limit.counts is not Counts.FEE:
        row.wrong("base", "fee_above_limit needs inpatient.limit, counting in_scope_fee")
    found_fen = fixed_fen(limit)
    if found_fen is None:
        row.wrong("base", "fee_above_limit needs one amount as inpatient.limit; or use left_open")
    return found_fen


def supplements_of(top: Section, world: World) -> tuple[Supplement, ...]:
    """The `[[supplement]]` rows in file order; PolicyFileWrong."""
    if not top.has("supplement"):
        return ()
    return tuple(_supplement(row, world) for row in top.sections("supplement"))


def _supplement(row: Section, world: World) -> Supplement:
    found = Supplement(
        fund=row.code("fund", Fund, among=SUPPLEMENT_FUNDS),
        for_flags=flags_of(row, "for_flags", world),
        kinds=kinds_of(row),
        deductible=amount_tree_if_any(row, "deductible", world, of_one_bill=True),
        rate=rate_tree(row, "rate", world),
        limit=limit_of(row, world, counts=PAYMENT),
    )
    row.done()
    return found
