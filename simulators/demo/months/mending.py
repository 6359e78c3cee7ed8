"""The work queue of breaks: claimed, repaired in bulk by two persons, by a sheet, undone once."""

from datetime import timedelta
from typing import Any

from contracts.refusal import RefusalCode
from simulators.demo.months import rhythm, sheets
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import side_of, time_of, yuan
from simulators.demo.stage import expect

BULK = ("fund_split", "only_at_hub", "status")
BY_SHEET = "amount"
STEPS_ZH = {
    "claimed": "认领",
    "assigned": "指派",
    "released": "放弃认领",
    "proposed": "提出处理",
    "ordered": "复核同意，下达",
    "obeyed": "该方已照办",
    "refused": "该方不能照办",
    "worked": "对账一致",
    "failed": "仍不一致",
    "undo_proposed": "提出撤销",
    "undoing": "复核同意撤销",
    "undone": "已冲回",
}


def mend(scene: Scene) -> None:
    """The agreed time is over: what still differs is a break, and is worked on."""
    day = scene.today - timedelta(days=1)
    scene.chapter("对账差错", "The queue: class, cause, proposed repair; and two persons")
    rhythm.at(scene, scene.today, rhythm.EVENING)
    query = {"first_date": str(day), "last_date": str(day)}
    wanted = scene.figures["planted"]
    queue = scene.wait("what differs is in the queue", lambda: _queued(scene, query, wanted))
    _queue_told(scene, queue)
    ids = [one["break_id"] for one in queue]
    taken = scene.operator.post("/breaks/claim", {"break_ids": ids})
    expect(taken["count"] == len(ids), f"{taken}")
    claim = {"break_ids": ids}
    scene.refused(scene.second, "/breaks/claim", claim, RefusalCode.OWNED_ALREADY, "他人再认领")
    _in_bulk(scene, query)
    sheets.mend_by_sheet(scene, query | {"classes": [BY_SHEET]})
    _resolved(scene, ids)
    scene.figures |= {
        "breaks": len(ids),
        "break_classes": sorted({one["break_class"] for one in queue}),
    }
    [one] = [row["break_id"] for row in queue if row["break_class"] == BY_SHEET]
    again = _undone(scene, one, query)
    _resolved(scene, [again])
    rhythm.agreed(scene, day)
    scene.disputed.discard(day)
    scene.say(f"{day} 三方对平，差错队列已清空。")


def _queued(scene: Scene, query: dict[str, Any], count: int) -> list[dict[str, Any]] | None:
    found = scene.operator.post("/breaks/search", query)["items"]
    # Of a bucket whose rows have not come yet only the totals are known to differ.
    return found if len(found) == count and all(one["settlement_id"] for one in found) else None


def _queue_told(scene: Scene, queue: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["class_zh"],
            side_of(one["area"], one["role"]),
            yuan(one["at_risk_fen"]),
            one["cause_zh"],
            one["proposed_zh"],
        ]
        for one in queue
    ]
    columns = ["类别", "哪一方", ">涉及金额（元）", "可能原因", "建议处理"]
    scene.table(columns, rows, f"差错队列：{len(queue)} 笔")


def _in_bulk(scene: Scene, query: dict[str, Any]) -> None:
    """One operator proposes one repair for a whole query, another approves it."""
    wanted = {"query": query | {"classes": list(BULK)}, "kind": "adopt"}
    preview = scene.operator.post("/breaks/repairs/preview", wanted)
    expect(preview["count"] == len(BULK), f"{preview}")
    body = {**wanted, "reason": "逐笔核对，以中心为准", "count": preview["count"]}
    proposal = scene.operator.post("/breaks/repairs", body)
    worth = yuan(proposal["value_fen"])
    scene.say(f"按查询批量处理：{preview['count']} 笔“以中心为准”，涉及 {worth} 元，待复核。")
    scene.approved(proposal["proposal_id"], "核对无误")


def _resolved(scene: Scene, ids: list[int]) -> None:
    def are_resolved() -> bool:
        shown = [scene.operator.get(f"/breaks/{id_}") for id_ in ids]
        return all(one["is_resolved"] and _has_worked(one) for one in shown)

    rhythm.pass_until(scene, "the sides have booked as ordered, and agree", are_resolved)
    worked = scene.figures.get("repairs", 0) + len(ids)
    scene.figures["repairs"] = worked


def _has_worked(shown: dict[str, Any]) -> bool:
    return any(one["state"] == "worked" for one in shown["repairs"])


def _undone(scene: Scene, break_id: int, query: dict[str, Any]) -> int:
    """A repair is taken back by contrary entries; the break is there again, and is repaired."""
    [repair] = scene.operator.get(f"/breaks/{break_id}")["repairs"]
    path = f"/breaks/repairs/{repair['repair_id']}/undo"
    proposal = scene.operator.post(path, {"reason": "处理有误，先撤销"})
    scene.approved(proposal["proposal_id"], "同意撤销")
    [again] = scene.wait("the break is there again", lambda: _queued(scene, query, 1))
    steps = scene.operator.get(f"/breaks/{break_id}")["steps"]
    expect(steps[-1]["step"] in {"undoing", "undone"}, f"{steps}")
    rows = [
        [time_of(one["at"]), one["by"], STEPS_ZH[one["step"]], one["detail"][:40]] for one in steps
    ]
    scene.table(["时刻", "经办", "步骤", "说明"], rows, f"差错 {break_id} 的全部经过")
    body = {"break_ids": [again["break_id"]], "kind": "adopt", "reason": "重新处理"}
    proposal = scene.operator.post("/breaks/repairs", body)
    scene.approved(proposal["proposal_id"], "核对无误")
    scene.figures["repairs_undone"] = scene.figures.get("repairs_undone", 0) + 1
    return int(again["break_id"])
