"""What an amount or a rate of the policy comes to in one case, and how, in words."""

from typing import NamedTuple

from contracts.money import BASIS_POINTS
from contracts.money import yuan_from_fen as yuan
from participants.policy.benefits import Amount, Limit, Of, Rate, Terms
from participants.policy.choice import Choice, Leaf, chosen
from participants.policy.rules.facts import Facts
from participants.policy.rules.wording import OF_TEXT, rate_text
from participants.policy.rules.working import Working

AVERAGE_WAGE = "average_wage_fen"
"""The name of the one parameter that an amount can be a share of."""


class Stated(NamedTuple):
    """An amount of the policy in this case, its key in the file, and how it comes about."""

    fen: int
    source: str
    how: str


class Rated(NamedTuple):
    """A rate of the policy in this case, its key in the file, and how it comes about."""

    bp: int
    source: str
    how: str


def stated(choice: Choice[Amount], work: Working, facts: Facts) -> Stated:
    leaf = choice if isinstance(choice, Leaf) else chosen(choice, facts.where)
    amount = leaf.value
    if amount.of is None:
        return Stated(amount.fixed_fen, leaf.source, "")
    base_fen = base_of(amount.of, work, facts)
    return Stated(fen_of(amount, base_fen), leaf.source, how_of(amount, base_fen))


def fen_of(amount: Amount, base_fen: int) -> int:
    """The amount, when what it is a share of is `base_fen`; half a fen is rounded up."""
    if amount.of is None:
        return amount.fixed_fen
    share_fen = max(_part(base_fen, amount.share_bp), amount.at_least_fen)
    return share_fen if amount.at_most_fen is None else min(share_fen, amount.at_most_fen)


def how_of(amount: Amount, base_fen: int) -> str:
    """'上年度平均工资 12000.00 元 × 10%，不低于 …'; '' for an amount that stands in the file."""
    if amount.of is None:
        return ""
    share = rate_text(amount.share_bp)
    if amount.share_bp > BASIS_POINTS:
        share = rate_text(amount.share_bp // 100).rstrip("%")
    parts = [f"{OF_TEXT[amount.of]} {yuan(base_fen)} 元 × {share}"]
    if amount.at_least_fen:
        parts.append(f"不低于 {yuan(amount.at_least_fen)} 元")
    if amount.at_most_fen is not None:
        parts.append(f"不高于 {yuan(amount.at_most_fen)} 元")
    return "，".join(parts)


def sum_text(value: Stated) -> str:
    """'600.00 元', or with the way there: '1200.00 元（上年度平均工资 12000.00 元 × 10%）'."""
    return f"{yuan(value.fen)} 元（{value.how}）" if value.how else f"{yuan(value.fen)} 元"


def base_of(of: Of, work: Working, facts: Facts) -> int:
    if of is Of.AVERAGE_WAGE:
        given = facts.case.parameters
        # A case without a wage has been refused before the first rule.
        return given[AVERAGE_WAGE] if AVERAGE_WAGE in given else facts.policy.defaults[AVERAGE_WAGE]
    if of is Of.BILL:
        return facts.case.total_fen
    assert of is Of.IN_SCOPE, "only a repeat's amount is a share of the first stay's"
    return work.scope_fen


def rated(
    choice: Choice[Rate], bonus: Choice[Rate] | None, facts: Facts, terms: Terms | None
) -> Rated:
    """(rate + bonus, at most 100 %) × the factor elsewhere − the points elsewhere."""
    leaf = choice if isinstance(choice, Leaf) else chosen(choice, facts.where)
    rate, age_years = leaf.value, facts.case.age_years
    bp = rate_at(rate, age_years)
    if bonus is None and terms is None and not rate.per_year_of_age_bp:
        return Rated(bp, leaf.source, "")
    how = _how_of_rate(rate, age_years)
    if bonus is not None:
        bp, how = _with_bonus(bp, how, rate_at(chosen(bonus, facts.where).value, age_years))
    if terms is not None:
        bp, how = _elsewhere(bp, how, terms)
    said = rate_text(bp)
    return Rated(bp, leaf.source, "" if how == said else f"，比例 {how} = {said}")


def _with_bonus(bp: int, how: str, more_bp: int) -> tuple[int, str]:
    if not more_bp:
        return bp, how
    how = f"{how} + 加成 {rate_text(more_bp)}"
    if bp + more_bp > BASIS_POINTS:
        return BASIS_POINTS, f"{how}（不超过 100%）"
    return bp + more_bp, how


def _elsewhere(bp: int, how: str, terms: Terms) -> tuple[int, str]:
    if terms.factor_bp != BASIS_POINTS:
        first = f"（{how}）" if "+" in how else f"{how} "
        bp, how = _part(bp, terms.factor_bp), f"{first}× {rate_text(terms.factor_bp)}"
    if terms.points_bp:
        bp, how = max(bp - terms.points_bp, 0), f"{how} − {rate_text(terms.points_bp)}"
    return bp, how


def rate_at(rate: Rate, age_years: int) -> int:
    return min(rate.base_bp + rate.per_year_of_age_bp * age_years, rate.at_most_bp, BASIS_POINTS)


def _how_of_rate(rate: Rate, age_years: int) -> str:
    if not rate.per_year_of_age_bp:
        return rate_text(rate.base_bp)
    how = f"{rate_text(rate.base_bp)} + {rate_text(rate.per_year_of_age_bp)} × {age_years} 岁"
    if rate.base_bp + rate.per_year_of_age_bp * age_years <= rate.at_most_bp:
        return how
    return f"{how}（不超过 {rate_text(rate.at_most_bp)}）"


def _part(amount: int, share_bp: int) -> int:
    """As `share_of`, for shares that may be above 100 % (4 times the average wage)."""
    return (amount * share_bp + BASIS_POINTS // 2) // BASIS_POINTS


class Room(NamedTuple):
    """What a yearly limit leaves: how much, and the limit itself."""

    fen: int
    limit: Stated
    used_fen: int


def room_of(limit: Limit, used_fen: int, work: Working, facts: Facts) -> Room:
    value = stated(limit.amount, work, facts)
    return Room(max(value.fen - used_fen, 0), value, used_fen)


def room_text(room: Room) -> str:
    """'限额 … 元，本年已用 … 元，还可用 … 元'."""
    used = f"本年已用 {yuan(room.used_fen)} 元"
    return f"限额 {sum_text(room.limit)}，{used}，还可用 {yuan(room.fen)} 元"
