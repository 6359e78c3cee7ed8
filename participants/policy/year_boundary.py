"""A stay over the New Year: its bill split by days, each part in its own insurance year."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from contracts.codes import Fund
from participants.policy.engine import calculate
from participants.policy.model import Case, Line, Policy, Result, Step, YearToDate


@dataclass(frozen=True, slots=True)
class SplitResult:
    """One bill over two insurance years: `whole` is the bill, the deltas are kept apart.

    `whole.delta` is the sum of both deltas. A person's old year is given `old_year`, the new
    year `new_year`.
    """

    whole: Result
    old_year: YearToDate
    new_year: YearToDate


def split_by_days(case: Case, days_before: int, days_after: int) -> tuple[Case, Case]:
    """The parts of `case` before and after the boundary, in proportion to their days.

    The two parts of every amount add up to it (largest remainder; half a fen goes to the first
    part). In scope stays within the total, classes within the in-scope fee, lines within the bill.
    The first part has the accounts; `with_accounts_left` gives the second what it leaves of them.
    A part without days is a bill of zero.
    """
    assert min(days_before, days_after) >= 0, (days_before, days_after)
    days = days_before + days_after
    assert days > 0, "a stay has at least one day"
    classes = case.in_scope_by_class
    first = replace(
        case,
        total_fen=_before(case.total_fen, days_before, days),
        in_scope_fen=_before(case.in_scope_fen, days_before, days),
        in_scope_by_class=dict(
            zip(classes, _all_before(classes.values(), days_before, days), strict=True)
        ),
        lines=_lines(
            case, _all_before((line.amount_fen for line in case.lines), days_before, days)
        ),
    )
    return first, _rest(case, first)


def with_accounts_left(second: Case, whole: Case, first_result: Result) -> Case:
    """The second part with what the first has left of the accounts of the whole case."""
    own_fen = first_result.own_account_fen
    family_fen = first_result.account_fen - own_fen
    return replace(
        second,
        account_use=whole.account_use,
        account_balance_fen=whole.account_balance_fen - own_fen,
        family_balance_fen=whole.family_balance_fen - family_fen,
    )


def calculate_split(
    policy: Policy,
    case: Case,
    days: tuple[int, int],
    years: tuple[YearToDate, YearToDate],
) -> SplitResult:
    """The bill of `case`, split by `days`, each part in the year it falls in; CaseRefused.

    `years` is what the person used before this case, of the old year and of the new one.
    """
    first, second = split_by_days(case, *days)
    first_result = calculate(policy, first, years[0])
    second = with_accounts_left(second, case, first_result)
    return joined(first_result, calculate(policy, second, years[1]))


def joined(first: Result, second: Result) -> SplitResult:
    """One bill out of the results of its two parts; the steps say which year they count in."""
    assert first.policy_id == second.policy_id, "one stay is of one policy"
    funds = [fund for fund in Fund if fund in first.shares or fund in second.shares]
    whole = Result(
        policy_id=first.policy_id,
        total_fen=first.total_fen + second.total_fen,
        in_scope_fen=first.in_scope_fen + second.in_scope_fen,
        shares={fund: first.shares.get(fund, 0) + second.shares.get(fund, 0) for fund in funds},
        cash_fen=first.cash_fen + second.cash_fen,
        deductible_fen=first.deductible_fen + second.deductible_fen,
        steps=(*_told(first, "跨年前"), *_told(second, "跨年后")),
        delta=first.delta.plus(second.delta),
        beyond_bill_fen=first.beyond_bill_fen + second.beyond_bill_fen,
        own_account_fen=first.own_account_fen + second.own_account_fen,
    )
    return SplitResult(whole, first.delta, second.delta)


def _told(result: Result, when: str) -> Iterable[Step]:
    return (replace(step, text=f"{when}：{step.text}") for step in result.steps)


def _before(amount_fen: int, days_before: int, days: int) -> int:
    """The first part of an amount, half up; it never grows faster than the amount does."""
    return (2 * amount_fen * days_before + days) // (2 * days) if days_before < days else amount_fen


def _all_before(amounts: Iterable[int], days_before: int, days: int) -> list[int]:
    """The first parts of several amounts, which together are the first part of their sum.

    Rounded one by one they could be more than their sum's part; rounding the running sum cannot.
    """
    parts, sum_fen, before_fen = [], 0, 0
    for amount_fen in amounts:
        sum_fen += amount_fen
        until_fen = _before(sum_fen, days_before, days)
        parts.append(until_fen - before_fen)
        before_fen = until_fen
    return parts


def _lines(case: Case, amounts: Iterable[int]) -> tuple[Line, ...]:
    return tuple(Line(line.category, fen) for line, fen in zip(case.lines, amounts, strict=True))


def _rest(case: Case, first: Case) -> Case:
    """All that the first part does not have, without the accounts."""
    return replace(
        case,
        total_fen=case.total_fen - first.total_fen,
        in_scope_fen=case.in_scope_fen - first.in_scope_fen,
        in_scope_by_class={
            name: fen - first.in_scope_by_class[name]
            for name, fen in case.in_scope_by_class.items()
        },
        lines=_lines(
            case,
            (
                whole.amount_fen - part.amount_fen
                for whole, part in zip(case.lines, first.lines, strict=True)
            ),
        ),
        account_use=False,
        account_balance_fen=0,
        family_balance_fen=0,
    )
