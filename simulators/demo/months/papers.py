"""The papers of a run are made, fetched by whom they concern, and laid into the story's folder."""

from collections.abc import Sequence
from typing import Any

from contracts.refusal import RefusalCode
from participants import statement
from simulators.demo.months import proving
from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import name_of
from simulators.demo.stage import expect

NATIONAL, STATEMENT, DETAIL, NOTICE = "national", "statement", "detail", "notice"
TITLES = {NATIONAL: "全国清算表", STATEMENT: "清算明细表", DETAIL: "结算明细", NOTICE: "清算通知书"}
ADVANCE_FOLDER, KEY_FILE = "预付金", "公钥.txt"
MADE_WITHIN_S = 120.0


def close(scene: Scene, run: Run) -> None:
    """The books of the run are shut; its papers go out, and are proved to be what they say."""
    scene.chapter(f"关账与单据 {run.cycle}", "The run is closed; its papers verify offline")
    scene.operator.post(f"{run.path}/close")
    found = scene.wait("the papers are made", lambda: _all_made(scene, run), MADE_WITHIN_S)
    kept = {one["name"]: _kept(scene, run, one) for one in found}
    counts = {kind: sum(one["kind"] == kind for one in found) for kind in TITLES}
    scene.table(
        ["单据", ">份数"],
        [[TITLES[kind], str(count)] for kind, count in counts.items()],
        f"{run.cycle} 第 {run.facts['version']} 版：{len(kept)} 份单据全部离线验证通过",
    )
    if run.facts.get("mark"):
        scene.say(f"通知书上印有：“{run.facts['mark']}”。")
    national = next(one["name"] for one in found if one["kind"] == NATIONAL)
    proving.chained(scene, run, kept[national])
    proving.tampered(scene, kept[national])
    _fetched_by_an_area(scene, run, found)
    proving.recomputed(scene, run)
    proving.late_reversal(scene, run, kept.values())


def lay_notices(scene: Scene, change: dict[str, Any]) -> None:
    """The notices of an advance that was raised: one to the payer, one to the payee."""
    parties = {change["payer"], change["payee"]}

    def made() -> list[dict[str, Any]] | None:
        found = scene.operator.get("/papers?kind=advance")
        return found if {one["insured_area"] for one in found} == parties else None

    for paper in scene.wait("the notices are made", made, MADE_WITHIN_S):
        statement.verify(_fetched(scene, paper, ADVANCE_FOLDER), paper["public_key"])
    names = "、".join(map(name_of, sorted(parties)))
    scene.say(f"预付金通知书已出具并验证通过：{names}各一份。")


def _all_made(scene: Scene, run: Run) -> list[dict[str, Any]] | None:
    """The papers of the present version, once there is one of every kind for everybody."""
    listed = scene.operator.get(f"/papers?cycle={run.cycle}&count_max=5000")
    found = [one for one in listed if one["version"] == run.facts["version"]]
    lines = [one["line"] for one in scene.operator.get(f"{run.path}/lines")["lines"]]
    pairs = {(line["insured_area"], line["treatment_area"]) for line in lines}
    parties = len({pair[0] for pair in pairs}) + len({pair[1] for pair in pairs})
    return found if len(found) == 1 + 2 * parties + len(pairs) else None


def _kept(scene: Scene, run: Run, paper: dict[str, Any]) -> bytes:
    """Fetched and verified with the published key; what it adds up to is what the run says."""
    content = _fetched(scene, paper, run.cycle)
    found = statement.verify(content, paper["public_key"])
    expect(found.seal["cycle"] == run.cycle, f"{found.seal}")
    if paper["kind"] == NATIONAL:
        expect(found.totals["payable_fen"] == run.facts["payable_fen"], f"{found.totals}")
    if paper["kind"] == NOTICE:
        expect(bool(found.marks) == run.facts["is_overridden"], f"marks: {found.marks}")
        run.facts["mark"] = "".join(found.marks)
    return content


def _fetched(scene: Scene, paper: dict[str, Any], folder: str) -> bytes:
    content = scene.operator.fetch(f"/papers/{paper['paper_id']}")
    place = scene.papers / folder
    place.mkdir(parents=True, exist_ok=True)
    place.joinpath(paper["name"]).write_bytes(content)
    scene.papers.joinpath(KEY_FILE).write_text(f"{paper['public_key']}\n", encoding="utf-8")
    scene.figures["public_key"] = paper["public_key"]
    scene.figures["papers"] = scene.figures.get("papers", 0) + 1
    return content


def _fetched_by_an_area(scene: Scene, run: Run, found: Sequence[dict[str, Any]]) -> None:
    """An area fetches its own papers itself, and gets nobody else's."""
    area = scene.cast.areas[0]
    agency = scene.insured(area)
    own = agency.get(f"/papers?cycle={run.cycle}")
    others = [one for one in found if one["insured_area"] not in {None, area}]
    expect(bool(own) and all(one["insured_area"] in {None, area} for one in own), f"{own}")
    agency.fetch(f"/papers/{own[0]['paper_id']}")
    scene.refused_look(agency, f"/papers/{others[0]['paper_id']}", RefusalCode.NOT_ALLOWED)
    scene.say(f"{name_of(area)}自行下载本地单据 {len(own)} 份；他地的单据不可见。")
