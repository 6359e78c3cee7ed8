"""紧急调增: at red an advance is raised, by two persons' decision, and paid before it is spent."""

from typing import Any

from contracts.refusal import RefusalCode
from simulators.demo.months import papers
from simulators.demo.months.advances import RED, acknowledge, position_of, spend, tell_runway
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of, share, yuan
from simulators.demo.stage import expect


def grow_red(scene: Scene) -> None:
    """At red the treatment area asks for more; two persons decide, the insured area pays."""
    scene.chapter("红色预警", "An advance grows red: it is topped up")
    pair = scene.advances[1]
    spend(scene, pair, RED)
    acknowledge(scene, pair, RED)
    tell_runway(scene, [position_of(scene, pair)])
    change = scene.treatment(pair[1]).post("/advance/top-ups", {"insured_area": pair[0]})
    scene.say(
        f"{name_of(pair[1])}申请紧急调增：草拟 {yuan(change['amount_fen'])} 元，"
        f"{change['decide_by']} 前决定。"
    )
    body = {"change_ids": [change["change_id"]], "reason": "红色预警，紧急调增"}
    proposal = scene.operator.post("/advance/proposals", body)
    scene.approved(proposal["proposal_id"], "同意")
    papers.lay_notices(scene, change)
    _paid(scene, pair, change)
    after = position_of(scene, pair)
    scene.say(f"到账后使用率 {share(after['usage_bp'])}，{after['level_zh']}。")
    scene.figures["top_up_fen"] = change["amount_fen"]


def _paid(scene: Scene, pair: tuple[str, str], change: dict[str, Any]) -> None:
    """More than was agreed is refused; the same transfer again is the same payment."""
    payer, payee = scene.insured(pair[0]), scene.treatment(pair[1])
    path = f"/advance/changes/{change['change_id']}/payments"
    slip = {"bank_name": "国家开发银行", "bank_serial": "A000001", "paid_on": str(scene.today)}
    more = slip | {"amount_fen": change["amount_fen"] + 1}
    scene.refused(payer, path, more, RefusalCode.PAID_TOO_MUCH, "预付金多付一分")
    whole = slip | {"amount_fen": change["amount_fen"]}
    payment = payer.post(path, whole)
    expect(payer.post(path, whole) == payment, "the same transfer was answered differently")
    body = {"received_on": str(scene.today), "amount_fen": change["amount_fen"]}
    payee.post(f"/advance/payments/{payment['payment_id']}/receipt", body)
    scene.say(
        f"{name_of(pair[0])}付款、{name_of(pair[1])}确认到账：{yuan(change['amount_fen'])} 元。"
    )
