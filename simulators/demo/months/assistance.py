"""费用协查: refused under the threshold, sent with its batch, answered with evidence, booked."""

import io
from base64 import b64encode
from datetime import datetime
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from contracts.clock import SHANGHAI
from contracts.codes import Fund
from contracts.refusal import RefusalCode
from simulators.agency import Client
from simulators.demo.months.matters import Case
from simulators.demo.months.scene import Scene
from simulators.demo.months.traffic import plan, treat
from simulators.demo.months.words import name_of, time_of, yuan
from simulators.demo.stage import expect


def open_case(scene: Scene) -> None:
    """An insured area asks about one very large inpatient bill; about a small one it may not."""
    scene.chapter("费用协查", "An area asks about a bill; only over the threshold")
    given, planned = scene.cast.assistance, scene.cast.registrations[3]
    small, large = (
        treat(scene, [plan(scene, planned, given[name])])[0] for name in ("small_bill", "bill")
    )
    scene.touched |= {small.settlement_id, large.settlement_id}
    payer, payee = large.pair
    asker = scene.insured(payer)
    asked = {"type": "assistance", "text": "住院费用异常偏高，请协查"}
    below = asked | {"settlements": [str(small.settlement_id)]}
    code = RefusalCode.UNDER_THE_THRESHOLD
    scene.refused(asker, "/cases", below, code, f"{yuan(small.visit.bill.total_fen())} 元的住院")
    body = asked | {"settlements": [str(large.settlement_id)]}
    opened = _posted(scene, asker, "/cases", body)
    expect(opened["state"] == "waiting", f"{opened}")
    sent_on = _shanghai(opened["release_at"])
    scene.case = Case(opened["case_id"], payer, payee, str(large.settlement_id))
    scene.say(
        f"{name_of(payer)}就 {yuan(large.visit.bill.total_fen())} 元的住院请{name_of(payee)}协查："
        f"已受理，{sent_on:%m-%d} 汇总送达。"
    )


def follow(scene: Scene) -> None:
    """Once its batch has gone: taken, answered with evidence, and decided by two persons."""
    case = scene.case
    if case is None or case.is_decided:
        return
    shown = scene.operator.get(case.path)
    if shown["state"] == "waiting" and _shanghai(shown["release_at"]) > scene.clock.now():
        return
    scene.wait("the batch has gone", lambda: scene.operator.get(case.path)["state"] == "open")
    _answered(scene, case)
    _decided(scene, case)
    case.is_decided = True


def _answered(scene: Scene, case: Case) -> None:
    scene.chapter("费用协查答复", "The other side answers with its evidence")
    given, answerer = scene.cast.assistance, scene.treatment(case.treatment)
    _posted(scene, answerer, f"{case.path}/take", None)
    disguised = {"name": "费用清单.pdf", "content_base64": b64encode(b"MZ" + b"\0" * 64).decode()}
    path, code = f"{case.path}/attachments", RefusalCode.ATTACHMENT_REFUSED
    scene.refused(answerer, path, disguised, code, "伪装成PDF的程序")
    evidence = {"name": "费用清单.pdf", "content_base64": b64encode(_evidence()).decode()}
    kept = _posted(scene, answerer, path, evidence)
    item = _item(answerer, case, given["found_fen"])
    said = {
        "reply": "admits",
        "text": "重症监护费重复收取，已责令退回并处违约金",
        "items": [item],
        "penalty_fen": given["penalty_fen"],
    }
    _posted(scene, answerer, f"{case.path}/answer", said)
    scene.say(
        f"{name_of(case.treatment)}认领、上传{kept['name']}（{kept['size_bytes']} 字节）并答复："
        f"违规费用 {yuan(item['amount_fen'])} 元，违约金 {yuan(given['penalty_fen'])} 元。"
    )


def _item(answerer: Client, case: Case, found_fen: int) -> dict[str, Any]:
    """What was charged in violation, of the fund that paid most of the bill."""
    shares = answerer.get(f"/settlements/{case.settlement}")["shares"]
    funds = {fund: int(shares.get(f"{fund}_fen") or 0) for fund in Fund}
    fund = max(funds, key=lambda one: (funds[one], one))
    amount_fen = min(found_fen, funds[fund])
    return {"settlement_id": case.settlement, "fund": fund.value, "amount_fen": amount_fen}


def _decided(scene: Scene, case: Case) -> None:
    """The table decides; a decision in money waits for a person, whose approval books it."""

    def proposed() -> Any:
        return scene.operator.get(case.path)["proposal_id"]

    proposal = scene.wait("the case is decided by the table", proposed)
    scene.operator.post(f"/proposals/{proposal}/approve", {"why": "同意"})
    shown = scene.operator.get(case.path)
    expect(shown["state"] == "decided", f"{shown['state']}")
    steps = [
        [time_of(one["at"]), one["event_zh"], one["party"] or "", one["by"]]
        for one in shown["steps"]
    ]
    scene.table(["时刻", "步骤", "方", "经办"], steps, "事项经过")
    decision = shown["decision"]
    first = last = str(scene.today)
    booked = scene.operator.get(f"/ledger/adjustments?first={first}&last={last}")
    [one] = [each for each in booked if each["case_id"] == case.case_id]
    expect(one["amount_fen"] == decision["amount_fen"], f"{one}")
    scene.say(
        f"裁定：{decision['outcome_zh']}，调整分录 {yuan(one['amount_fen'])} 元，记在"
        f"{one['business_date']}，下期清算列审核扣款；违约金归就医地。"
    )
    scene.figures |= {"case_fen": one["amount_fen"], "case_penalty_fen": decision["penalty_fen"]}


def _posted(scene: Scene, who: Client, path: str, body: Any) -> Any:
    return who.post(path, body, {"Idempotency-Key": str(scene.new_id())})


def _shanghai(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(SHANGHAI)


def _evidence() -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, invariant=True)
    canvas.drawString(100, 700, "itemised bill")
    canvas.save()
    return file.getvalue()
