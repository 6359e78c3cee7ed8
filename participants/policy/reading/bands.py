"""Reads bands and limits: `[[….bands]]` without gap or overlap, `limit` and what it counts."""

from collections.abc import Iterable

from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Band, Counts, Limit
from participants.policy.choice import Leaf
from participants.policy.reading.choice import amount_tree, rate_tree
from participants.policy.reading.section import Section
from participants.policy.reading.world import World


def bands_of(table: Section, world: World, begins_fen: int = 0) -> tuple[Band, ...]:
    """The rows `bands` of a table, from `begins_fen` on; only the last may be without end."""
    found: list[Band] = []
    rows = table.sections("bands")
    for place, row in enumerate(rows):
        from_fen = _begin(row, begins_fen)
        to_fen = _end(row, from_fen, is_last=place == len(rows) - 1)
        found.append(
            Band(from_fen, to_fen, rate_tree(row, "rate", world), _label(from_fen, to_fen))
        )
        row.done()
        begins_fen = from_fen if to_fen is None else to_fen
    return tuple(found)


def one_band(table: Section, world: World) -> tuple[Band, ...]:
    """`rate` alone: one band from zero without end."""
    return (Band(0, None, rate_tree(table, "rate", world), _label(0, None)),)


def limit_of(
    table: Section, world: World, name: str = "limit", *, counts: frozenset[Counts]
) -> Limit | None:
    """`limit` with `limit_counts`; the latter may be left out where it can be but one thing."""
    what = f"{name}_counts"
    if not table.has(name):
        refuse(table, [what], f"{table.key(name)} is missing")
        return None
    amount = amount_tree(table, name, world)
    if len(counts) == 1 and not table.has(what):
        return Limit(amount, *counts)
    return Limit(amount, table.code(what, Counts, among=counts))


def check_end(table: Section, bands: tuple[Band, ...], limit: Limit | None, count: Counts) -> None:
    """Where the bands end and where the limit lies must agree, if they count the same."""
    end_fen = bands[-1].to_fen
    if end_fen is None or limit is None or limit.counts is not count:
        return
    fixed = fixed_fen(limit)
    if fixed is None:
        table.wrong("bands", "the last band must be without end: the limit is not one amount")
    if end_fen != fixed:
        table.wrong("bands", f"the last band must end at the limit {yuan(fixed)}, or have no end")


def fixed_fen(limit: Limit) -> int | None:
    """A limit that is the same amount of yuan for everybody; None when it is not."""
    if isinstance(limit.amount, Leaf) and limit.amount.value.of is None:
        return limit.amount.value.fixed_fen
    return None


def _begin(row: Section, expected_fen: int) -> int:
    from_fen = row.fen("from")
    if from_fen != expected_fen:
        fault = "a gap" if from_fen > expected_fen else "an overlap"
        row.wrong("from", f"{fault}: {yuan(expected_fen)} is expected")
    return from_fen


def _end(row: Section, from_fen: int, *, is_last: bool) -> int | None:
    if is_last and not row.has("to"):
        return None
    to_fen = row.fen("to")
    if to_fen <= from_fen:
        row.wrong("to", "must lie above from")
    return to_fen


def _label(from_fen: int, to_fen: int | None) -> str:
    return f"{yuan(from_fen)} 元以上" if to_fen is None else f"{yuan(from_fen)}–{yuan(to_fen)} 元"


def refuse(table: Section, names: Iterable[str], reason: str) -> None:
    """Refuse the first of `names` that stands in the table."""
    for name in names:
        if table.has(name):
            table.wrong(name, reason)
