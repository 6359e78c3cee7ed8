"""Breaks go out as a workbook, are edited as a clerk would, and come back with a preview."""

import io
from base64 import b64encode
from typing import Any

import openpyxl

from contracts.refusal import RefusalCode
from hub.papers.break_sheets import COLUMNS, FIRST_ROW, SHEET
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import yuan

KIND, REASON, AT_RISK = "处理方式", "处理理由", "涉及金额（元）"


def mend_by_sheet(scene: Scene, query: dict[str, Any]) -> None:
    """Export, fill in, preview, propose, approve; a sheet whose amounts were changed is refused."""
    exported = scene.operator.fetch("/breaks/sheet-exports", query)
    scene.papers.joinpath("差错表.xlsx").write_bytes(exported)
    tampered = _given(_edited(exported, {AT_RISK: 1}))
    path = "/breaks/sheet-previews"
    scene.refused(scene.operator, path, tampered, RefusalCode.TABLE_WRONG, "改了金额的差错表")
    filled = _given(_edited(exported, {KIND: "以中心为准", REASON: "已电话核对，以中心为准"}))
    preview = scene.operator.post(path, filled)
    rows = [
        [str(one["row"]), str(one["break_id"]), one["class_zh"], one["kind_zh"], one["reason"]]
        for one in preview["changes"]
    ]
    scene.table(["行", "差错", "类别", "处理方式", "处理理由"], rows, "差错表导回：预览")
    taken = filled | {"sheet_sha256": preview["sheet_sha256"]}
    proposal = scene.operator.post("/breaks/sheets", taken)
    scene.say(f"按差错表提出处理，涉及 {yuan(proposal['value_fen'])} 元，待复核。")
    scene.approved(proposal["proposal_id"], "核对无误")
    scene.figures["repaired_by_sheet"] = len(rows)


def _edited(content: bytes, values: dict[str, int | str]) -> bytes:
    """As a person's spreadsheet program would write it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book[SHEET]
    headings = [heading for heading, _ in COLUMNS]
    for heading, value in values.items():
        page.cell(FIRST_ROW, headings.index(heading) + 1).value = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _given(content: bytes) -> dict[str, str]:
    return {"content_base64": b64encode(content).decode()}
