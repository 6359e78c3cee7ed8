"""A cycle has ended: the close preview, then its run is opened, frozen, proved and issued."""

from typing import Any

from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of, yuan
from simulators.demo.stage import expect

NETTING_ZH = {"gross": "全额", "bilateral": "双边轧差", "multilateral": "多边轧差"}
STATE_ZH = {True: "阻断", False: "提示"}


def issue(scene: Scene, run: Run) -> None:
    """Look first, then freeze: the lines must be what the ledger says."""
    scene.chapter(f"清算预览 {run.cycle}", "If we froze now: what blocks, who owes whom")
    before = scene.operator.get(f"/clearing/preview?cycle={run.cycle}")
    expect(before["can_freeze"] and before["is_balanced"], f"{before['obstacles']}")
    _preview_told(scene, before)
    opened = scene.operator.post("/clearing-runs", {"cycle": run.cycle, "netting": run.netting})
    run.run_id = opened["run_id"]
    frozen = scene.operator.post(f"{run.path}/freeze", {})
    expect(frozen["state"] == "reconciled", f"{frozen}")
    issued = scene.operator.post(f"{run.path}/issue")
    expect(issued["payable_fen"] == issued["receivable_fen"], f"{issued}")
    expect(issued["payable_fen"] == before["payable_fen"], "the preview said something else")
    saving = next(one for one in before["savings"] if one["netting"] == run.netting)
    run.facts |= {
        "cycle": run.cycle,
        "netting": run.netting,
        "gross_fen": issued["payable_fen"],
        "transfers_planned": saving["transfers"],
    }
    shown = scene.operator.get(f"/clearing/{run.cycle}")
    scene.say(
        f"{run.cycle} 冻结、核平、签发：{len(shown['lines'])} 行，"
        f"应付 {yuan(issued['payable_fen'])} = 应收 {yuan(issued['receivable_fen'])} 元；"
        f"本期按{NETTING_ZH[run.netting]}清算。"
    )
    _late_told(scene, run, shown["lines"])


def _preview_told(scene: Scene, found: dict[str, Any]) -> None:
    rows = [
        [
            NETTING_ZH[one["netting"]],
            str(one["transfers"]),
            yuan(one["moved_fen"]),
            str(one["spared_transfers"]),
            yuan(one["spared_fen"]),
        ]
        for one in found["savings"]
    ]
    columns = ["清算方式", ">笔数", ">资金流量（元）", ">少付笔数", ">少动资金（元）"]
    title = f"{found['cycle']}：可清算结对日 {found['ready']}，其中往期补报 {found['late']}"
    scene.table(columns, rows, title)
    standing = [
        [name_of(one["area"]), yuan(one["balance_fen"])]
        for one in sorted(found["positions"], key=lambda one: int(one["balance_fen"]))
    ]
    scene.table(["地区", ">净应收（+）/净应付（−）"], standing)
    for one in found["obstacles"]:
        scene.say(f"{STATE_ZH[one['is_blocking']]}：{one['zh']}（{one['count']}）")


def _late_told(scene: Scene, run: Run, lines: list[dict[str, Any]]) -> None:
    """What does not come from the cycle's own settlements."""
    audit, late = (sum(line[name] for line in lines) for name in ("audit_fen", "late_fen"))
    run.facts |= {"audit_fen": audit, "late_fen": late}
    if audit:
        scene.say(f"审核扣款合计 {yuan(audit)} 元：协查认定的违规费用，冲减参保地应付。")
    if late:
        scene.say(f"往期补报合计 {yuan(late)} 元：上期暂缓的结对日。")
