"""Puts a calculation into words for a clerk, and its steps into JSON and back."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.codes import Fund
from contracts.money import share_of
from contracts.money import yuan_from_fen as yuan
from participants.policy.model import Bearer, Result, Step

TO_TEXT: Mapping[Fund | Bearer, str] = {
    Fund.POOL: "统筹基金",
    Fund.CIVIL_SERVANT: "公务员补助",
    Fund.ENTERPRISE: "企业补充",
    Fund.CRITICAL_ILLNESS: "居民大病",
    Fund.LARGE_SUM: "职工大额",
    Fund.VETERANS: "伤残人员基金",
    Fund.MEDICAL_AID: "医疗救助",
    Fund.OTHER: "其他基金",
    Fund.ACCOUNT: "个人账户",
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


def rate_text(rate_bp: int) -> str:
    """8300 as '83%', 1260 as '12.6%'."""
    return yuan(rate_bp).rstrip("0").rstrip(".") + "%"


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
