"""A settlement of a cleared cycle is cancelled at the hospital: a negative row in a later run."""

from simulators.demo.months.rhythm import open_day
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of, yuan
from simulators.demo.stage import expect, must


def reverse_after_clearing(scene: Scene) -> None:
    """A stay of the first run, of a pair that nobody contested."""
    scene.chapter("清算后撤销", "A cleared settlement is cancelled, and nothing cleared changes")
    run = scene.runs[0]
    contested = tuple(run.facts["contested"].split("→"))
    one = next(
        one
        for one in scene.treated
        if one.on <= run.last_day
        and one.pair != contested
        and one.settlement_id not in scene.touched
        and one.visit.bill.visit_kind == "inpatient"
    )
    before = scene.operator.get(f"/clearing/{run.cycle}")["payable_fen"]
    reply = must(one.hospital.cancel(one.visit))
    expect(scene.operator.get(f"/clearing/{run.cycle}")["payable_fen"] == before, "it moved")
    scene.reversed_after_clearing = one.settlement_id, open_day(scene)
    scene.touched.add(one.settlement_id)
    payer, payee = one.pair
    scene.say(
        f"{name_of(payee)}医院撤销{name_of(payer)}参保人 {one.on} 的住院"
        f"（{yuan(one.visit.bill.total_fen())} 元）：{reply.infno} 成功，"
        "已清算的批次不变，负数行进入下一期。"
    )
    scene.figures["cancelled"] += 1
