"""Reads `[[aid]]` with the limit of all aids together, and `[account]`."""

from participants.policy.benefits import Account, Aid, AidBase, CareKind, Limit
from participants.policy.reading.bands import limit_of
from participants.policy.reading.beyond_pool import PAYMENT, kinds_of
from participants.policy.reading.choice import amount_tree_if_any, rate_tree
from participants.policy.reading.section import Section
from participants.policy.reading.world import World, flags_of


def aids_of(top: Section, world: World) -> tuple[tuple[Aid, ...], Limit | None]:
    """The `[[aid]]` rows in file order, and `combined_aid_limit`; PolicyFileWrong."""
    combined = limit_of(top, world, "combined_aid_limit", counts=PAYMENT)
    rows = top.sections("aid") if top.has("aid") else ()
    found: dict[str, Aid] = {}
    for row in rows:
        aid = _aid(row, world, has_combined=combined is not None)
        if aid.id in found:
            row.wrong("id", f"another aid has this id: {aid.id}")
        found[aid.id] = aid
    if combined is not None and not any(aid.counts_in_combined for aid in found.values()):
        top.wrong("combined_aid_limit", "no aid has counts_in_combined = true")
    return tuple(found.values()), combined


def _aid(row: Section, world: World, *, has_combined: bool) -> Aid:
    found = Aid(
        id=row.name("id"),
        label=row.text("label"),
        base=row.code("base", AidBase),
        for_flags=flags_of(row, "for_flags", world),
        not_for_flags=flags_of(row, "not_for_flags", world),
        for_classes=_classes(row, world),
        kinds=kinds_of(row),
        line_limits=_line_limits(row),
        deductible=amount_tree_if_any(row, "deductible", world, of_one_bill=True),
        rate=rate_tree(row, "rate", world),
        limit=limit_of(row, world, counts=PAYMENT),
        counts_in_combined=_counts_in_combined(row, has_combined=has_combined),
    )
    row.done()
    return found


def _classes(row: Section, world: World) -> frozenset[str]:
    if not row.has("for_classes"):
        return frozenset()
    names = row.texts("for_classes")
    for name in names:
        if name not in world.class_names:
            row.wrong("for_classes", f"not one of the policy's classes: {name}")
    return frozenset(names)


def _line_limits(row: Section) -> dict[str, int]:
    """Fee category → how much of one line counts, in fen."""
    if not row.has("line_limits"):
        return {}
    table = row.section("line_limits")
    return {name: table.fen(name) for name in table.names()}


def _counts_in_combined(row: Section, *, has_combined: bool) -> bool:
    """Must be said where there is a combined limit; without one there is nothing to count in."""
    name = "counts_in_combined"
    if has_combined:
        return row.flag(name)
    if row.flag(name, default=False):
        row.wrong(name, "combined_aid_limit is missing")
    return False


def account_of(top: Section) -> Account:
    """The `[account]` table; without it no account pays."""
    if not top.has("account"):
        return Account(frozenset(), False)
    table = top.section("account")
    found = Account(table.codes("kinds", CareKind), table.flag("family", default=False))
    table.done()
    return found
