"""The end: what must hold holds, and the figures of the story."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from simulators.demo.books import read_books
from simulators.demo.months import cycles
from simulators.demo.months.issuing import NETTING_ZH
from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene
from simulators.demo.months.words import yuan
from simulators.demo.stage import expect

OPEN_BREAKS = "SELECT count(*) FROM breaks WHERE resolved_at IS NULL"
AGREED = """
    SELECT count(DISTINCT business_date) FILTER (WHERE state = 'agreed'),
        count(*) FILTER (WHERE state <> 'agreed') FROM reconciliation_sides
"""
RUN_FACTS = (
    "cycle", "netting", "version", "payable_fen", "receivable_fen", "gross_fen",
    "audit_fen", "late_fen",
    "transfers", "moved_fen", "spared_fen", "is_overridden", "recomputed_papers",
)  # fmt: skip


def prove(scene: Scene) -> None:
    """All runs to their end, and then `yidi verify` over everything."""
    cycles.finish(scene)
    scene.settle_down()
    scene.chapter("核验", "Everything is recomputed: what was promised, holds")
    # What is left open for an instant is no violation: it is looked at until it is quiet.
    found = scene.wait("every promise holds", lambda: _holding(scene))
    books = read_books(scene.engines["hub"])
    [(agreed, not_agreed)] = scene.rows("hub", AGREED)
    expect(not_agreed == 0 and books.breaks == 0, f"{not_agreed} sides, {books.breaks} breaks")
    expect(books.pending == 0 and books.ledger_sum_fen == 0, f"{books}")
    expect(scene.operator.get("/proposals")["items"] == [], "a proposal is still open")
    watched = scene.operator.get("/verification/violations")["violations"]
    expect(not watched, f"{watched}")
    scene.figures |= {
        "settled": books.settled,
        "reversed": books.reversed,
        "pending": books.pending,
        "open_breaks": books.breaks,
        "ledger_sum_fen": books.ledger_sum_fen,
        "agreed_days": agreed,
        "checks": len(found["checks"]),
        "verified": found["holds"],
    }
    _told(scene)


def summary(scene: Scene) -> dict[str, Any]:
    """The figures of the story; ids and instants are not among them."""
    runs = [{name: run.facts.get(name) for name in RUN_FACTS} for run in scene.runs]
    return {
        "areas": len(scene.cast.areas),
        "first_day": str(scene.first),
        **dict(sorted(scene.figures.items())),
        "refusals": scene.refusals,
        **scene.seconds,
        "payable_fen": sum(one["payable_fen"] for one in runs),
        "receivable_fen": sum(one["receivable_fen"] for one in runs),
        "moved_fen": sum(one["moved_fen"] for one in runs),
        "runs": runs,
        "chapters": dict(Counter(name.split(" ")[0] for name in scene.chapters)),
    }


def told(summary: Mapping[str, Any]) -> str:
    """The summary in two sentences for a person."""
    return (
        f"\n完成 done: {summary['days']} 天，{summary['settled']} 笔已结算 settled, "
        f"{summary['reversed']} 笔已冲销 reversed; "
        f"未处理差错 open breaks {summary['open_breaks']}; "
        f"应付 payable {yuan(summary['payable_fen'])} 元, "
        f"实付 moved {yuan(summary['moved_fen'])} 元. "
        f"{summary['elapsed_s']} s, {summary['broker']}, {summary['database']}."
        f"\n单据 papers: {summary['papers_folder']}（{summary['papers']} 份，"
        f"yidi verify-statement 文件 --key {summary['public_key']}）"
    )


def _holding(scene: Scene) -> Any:
    proof = scene.operator.get("/verification")
    return proof if proof["holds"] else None


def _told(scene: Scene) -> None:
    rows = [_row(run) for run in scene.runs]
    columns = [
        "清算期",
        "方式",
        ">版次",
        ">应付=应收（元）",
        ">实付（元）",
        ">笔数",
        ">少动资金（元）",
    ]
    scene.table(columns, rows, "各期清算")
    figures = scene.figures
    scene.say(
        f"核验 {figures['checks']} 项全部成立；{figures['agreed_days']} 个结算日三方对平；"
        f"分录合计 {figures['ledger_sum_fen']}，未处理差错 {figures['open_breaks']}。"
    )


def _row(run: Run) -> list[str]:
    facts = run.facts
    return [
        run.cycle,
        NETTING_ZH[run.netting],
        str(facts["version"]),
        yuan(facts["payable_fen"]),
        yuan(facts["moved_fen"]),
        str(facts["transfers"]),
        yuan(facts["spared_fen"]),
    ]
