"""What a confirmed run says is owed is paid and received, bank slip by bank slip."""

from typing import Any

from contracts.refusal import RefusalCode
from simulators.demo.months.issuing import NETTING_ZH
from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of, yuan
from simulators.demo.stage import expect

PAYING_BANK, RECEIVING_BANK = "国家开发银行", "中国农业银行"


def pay(scene: Scene, run: Run) -> None:
    """Every obligation: recorded by the payer, confirmed by the payee; then the run is paid."""
    scene.chapter(f"拨付 {run.cycle}", "Payments and receipts of every obligation")
    owed = scene.operator.get(f"{run.path}/obligations")
    expect(len(owed) == run.facts.get("transfers", len(owed)), f"{owed}")
    for one in owed:
        _settled(scene, run, one)
    paid = scene.operator.get(run.path)
    expect(paid["state"] == "paid", f"{paid}")
    moved = sum(one["amount_fen"] for one in owed)
    run.facts |= {"transfers": len(owed), "moved_fen": moved}
    run.facts["spared_fen"] = run.facts["payable_fen"] - moved
    scene.table(
        ["付款方", "收款方", ">金额（元）"],
        [[name_of(o["from_area"]), name_of(o["to_area"]), yuan(o["amount_fen"])] for o in owed],
        f"{run.cycle} {NETTING_ZH[run.netting]}：{len(owed)} 笔付讫并确认到账",
    )
    scene.say(
        f"应付合计 {yuan(run.facts['payable_fen'])} 元，实付 {yuan(moved)} 元，"
        f"轧差少动资金 {yuan(run.facts['spared_fen'])} 元。"
    )


def _settled(scene: Scene, run: Run, one: dict[str, Any]) -> None:
    path = f"/obligations/{one['obligation_id']}/payments"
    payer = scene.insured(one["from_area"])
    slip = _slip(scene, PAYING_BANK, f"P{run.number:02d}{one['position']:04d}", one["amount_fen"])
    if one["position"] == 1:
        _refusals(scene, path, one, slip)
    payment = payer.post(path, slip)
    if one["position"] == 1:
        expect(payer.post(path, slip) == payment, "the same bank slip was answered differently")
        scene.say("同一流水号再次登记 → 同一答案，只记一次 (same serial, same answer)。")
        other = {**slip, "amount_fen": one["amount_fen"] - 1}
        code = RefusalCode.PAYMENT_DIFFERS
        scene.refused(payer, path, other, code, "同一流水号，金额不同")
    receipt = _slip(
        scene, RECEIVING_BANK, f"R{run.number:02d}{one['position']:04d}", one["amount_fen"]
    )
    scene.treatment(one["to_area"]).post(f"/payments/{payment['payment_id']}/receipt", receipt)
    scene.figures["payments"] = scene.figures.get("payments", 0) + 1


def _refusals(scene: Scene, path: str, one: dict[str, Any], slip: dict[str, Any]) -> None:
    more = {**slip, "amount_fen": one["amount_fen"] + 1}
    payer, payee = scene.insured(one["from_area"]), scene.insured(one["to_area"])
    scene.refused(payer, path, more, RefusalCode.PAID_TOO_MUCH, "多付一分")
    scene.refused(payee, path, slip, RefusalCode.NOT_ALLOWED, "由收款方登记付款")


def _slip(scene: Scene, bank: str, serial: str, amount_fen: int) -> dict[str, Any]:
    return {"bank_name": bank, "serial": serial, "on": str(scene.today), "amount_fen": amount_fen}
