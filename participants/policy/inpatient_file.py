"""Reads the inpatient part of a policy file: deductibles, repeats, bands, limits, large sums."""

from contracts.codes import PersonType, VisitKind
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Band, BandsRun, DeductibleLies, Inpatient, LimitCounts
from participants.policy.section import Section

LEVELS = (1, 2, 3)


def inpatient_of(stay: Section, people: frozenset[PersonType]) -> Inpatient:
    """The `[inpatient]` table; PolicyFileWrong when its rows have gaps or a level is missing."""
    amounts, repeat = stay.section("deductible"), stay.section("repeat")
    waiver, as_stay = stay.section("waiver"), stay.section("as_stay")
    pool_limit_fen = stay.fen("pool_limit")
    level_used = _level_used(amounts)
    found = Inpatient(
        deductible_fen=_deductibles(amounts, people, level_used),
        out_of_area_deductible_fen=(
            amounts.fen("out_of_area") if amounts.has("out_of_area") else None
        ),
        level_used=level_used,
        repeat_less_fen=repeat.fen("less_per_stay"),
        repeat_cumulative=repeat.flag("cumulative"),
        repeat_floor_fen=_floors(repeat),
        counts_out_of_area_stays=repeat.flag("counts_out_of_area_stays"),
        waived_flags=waiver.texts("flags"),
        waived_out_of_area=waiver.flag("out_of_area"),
        as_stay_kinds=as_stay.codes("kinds", VisitKind),
        as_stay_flags=as_stay.texts("flags"),
        bands=_bands(stay, people, pool_limit_fen),
        bands_run=stay.code("bands_run", BandsRun),
        deductible_lies=stay.code("deductible_lies", DeductibleLies),
        deductible_reaches_large_sum=stay.flag("deductible_reaches_large_sum"),
        pool_limit_fen=pool_limit_fen,
        pool_limit_counts=stay.code("pool_limit_counts", LimitCounts),
    )
    for section in (amounts, repeat, waiver, as_stay, stay):
        section.done()
    return found


def large_sum_of(top: Section, pool_limit_fen: int) -> tuple[Band, ...]:
    """The `[[large_sum.bands]]`, from the pool's limit on without a gap; none is none."""
    if not top.has("large_sum"):
        return ()
    table = top.section("large_sum")
    found: list[Band] = []
    for row in table.sections("bands"):
        begins_fen = found[-1].to_fen if found else pool_limit_fen
        from_fen, to_fen = _limits(row, begins_fen)
        label, source = _label(from_fen, to_fen), row.key("rate")
        found.append(Band(from_fen, to_fen, row.rate_bp("rate"), source, label))
        row.done()
    table.done()
    return tuple(found)


def _level_used(amounts: Section) -> dict[int, int]:
    """Levels for which the text has no row, and the level whose row they use."""
    if not amounts.has("level_used"):
        return {}
    table = amounts.section("level_used")
    found = {table.level(name): table.count(name) for name in table.names()}
    table.done()
    return found


def _deductibles(
    amounts: Section, people: frozenset[PersonType], level_used: dict[int, int]
) -> dict[tuple[PersonType, int], int]:
    found: dict[tuple[PersonType, int], int] = {}
    for person in sorted(people):
        row = amounts.section(person)
        for level in LEVELS:
            if row.has(str(level)):
                found[person, level] = row.fen(str(level))
            if (person, level_used.get(level, level)) not in found:
                row.wrong(str(level), "no deductible for this level, nor a level_used for it")
        row.done()
    return found


def _floors(repeat: Section) -> dict[int, int]:
    if not repeat.has("floor"):
        return {}
    table = repeat.section("floor")
    found = {table.level(name): table.fen(name) for name in table.names()}
    table.done()
    return found


def _bands(
    stay: Section, people: frozenset[PersonType], pool_limit_fen: int
) -> dict[PersonType, tuple[Band, ...]]:
    found: dict[PersonType, list[Band]] = {person: [] for person in sorted(people)}
    begins_fen = 0
    for row in stay.sections("bands"):
        from_fen, to_fen = _limits(row, begins_fen)
        label, begins_fen = _label(from_fen, to_fen), to_fen
        for person, bands in found.items():
            bands.append(Band(from_fen, to_fen, row.rate_bp(person), row.key(person), label))
        row.done()
    if begins_fen != pool_limit_fen:
        stay.wrong("bands", f"the last band must end at the pool's limit {yuan(pool_limit_fen)}")
    return {person: tuple(bands) for person, bands in found.items()}


def _limits(row: Section, begins_fen: int) -> tuple[int, int]:
    from_fen, to_fen = row.fen("from"), row.fen("to")
    if from_fen != begins_fen:
        fault = "a gap" if from_fen > begins_fen else "an overlap"
        row.wrong("from", f"{fault}: {yuan(begins_fen)} is expected")
    if to_fen <= from_fen:
        row.wrong("to", "must lie above from")
    return from_fen, to_fen


def _label(from_fen: int, to_fen: int) -> str:
    return f"{yuan(from_fen)}–{yuan(to_fen)} 元"
