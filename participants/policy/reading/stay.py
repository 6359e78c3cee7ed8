"""Reads `[inpatient]`: deductibles, repeats, waivers, bands, the pool's limit, class rates."""

import re

from participants.policy.benefits import (
    CHRONIC_CODE,
    Amount,
    AsStay,
    CareKind,
    Counts,
    DeductibleLies,
    Of,
    Rate,
    Repeat,
    Runs,
    Stay,
    Waiver,
)
from participants.policy.choice import By, Choice
from participants.policy.reading.bands import bands_of, check_end, limit_of
from participants.policy.reading.choice import (
    amount_tree,
    amount_tree_if_any,
    check_parameter,
    dimensions,
    rate_tree,
    rate_tree_if_any,
)
from participants.policy.reading.expressions import Unreadable, amount_of, basis_points_of
from participants.policy.reading.section import Section
from participants.policy.reading.world import World, flags_of

_STAY = re.compile(r"stay_([2-9]|[1-9]\d{1,2})", re.ASCII)


def stay_of(table: Section, world: World) -> Stay:
    """The `[inpatient]` table; PolicyFileWrong."""
    limit = limit_of(table, world, counts=frozenset(Counts))
    count = table.code("bands_count", Counts) if table.has("bands_count") else Counts.FEE
    bands = bands_of(table, world)
    check_end(table, bands, limit, count)
    deductible = amount_tree(table, "deductible", world, of_one_bill=True)
    found = Stay(
        deductible=deductible,
        repeat=_repeat(table, world, deductible),
        waiver=_waiver(table, world),
        as_stay=_as_stay(table, world),
        bands=bands,
        bands_count=count,
        bands_run=table.code("bands_run", Runs),
        deductible_lies=table.code("deductible_lies", DeductibleLies),
        deductible_reaches_large_sum=table.flag("deductible_reaches_large_sum"),
        bonus=rate_tree_if_any(table, "bonus", world),
        class_rates=_class_rates(table, world, len(bands)),
        limit=limit,
    )
    table.done()
    return found


def _repeat(stay: Section, world: World, deductible: Choice[Amount]) -> Repeat:
    """`[inpatient.repeat]`; without it every stay has the same deductible, wherever it was."""
    if not stay.has("repeat"):
        return Repeat(0, False, None, (), True)
    table = stay.section("repeat")
    if By.STAY in dimensions(deductible):
        table.wrong_table("inpatient.deductible has branches by stay already")
    matches = [match for name in table.names() if (match := _STAY.fullmatch(name))]
    steps = sorted((int(match[1]), match[0]) for match in matches)
    less_fen, cumulative = 0, False
    floor: Choice[Amount] | None = None
    if not steps:
        less_fen, cumulative = table.fen("less_per_stay"), table.flag("cumulative")
        floor = amount_tree_if_any(table, "floor", world)
    found = Repeat(
        less_fen=less_fen,
        cumulative=cumulative,
        floor=floor,
        by_stay=tuple((nth, _by_stay(table, name, world), table.key(name)) for nth, name in steps),
        counts_out_of_area_stays=table.flag("counts_out_of_area_stays"),
    )
    table.done()
    return found


def _by_stay(table: Section, name: str, world: World) -> Amount:
    amount = table.read(name, _deductible_of)
    check_parameter(table, name, amount, world)
    return amount


def _deductible_of(text: object) -> Amount:
    """A bare percentage is of the first stay's deductible; everything else an amount."""
    try:
        return Amount(share_bp=basis_points_of(text), of=Of.FIRST_STAY)
    except Unreadable:
        return amount_of(text)


def _waiver(stay: Section, world: World) -> Waiver:
    if not stay.has("waiver"):
        return Waiver(frozenset(), False)
    table = stay.section("waiver")
    if not table.has("flags"):
        table.wrong("flags", "is missing")
    found = Waiver(flags_of(table, "flags", world), table.flag("out_of_area"))
    table.done()
    return found


def _as_stay(stay: Section, world: World) -> AsStay:
    if not stay.has("as_stay"):
        return AsStay(frozenset(), frozenset())
    table = stay.section("as_stay")
    if not table.has("flags") and not table.has("diseases"):
        table.wrong("flags", "is missing, and so is diseases")
    found = AsStay(
        kinds=table.codes("kinds", CareKind),
        flags=flags_of(table, "flags", world),
        diseases=_diseases(table),
    )
    table.done()
    return found


def _diseases(table: Section) -> frozenset[str]:
    if not table.has("diseases"):
        return frozenset()
    codes = table.texts("diseases")
    for code in codes:
        if not CHRONIC_CODE.fullmatch(code):
            table.wrong("diseases", f"a code such as M07800 is expected, not {code!r}")
    return frozenset(codes)


def _class_rates(stay: Section, world: World, bands: int) -> dict[str, Choice[Rate]]:
    if not stay.has("class_rates"):
        return {}
    if bands != 1:
        stay.wrong("class_rates", f"fee classes have rates only beside one band, not {bands}")
    table = stay.section("class_rates")
    for name in table.names():
        if name not in world.fee_classes:
            table.wrong(name, "not one of the policy's fee_classes")
    return {name: rate_tree(table, name, world) for name in table.names()}
