"""The areas' word on an issued run: line by line, in a next version, or by two persons."""

from typing import Any

from contracts.refusal import RefusalCode
from simulators.agency import Client
from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of, yuan
from simulators.demo.stage import expect

LINE = ("insured_area", "treatment_area", "insurance_kind", "visit_kind")
CONTESTED, OVERRIDDEN = 1, 2
"""In the run of this number an area contests a line; in that one an area stays silent."""


def answer(scene: Scene, run: Run) -> None:
    """Every area answers for its lines, in both its roles."""
    scene.chapter(f"各地答复 {run.cycle}", "Areas confirm or contest, line by line")
    silent = _payer_of_most(scene, run) if run.number == OVERRIDDEN else None
    contesting = _payer_of_most(scene, run) if run.number == CONTESTED else None
    for area in scene.cast.areas:
        if area != silent:
            for who, role in _offices(scene, area):
                _answered(scene, run, who, role, contests=area == contesting)
    shown = scene.operator.get(run.path)
    scene.say(f"答复后：{shown['state_zh']}，尚有 {shown['unconfirmed']} 项未确认或有异议。")
    run.facts["unconfirmed_once"] = shown["unconfirmed"]
    if silent is not None:
        scene.say(f"{name_of(silent)}逾期未答复。")


def confirm(scene: Scene, run: Run) -> None:
    """Let it stand: as everybody has confirmed, in its next version, or by two persons."""
    scene.chapter(f"确认 {run.cycle}", "The run stands, and what is owed is written")
    if scene.operator.get(run.path)["unconfirmed"]:
        path, code = f"{run.path}/confirm", RefusalCode.NOT_ALL_CONFIRMED
        scene.refused(scene.operator, path, None, code, "尚未全部确认即关单")
    if run.number == CONTESTED:
        _again(scene, run)
    if run.number == OVERRIDDEN:
        _overridden(scene, run)
    else:
        scene.operator.post(f"{run.path}/confirm")
    stands = scene.operator.get(run.path)
    expect(stands["state"] in {"confirmed", "paid"}, f"{stands}")
    run.facts |= {name: stands[name] for name in ("version", "payable_fen", "receivable_fen")}
    run.facts["is_overridden"] = bool(stands["override_reason"])
    expect(stands["payable_fen"] == stands["receivable_fen"], f"{stands}")
    scene.say(f"{run.cycle} 第 {stands['version']} 版已确认：{yuan(stands['payable_fen'])} 元。")


def _offices(scene: Scene, area: str) -> list[tuple[Client, str]]:
    return [(scene.insured(area), "insured"), (scene.treatment(area), "treatment")]


def _answered(scene: Scene, run: Run, who: Client, role: str, *, contests: bool = False) -> None:
    """One office answers for all its lines that it has not answered yet."""
    shown = who.get(f"{run.path}/lines")
    given = [_confirmed(one["line"]) for one in shown["lines"] if not one[role]]
    if contests and role == "insured" and given:
        given[0] = _contested(scene, run, given[0])
    if given:
        body = {
            "version": shown["version"],
            "total_fen": sum(one["payable_fen"] for one in given),
            "answers": given,
        }
        if run.number == CONTESTED and not scene.figures.get("wrong_total_refused"):
            scene.figures["wrong_total_refused"] = True
            wrong = {**body, "total_fen": body["total_fen"] + 1}
            code = RefusalCode.LINES_DO_NOT_TIE
            scene.refused(who, f"{run.path}/answers", wrong, code, "合计多一分的确认")
        first = who.post(f"{run.path}/answers", body)
        again = who.post(f"{run.path}/answers", body)
        expect(first == again, f"a replayed answer was answered differently: {first}, {again}")


def _confirmed(line: dict[str, Any]) -> dict[str, Any]:
    named = {name: line[name] for name in (*LINE, "payable_fen")}
    return {**named, "verdict": "confirmed", "reason": ""}


def _contested(scene: Scene, run: Run, given: dict[str, Any]) -> dict[str, Any]:
    reason = "我地账上少一笔住院结算，请核对后重新出具"
    payer, payee = given["insured_area"], given["treatment_area"]
    run.facts["contested"] = f"{payer}→{payee}"
    scene.say(f"{name_of(payer)}对应付{name_of(payee)}的一行提出异议：“{reason}”。")
    ours = {"verdict": "contested", "reason": reason}
    return {**given, **ours, "payable_fen": given["payable_fen"] - 100}


def _payer_of_most(scene: Scene, run: Run) -> str:
    lines = scene.operator.get(f"{run.path}/lines")["lines"]
    owed: dict[str, int] = {}
    for one in lines:
        payer = one["line"]["insured_area"]
        owed[payer] = owed.get(payer, 0) + one["line"]["payable_fen"]
    return max(owed, key=lambda area: (owed[area], area))


def _again(scene: Scene, run: Run) -> None:
    """The pair is left to a later run until the matter is clear; all others are as they were."""
    payer, payee = run.facts["contested"].split("→")
    held = {"insured_area": payer, "treatment_area": payee}
    body = {"hold_over": [held], "why": "异议结对暂缓，查清后补报"}
    again = scene.operator.post(f"{run.path}/again", body)
    expect(again["state"] == "issued", f"{again}")
    kept = scene.operator.get(f"{run.path}")["unconfirmed"]
    scene.say(
        f"第 {again['version']} 版重新出具：{name_of(payer)}→{name_of(payee)}暂缓至下期补报，"
        f"其余各行的确认沿用，尚缺 {kept} 项。"
    )
    for area in scene.cast.areas:
        for who, role in _offices(scene, area):
            _answered(scene, run, who, role)


def _overridden(scene: Scene, run: Run) -> None:
    """One person proposes it with a reason, another agrees, and the paper will say so."""
    reason = "逾期未答复，明细与账簿一致，经两人复核视同确认"
    asked = scene.operator.post(f"{run.path}/override", {"reason": reason})
    scene.approved(asked["proposal_id"], "同意")
    marked = scene.operator.get(run.path)
    expect(marked["override_reason"] == reason, f"{marked}")
    scene.say(f"两人强制确认（{asked['unconfirmed']} 项未答复）：理由印在通知书上。")
