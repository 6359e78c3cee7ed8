"""Reads `[outpatient]`, `[chronic]` and `[pharmacy]`: thresholds, rates, ceilings and caps."""

from participants.policy.benefits import Amount, CareKind, Clinic, Counts, Limit, Period
from participants.policy.choice import Choice
from participants.policy.reading.bands import refuse
from participants.policy.reading.choice import (
    amount_tree,
    amount_tree_if_any,
    rate_tree,
    rate_tree_if_any,
)
from participants.policy.reading.section import Section
from participants.policy.reading.world import World

CLINICS = (CareKind.OUTPATIENT, CareKind.CHRONIC, CareKind.PHARMACY)

# What is looked at, and what is paid, of which period; the shortest first.
CEILINGS = {
    "cap_visit": (Period.VISIT, Counts.PAYMENT),
    "ceiling_fee_month": (Period.MONTH, Counts.FEE),
    "cap_month": (Period.MONTH, Counts.PAYMENT),
    "ceiling_fee_year": (Period.YEAR, Counts.FEE),
    "cap_year": (Period.YEAR, Counts.PAYMENT),
}


def clinics_of(top: Section, world: World, pool_limit: Limit | None) -> dict[CareKind, Clinic]:
    """The clinics of a file by kind; one may be the same as another; PolicyFileWrong."""
    tables = {kind: top.section(kind) for kind in CLINICS if top.has(kind)}
    found = {
        kind: _clinic(table, world, pool_limit)
        for kind, table in tables.items()
        if not table.has("same_as")
    }
    for kind, table in tables.items():
        if table.has("same_as"):
            others = frozenset(found) - {kind}
            found[kind] = found[table.code("same_as", CareKind, among=others)]
            table.done()
    return {kind: found[kind] for kind in CLINICS if kind in found}


def _clinic(table: Section, world: World, pool_limit: Limit | None) -> Clinic:
    threshold = amount_tree_if_any(table, "threshold", world, of_one_bill=True)
    if threshold is None:
        refuse(table, ["threshold_per"], "there is no threshold")
    found = Clinic(
        visit_self_pay=amount_tree_if_any(table, "visit_self_pay", world, of_one_bill=True),
        threshold=threshold,
        threshold_per=_threshold_per(table),
        rate=rate_tree(table, "rate", world),
        bonus=rate_tree_if_any(table, "bonus", world),
        extra_disease_fen=_extra_disease(table),
        ceilings=_ceilings(table, world),
        disease_limits=_disease_limits(table, world),
        counts_toward_pool_limit=_counts_toward(table, pool_limit),
    )
    table.done()
    return found


def _threshold_per(table: Section) -> Period:
    if not table.has("threshold_per"):
        return Period.YEAR
    return table.code("threshold_per", Period, among=frozenset({Period.VISIT, Period.YEAR}))


def _counts_toward(table: Section, pool_limit: Limit | None) -> bool:
    """Must be said where the pool has a limit; without one there is nothing to count toward."""
    name = "counts_toward_pool_limit"
    if pool_limit is not None:
        return table.flag(name)
    if table.flag(name, default=False):
        table.wrong(name, "inpatient.limit is missing")
    return False


def _extra_disease(table: Section) -> int:
    if not table.has("extra_disease"):
        return 0
    if not table.has("cap_year"):
        table.wrong("extra_disease", "there is no cap_year that could rise")
    return table.fen("extra_disease")


def _ceilings(table: Section, world: World) -> tuple[tuple[Period, Limit], ...]:
    return tuple(
        (period, Limit(amount_tree(table, name, world, of_one_bill=name == "cap_visit"), counts))
        for name, (period, counts) in CEILINGS.items()
        if table.has(name)
    )


def _disease_limits(table: Section, world: World) -> dict[str, Choice[Amount]]:
    if not table.has("disease_caps"):
        return {}
    caps = table.section("disease_caps")
    return {disease: amount_tree(caps, disease, world) for disease in caps.names()}
