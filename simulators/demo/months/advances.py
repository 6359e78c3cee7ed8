"""预付金: opened for two pairs; one grows yellow, one red; seen, topped up, paid and received."""

from collections.abc import Iterable
from typing import Any

from contracts.refusal import RefusalCode
from simulators.agency import Client
from simulators.demo.months.scene import Scene
from simulators.demo.months.traffic import plan, treat
from simulators.demo.months.words import name_of, share, yuan
from simulators.demo.stage import expect

ROUND_TO_FEN = 10_000
YELLOW, RED = ("yellow", "red"), ("red",)
Position = dict[str, Any]


def open_two(scene: Scene) -> None:
    """The two pairs that have spent most so far hold an advance from now on."""
    scene.chapter("预付金", "Advances are opened for two pairs, with offices to call")
    given = scene.cast.advance
    pairs = [one for one in board(scene) if one["insured_area"]]
    pairs.sort(key=lambda one: (-one["spent_fen"], one["insured_area"], one["treatment_area"]))
    for one in pairs[:2]:
        wanted = max(one["spent_fen"] * 10_000 // given["opened_at_usage_bp"], given["least_fen"])
        amount_fen = -(-wanted // ROUND_TO_FEN) * ROUND_TO_FEN
        named = {name: one[name] for name in ("insured_area", "treatment_area")}
        body = named | {"amount_fen": amount_fen, "reason": "期初已持有"}
        proposal = scene.operator.post("/advance/openings", body)
        scene.approved(proposal["proposal_id"], "同意")
        _contacts(scene, one)
        scene.say(f"{_name(one)}：期初预付金 {yuan(amount_fen)} 元。")
        scene.advances.append((one["insured_area"], one["treatment_area"]))
    scene.figures["advances"] = len(scene.advances)


def grow_yellow(scene: Scene) -> None:
    """More people than usual are treated; the areas are warned, and nobody is stopped."""
    scene.chapter("黄色预警", "An advance grows yellow: a runway, and whom to call")
    pair = scene.advances[0]
    spend(scene, pair, YELLOW)
    treatment, body = scene.treatment(pair[1]), {"insured_area": pair[0]}
    if position_of(scene, pair)["level"] == "yellow":
        path, code = "/advance/top-ups", RefusalCode.OUT_OF_STEP
        scene.refused(treatment, path, body, code, "未到红色即申请紧急调增")
    acknowledge(scene, pair, YELLOW)
    tell_runway(scene, [one for one in board(scene) if one["amount_fen"]])


def board(scene: Scene) -> list[Position]:
    return list(scene.operator.get("/advance")["positions"])


def position_of(scene: Scene, pair: tuple[str, str]) -> Position:
    return next(one for one in board(scene) if (one["insured_area"], one["treatment_area"]) == pair)


def _name(one: Position) -> str:
    payer = name_of(one["insured_area"]) if one["insured_area"] else "全部参保地"
    return f"{payer}→{name_of(one['treatment_area'])}"


def _contacts(scene: Scene, one: Position) -> None:
    """Each side names the office that is called first."""
    for who, role, area in _offices(scene, (one["insured_area"], one["treatment_area"])):
        body = {"role": role, "tier": 1, "office": f"{name_of(area)}清算科", "phone": "010-12393"}
        who.post("/advance/contacts", body)


def _offices(scene: Scene, pair: tuple[str, str]) -> list[tuple[Client, str, str]]:
    insured, treatment = pair
    return [
        (scene.insured(insured), "insured", insured),
        (scene.treatment(treatment), "treatment", treatment),
    ]


def spend(scene: Scene, pair: tuple[str, str], until: Iterable[str]) -> None:
    """People of the pair are treated, one after the other, until the advance has come to this."""
    [planned] = [one for one in scene.cast.registrations if (one.person.area, one.place) == pair]
    for _ in range(scene.cast.advance["visits_max"]):
        if position_of(scene, pair)["level"] in until:
            return
        treat(scene, [plan(scene, planned, scene.cast.advance["bill"])])
    expect(holds=False, told=f"{pair} has not come to {until}")


def acknowledge(scene: Scene, pair: tuple[str, str], levels: Iterable[str]) -> None:
    """Both areas are warned; the office that is called has seen it."""
    insured = scene.insured(pair[0])

    def warned() -> Any:
        shown = insured.get("/advance/warnings")
        named = [one for one in shown if (one["insured_area"], one["treatment_area"]) == pair]
        return next((one for one in named if one["level"] in levels), None)

    found = scene.wait("the area is warned", warned)
    path = f"/advance/warnings/{found['warning_id']}/acknowledge"
    seen = insured.post(path, {"note": "已知悉，安排资金"})
    office = next(
        one["office"]
        for one in scene.operator.get("/advance/contacts")
        if (one["area"], one["role"]) == (pair[0], "insured") and one["tier"] == 1
    )
    scene.say(
        f"{found['level_zh']}：已用 {yuan(found['spent_fen'])} 元，"
        f"持有 {yuan(found['held_fen'])} 元；"
        f"通知 {office} 等，{seen['acknowledged_by']} 确认知悉。患者照常结算。"
    )
    scene.figures[f"warned_{found['level']}"] = scene.figures.get(f"warned_{found['level']}", 0) + 1


def tell_runway(scene: Scene, positions: list[Position]) -> None:
    rows = [
        [
            _name(one),
            yuan(one["held_fen"]),
            yuan(one["spent_fen"]),
            share(one["usage_bp"]),
            one["level_zh"],
            "—" if one["days_left"] is None else str(one["days_left"]),
            share(one["chance_yellow_bp"]),
            share(one["chance_red_bp"]),
            yuan(one["top_up_fen"]),
        ]
        for one in positions
    ]
    columns = [
        "参保地→就医地", ">持有", ">已用", ">使用率", "预警", ">余天", ">清算前黄", ">清算前红",
        ">建议调增",
    ]  # fmt: skip
    scene.table(columns, rows, "预付金跑道 (runway)")
