"""Puts a calculation into words for a clerk, and its steps into JSON and back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from contracts.codes import Fund
from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.model import Bearer, Result, Step
from participants.policy.rules.wording import FUND_TEXT, rate_text

__all__ = [
    "TO_TEXT",
    "Difference",
    "differences",
    "explain",
    "explain_steps",
    "rate_text",
    "steps_as_json",
    "steps_from_json",
]

TO_TEXT: Mapping[Fund | Bearer, str] = {
    **dict(FUND_TEXT.items()),
    Bearer.OWN: "个人负担",
    Bearer.OUTSIDE: "范围外自付",
    Bearer.CASH: "个人现金",
}


def explain(result: Result) -> list[str]:
    """The whole working, one line a step, that anyone can recompute with a pencil."""
    total, in_scope = yuan(result.total_fen), yuan(result.in_scope_fen)
    head = f"医疗费总额 {total} 元，其中政策范围内 {in_scope} 元（政策 {result.policy_id}）"
    return [head, *explain_steps(result.steps), _summary(result)]


def explain_steps(steps: Iterable[Step]) -> list[str]:
    """One numbered line a step; for a stored working: `explain_steps(steps_from_json(rows))`."""
    return [f"{place}. {_line(step)}" for place, step in enumerate(steps, start=1)]


def _line(step: Step) -> str:
    to, left = TO_TEXT[step.to], yuan(step.left_fen)
    return f"{step.text}｜{to}：{_amount(step)}｜余 {left} 元｜依据 {step.source}"


def _amount(step: Step) -> str:
    amount = f"{yuan(step.amount_fen)} 元"
    if step.rate_bp is None:
        return amount
    product = f"{yuan(step.base_fen)} × {rate_text(step.rate_bp)}"
    if share_of(step.base_fen, step.rate_bp) == step.amount_fen:
        return f"{product} = {amount}"
    return f"{product}，限额内 {amount}"


def _summary(result: Result) -> str:
    shares = [f"{TO_TEXT[fund]} {yuan(fen)} 元" for fund, fen in result.shares.items() if fen]
    parts = [*shares, f"个人现金 {yuan(result.cash_fen)} 元"]
    if result.beyond_bill_fen:
        parts.append(f"账单之外另付本人 {yuan(result.beyond_bill_fen)} 元")
    return f"合计：{'，'.join(parts)}；其中起付线 {yuan(result.deductible_fen)} 元"


def steps_as_json(result: Result) -> list[dict[str, Any]]:
    """The steps as plain values, to be stored with the result."""
    return [
        {
            "rule": step.rule,
            "source": step.source,
            "base_fen": step.base_fen,
            "rate_bp": step.rate_bp,
            "amount_fen": step.amount_fen,
            "to": step.to.value,
            "left_fen": step.left_fen,
            "text": step.text,
        }
        for step in result.steps
    ]


def steps_from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The steps that `steps_as_json` wrote."""
    by_value = {to.value: to for to in TO_TEXT}
    return tuple(Step(**{**row, "to": by_value[row["to"]]}) for row in rows)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two results of a bill do not share: a payer's part, or a step.

    `what`: the payer, or the step's rule. `left`, `right`: in words, None where one has none.
    `more_fen`: how much more the right one's amount is. `is_step`: a step, not a payer's part.
    """

    what: str
    left: str | None
    right: str | None
    more_fen: int
    is_step: bool


def differences(left: Result, right: Result) -> list[Difference]:
    """What differs between two results of the same bill: who pays what, then step by step.

    Steps are paired in their order by rule and payer; a pair of the same words, base, rate and
    amount is no difference, whatever key of whatever file it stands on.
    """
    return [*_parts_that_differ(left, right), *_steps_that_differ(left.steps, right.steps)]


def _parts_that_differ(left: Result, right: Result) -> Iterator[Difference]:
    ours, theirs = _parts(left), _parts(right)
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        left_fen, right_fen = ours.get(name, 0), theirs.get(name, 0)
        if left_fen != right_fen:
            texts = (f"{yuan(left_fen)} 元", f"{yuan(right_fen)} 元")
            yield Difference(name, *texts, right_fen - left_fen, is_step=False)


def _parts(result: Result) -> dict[str, int]:
    parts = {TO_TEXT[fund]: fen for fund, fen in result.shares.items()}
    parts["个人现金"] = result.cash_fen
    parts["起付线"] = result.deductible_fen
    parts["账单之外"] = result.beyond_bill_fen
    return parts


def _steps_that_differ(left: tuple[Step, ...], right: tuple[Step, ...]) -> Iterator[Difference]:
    pairs = SequenceMatcher(None, [*map(_kind, left)], [*map(_kind, right)], autojunk=False)
    for tag, left_from, left_to, right_from, right_to in pairs.get_opcodes():
        if tag == "equal":
            both = zip(left[left_from:left_to], right[right_from:right_to], strict=True)
            yield from (_changed(one, other) for one, other in both if _says(one) != _says(other))
            continue
        yield from (_only(step, left=True) for step in left[left_from:left_to])
        yield from (_only(step, left=False) for step in right[right_from:right_to])


def _kind(step: Step) -> tuple[str, str]:
    return step.rule, step.to.value


def _says(step: Step) -> tuple[str, int, int | None, int]:
    return step.text, step.base_fen, step.rate_bp, step.amount_fen


def _changed(left: Step, right: Step) -> Difference:
    more_fen = right.amount_fen - left.amount_fen
    return Difference(left.rule, _line(left), _line(right), more_fen, is_step=True)


def _only(step: Step, *, left: bool) -> Difference:
    if left:
        return Difference(step.rule, _line(step), None, -step.amount_fen, is_step=True)
    return Difference(step.rule, None, _line(step), step.amount_fen, is_step=True)
