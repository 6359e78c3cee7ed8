"""The tables at the end: each kind against the published figures, flows, clearing, truths."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from contracts.codes import AreaCode, areas
from contracts.money import yuan_from_fen
from simulators.country.days import Run
from simulators.country.tally import OfKind, Tally
from simulators.demo.narrator import Narrator
from simulators.world.flows import flows
from simulators.world.habits import in_chinese
from simulators.world.kinds import kinds, shares

KIND_ZH = {
    "inpatient": "住院",
    "outpatient": "普通门诊",
    "chronic": "门诊慢特病",
    "pharmacy": "药店",
}
WITHIN, ERRORS = 0.05, 3.0
"""A mean fits when it is five per cent off at most, or three standard errors of so few visits."""
TOP = 12


def by_kind(tally: Tally) -> list[dict[str, Any]]:
    """One row a kind: visits and mean fund money, drawn and published."""
    total = sum(one.visits for one in tally.kinds.values()) or 1
    return [
        {
            "kind": kind.value,
            "visits": tally.kinds[kind].visits,
            "share": round(tally.kinds[kind].visits / total, 4),
            "published_share": round(shares()[kind], 4),
            "mean_fund_fen": round(tally.kinds[kind].mean_fund_fen),
            "published_fund_fen": one.fund_fen,
            "error_fen": round(tally.kinds[kind].error_fen),
            "fits": fits(tally.kinds[kind], one.fund_fen),
        }
        for kind, one in kinds().items()
    ]


def fits(of: OfKind, published_fen: int) -> bool:
    return abs(of.mean_fund_fen - published_fen) <= max(
        WITHIN * published_fen, ERRORS * of.error_fen
    )


def kinds_told(narrator: Narrator, rows: list[dict[str, Any]]) -> None:
    columns = ("类别", ">人次", ">占比", ">公布", ">次均基金（元）", ">公布（元）", ">差", ">误差")
    narrator.table(
        (*columns, ""),
        [
            (
                KIND_ZH[row["kind"]],
                f"{row['visits']:,}",
                f"{row['share']:.1%}",
                f"{row['published_share']:.1%}",
                f"{row['mean_fund_fen'] / 100:,.0f}",
                f"{row['published_fund_fen'] / 100:,.0f}",
                f"{row['mean_fund_fen'] / row['published_fund_fen'] - 1:+.1%}",
                f"{row['error_fen'] / row['published_fund_fen']:.1%}",
                "✓" if row["fits"] else "✗",
            )
            for row in rows
        ],
        title="各类就诊与公布数字（国家医保局 2025 年一季度；基金含个人账户）",
    )


def pairs_told(narrator: Narrator, tally: Tally) -> None:
    total = sum(tally.pairs.values()) or 1
    rows = [
        (
            f"{name(home)} → {name(away)}",
            str(count),
            f"{count / total:.2%}",
            f"{flows()[home, away]:.2%}",
        )
        for (home, away), count in tally.pairs.most_common(TOP)
    ]
    narrator.table(("参保地 → 就医地", ">笔数", ">占比", ">模型"), rows, title="流量最大的方向")
    treated: dict[AreaCode, int] = defaultdict(int)
    for (_, away), count in tally.pairs.items():
        treated[away] += count
    first = sorted(treated.items(), key=lambda item: -item[1])[:8]
    told = "，".join(f"{name(area)} {count / total:.1%}" for area, count in first)
    narrator.say(f"就医地：{told}。")


def run_told(narrator: Narrator, run: Run) -> None:
    narrator.chapter(f"清算 {run.month}", "The month is cleared, gross per ordered pair of areas")
    rows = [
        (name(area), yuan_from_fen(paid), yuan_from_fen(got), yuan_from_fen(got - paid))
        for area, (paid, got) in sorted(
            _positions(run.shown).items(), key=lambda item: item[1][1] - item[1][0], reverse=True
        )
    ]
    columns = ("地区", ">应付（元）", ">应收（元）", ">净应收（元）")
    narrator.table(columns, [*rows[:5], ("…", "", "", ""), *rows[-5:]])
    narrator.say(
        f"{run.lines} 行；应付合计 {yuan_from_fen(run.payable_fen)} = "
        f"应收合计 {yuan_from_fen(run.receivable_fen)} 元。"
    )
    narrator.say(f"月底 {run.compared} 项总账与就医地核对，相符 {run.equal} 项。")


def habits_told(narrator: Narrator, tally: Tally) -> None:
    told = "；".join(f"{zh} {tally.habits[habit]}" for habit, zh in in_chinese().items())
    narrator.say(f"医院习惯：{told}；午夜前后出院结算 {tally.midnight}。")
    if tally.refused:
        told = "，".join(f"[{code}] {count}" for code, count in sorted(tally.refused.items()))
        narrator.say(f"被拒绝：{told}。")


def name(area: str) -> str:
    return areas()[AreaCode(area)].short


def _positions(shown: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """What each area pays and gets, in fen."""
    paid: dict[str, int] = defaultdict(int)
    got: dict[str, int] = defaultdict(int)
    for line in shown["lines"]:
        paid[line["insured_area"]] += line["payable_fen"]
        got[line["treatment_area"]] += line["payable_fen"]
    return {area: (paid[area], got[area]) for area in {*paid, *got}}
