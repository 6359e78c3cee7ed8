"""Reads `[out_of_area.…]`: how care elsewhere differs from care at home, by category."""

from datetime import date

from participants.policy.benefits import Band, Elsewhere, Terms
from participants.policy.reading.bands import bands_of, one_band, refuse
from participants.policy.reading.choice import amount_tree_if_any, rate_tree_if_any
from participants.policy.reading.expressions import percent_text
from participants.policy.reading.national import points_ceiling_on
from participants.policy.reading.section import Section
from participants.policy.reading.world import World


def elsewhere_of(top: Section, world: World, valid_from: date) -> dict[Elsewhere, Terms]:
    """The categories that differ from home; one may be the same as another; PolicyFileWrong."""
    if not top.has("out_of_area"):
        return {}
    table = top.section("out_of_area")
    tables = {one: table.section(one) for one in Elsewhere if table.has(one)}
    table.done()
    found = {one: _terms(row, world) for one, row in tables.items() if not row.has("same_as")}
    own = frozenset(found)
    for one, row in tables.items():
        key = "points"
        if row.has("same_as"):
            if not own:
                row.wrong("same_as", "every category is said to be as another")
            key, found[one] = "same_as", found[row.code("same_as", Elsewhere, among=own)]
        _check_ceiling(row, key, one, found[one], valid_from)
        row.done()
    return {one: found[one] for one in Elsewhere if one in found}


def _terms(row: Section, world: World) -> Terms:
    pays = row.flag("pays", default=True)
    if not pays:
        refuse(row, row.names(), "means nothing beside pays = false")
    deductible = amount_tree_if_any(row, "deductible", world, of_one_bill=True)
    if deductible is None:
        refuse(row, ["keeps_repeat"], "there is no deductible that it could apply to")
    return Terms(
        source=row.here,
        deductible=deductible,
        points_bp=row.percent_bp("points") if row.has("points") else 0,
        factor_bp=row.percent_bp("factor") if row.has("factor") else 10_000,
        first_self_pay_bp=row.percent_bp("first_self_pay") if row.has("first_self_pay") else 0,
        as_level=_as_level(row, world),
        bands=_bands(row, world),
        floor=rate_tree_if_any(row, "floor", world),
        clinic_rate=rate_tree_if_any(row, "clinic_rate", world),
        pays=pays,
        keeps_repeat=row.flag("keeps_repeat", default=False),
    )


def _as_level(row: Section, world: World) -> int | None:
    if not row.has("as_level"):
        return None
    level = row.count("as_level")
    if level not in world.levels:
        row.wrong("as_level", f"not one of the policy's levels: {level}")
    return level


def _bands(row: Section, world: World) -> tuple[Band, ...]:
    """`bands`, or `rate` for one band without end; none: the bands of home."""
    if row.has("rate"):
        refuse(row, ["bands"], "either rate or bands")
        return one_band(row, world)
    return bands_of(row, world) if row.has("bands") else ()


def _check_ceiling(
    row: Section, key: str, category: Elsewhere, terms: Terms, valid_from: date
) -> None:
    """No more points below home than the nation allows for the category."""
    ceiling = points_ceiling_on(valid_from)
    if ceiling is None or category not in ceiling.points_bp:
        return
    most_bp = ceiling.points_bp[category]
    if terms.points_bp > most_bp:
        most, found = percent_text(most_bp), percent_text(terms.points_bp)
        row.wrong(key, f"{found} is over the national ceiling of {most} ({ceiling.source})")
