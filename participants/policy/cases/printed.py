"""What a clerk reads on the terminal: the policies, who pays what, two results side by side."""

from collections.abc import Iterable
from typing import Any

from contracts.codes import InsuranceKind
from contracts.money import yuan_from_fen as yuan
from participants.policy.cases.answer import Answer
from participants.policy.cases.columns import in_columns
from participants.policy.cases.comparison import shares_of_both
from participants.policy.explain import TO_TEXT, Difference, differences
from participants.policy.model import Bearer, Policy, Result

INSURANCE = {InsuranceKind.EMPLOYEE: "职工", InsuranceKind.RESIDENT: "居民"}


def policies(found: Iterable[Policy]) -> list[str]:
    head = ("编号", "名称", "统筹区", "险种", "有效期", "依据")
    rows = [
        (one.id, one.title, one.area, INSURANCE[one.insurance], _validity(one), one.source)
        for one in found
    ]
    return in_columns([head, *rows])


def policy_as_json(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "title": policy.title,
        "area": policy.area,
        "insurance": policy.insurance.value,
        "valid_from": policy.valid_from.isoformat(),
        "valid_to": None if policy.valid_to is None else policy.valid_to.isoformat(),
        "source": policy.source,
    }


def result(policy: Policy, found: Result) -> list[str]:
    """Who pays what of the bill, in yuan, and that it adds up."""
    rows = [(TO_TEXT[fund], yuan(fen)) for fund, fen in found.shares.items() if fen]
    rows = [*rows, (TO_TEXT[Bearer.CASH], yuan(found.cash_fen)), ("合计", yuan(found.total_fen))]
    more = [
        ("其中基金合计", yuan(found.fund_total_fen)),
        ("其中起付线", yuan(found.deductible_fen)),
    ]
    if found.beyond_bill_fen:
        more.append(("账单外另付个人", yuan(found.beyond_bill_fen)))
    return [
        f"{policy.title}（{policy.id}）",
        f"医疗费总额 {yuan(found.total_fen)} 元，其中政策范围内 {yuan(found.in_scope_fen)} 元",
        "",
        *in_columns([("支付方", "金额（元）"), *rows, *more], right=frozenset({1})),
    ]


def side_by_side(names: tuple[str, str], left: Result, right: Result) -> list[str]:
    """Share by share what the right pays otherwise than the left, then step by step."""
    rows = [
        (one.label, yuan(one.left_fen), yuan(one.right_fen), _signed(one.right_fen - one.left_fen))
        for one in shares_of_both(left, right)
    ]
    return [
        *in_columns([("支付方（元）", *names, "相差"), *rows], right=frozenset({1, 2, 3})),
        "",
        *_steps(names, left, right),
    ]


def both_as_json(left: Answer, right: Answer) -> dict[str, Any]:
    """Both results, what each share differs by (right less left), and the steps that differ."""
    return {
        "left": left.as_json(),
        "right": right.as_json(),
        "shares": [
            {
                "share": one.share,
                "left": yuan(one.left_fen),
                "right": yuan(one.right_fen),
                "difference": yuan(one.right_fen - one.left_fen),
            }
            for one in shares_of_both(left.result, right.result)
        ],
        "steps": [
            {
                "rule": one.what,
                "left": one.left,
                "right": one.right,
                "difference": yuan(one.more_fen),
            }
            for one in _steps_of_both(left.result, right.result)
        ],
    }


def _steps_of_both(left: Result, right: Result) -> list[Difference]:
    return [one for one in differences(left, right) if one.is_step]


def _steps(names: tuple[str, str], left: Result, right: Result) -> list[str]:
    found = _steps_of_both(left, right)
    lines = [
        f"  {name}：{text or '（没有这一步）'}"
        for one in found
        for name, text in zip(names, (one.left, one.right), strict=True)
    ]
    return ["计算步骤的差别", *lines] if found else ["计算步骤没有差别"]


def _signed(amount_fen: int) -> str:
    return f"+{yuan(amount_fen)}" if amount_fen > 0 else yuan(amount_fen)


def _validity(policy: Policy) -> str:
    until = "" if policy.valid_to is None else policy.valid_to.isoformat()
    return f"{policy.valid_from.isoformat()} 至 {until or '今'}"
