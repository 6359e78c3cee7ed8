"""Reads `[maternity]`: lump sums by flag."""

from contracts.codes import Fund
from participants.policy.benefits import LumpSum, Maternity
from participants.policy.reading.bands import refuse
from participants.policy.reading.choice import amount_tree
from participants.policy.reading.section import Section
from participants.policy.reading.world import World, check_flag

FUNDS = frozenset({Fund.POOL, Fund.OTHER})


def maternity_of(top: Section, world: World) -> Maternity | None:
    """The `[maternity]` table; PolicyFileWrong."""
    if not top.has("maternity"):
        return None
    table = top.section("maternity")
    found = Maternity(
        fund=table.code("fund", Fund, among=FUNDS),
        lump_sums=_lump_sums(table, world),
        only_out_of_area=table.flag("only_out_of_area"),
    )
    table.done()
    return found


def _lump_sums(table: Section, world: World) -> tuple[LumpSum, ...]:
    found: dict[str | None, LumpSum] = {}
    for row in table.sections("lump_sums"):
        lump_sum = _lump_sum(row, world)
        if lump_sum.flag in found:
            row.wrong("flag", "another lump sum is paid for the same")
        found[lump_sum.flag] = lump_sum
    return tuple(found.values())


def _lump_sum(row: Section, world: World) -> LumpSum:
    flag = row.text("flag") if row.has("flag") else None
    if flag is not None:
        check_flag(row, "flag", flag, world)
    months = row.count("months_needed") if row.has("months_needed") else 0
    if months == 0:
        refuse(row, ["per_month_insured"], "months_needed is missing")
    found = LumpSum(
        flag=flag,
        label=row.text("label"),
        amount=amount_tree(row, "amount", world),
        per_month_insured_fen=row.fen("per_month_insured") if row.has("per_month_insured") else 0,
        months_needed=months,
        source=row.key("amount"),
    )
    row.done()
    return found
