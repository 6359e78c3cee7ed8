"""A run in words: the plan, the table of faults and recoveries, the verdict, and all as JSON."""

import json
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from simulators.chaos.outcome import Befallen, Outcome
from simulators.chaos.plan import Plan

SHOWN_MAX = 10


def plan_told(plan: Plan) -> Table:
    """What is going to happen, before it does."""
    table = Table(title=f"故障计划 plan of faults, seed {plan.seed}, {plan.minutes} min")
    for heading in ("#", "时刻 at", "对象 target", "故障 fault", "持续 lasts"):
        table.add_column(heading)
    for one in plan.faults:
        cells = (f"{one.at_s:.0f} s", one.card.target, one.card.told, f"{one.lasts_s:.1f} s")
        table.add_row(str(one.number), *cells)
    return table


def outcome_told(outcome: Outcome) -> RenderableType:
    return Group(_recoveries(outcome.befallen), *_figures(outcome))


def repeated_by(outcome: Outcome) -> str:
    plan = outcome.plan
    return (
        f"yidi chaos --seed {plan.seed} --minutes {plan.minutes} --rate {outcome.load.rate_per_s:g}"
    )


def sentence(outcome: Outcome) -> str:
    """The verdict; where something is broken, what first, and how to see it again."""
    wrong = outcome.judgement.wrong
    if not wrong:
        return "全部成立：已确认的没有丢失，没有重复，没有悬而未决 (everything holds)"
    more = f" (+{len(wrong) - 1})" if len(wrong) > 1 else ""
    return f"不成立 (broken): {wrong[0]}{more}; 重现 repeat with: {repeated_by(outcome)}"


def as_json(outcome: Outcome) -> str:
    return json.dumps(_as_dict(outcome), ensure_ascii=False, indent=2)


def _recoveries(befallen: Sequence[Befallen]) -> Table:
    table = Table(title="故障与恢复 faults and recoveries")
    headings = ("#", "对象 target", "故障 fault", "持续 lasted", "启动 starting", "恢复 recovery")
    for heading in headings:
        table.add_column(heading)
    for one in befallen:
        card, seconds = one.fault.card, (one.lasted_s, one.starting_s, one.recovery_s)
        told = ("—" if value is None else f"{value:.1f} s" for value in seconds)
        table.add_row(str(one.fault.number), card.target, card.told, *told)
    return table


def _figures(outcome: Outcome) -> list[str]:
    found, load = outcome.judgement, outcome.load
    endings = ", ".join(f"{name} {n:,}" for name, n in sorted(load.endings.items()))
    heard = (
        f"常速 ordinary rate {load.ordinary_per_s:.1f}/s",
        f"应答 replies {load.replies:,}",
        f"无应答 no answer {load.no_answer:,}",
        f"迟到 late {load.late:,} (max {load.late_s_max:.1f} s)",
    )
    counts = (
        f"已确认而丢失 acknowledged and lost {len(found.lost)}",
        f"重复 doubly applied {len(found.doubled)}",
        f"中间状态 between states {len(found.between)}",
        f"其他 otherwise broken {len(found.broken)}",
    )
    return [
        f"就诊 visits {load.endings.total():,}: {endings}",
        " · ".join(heard),
        f"自行终止后重启 found dead: {', '.join(outcome.found_dead) or '—'}",
        f"收敛 converged in {outcome.converged_s:.1f} s; {outcome.broker} · {outcome.database}",
        _room(outcome),
        " · ".join(counts),
        *(f"  {one}" for one in found.wrong[:SHOWN_MAX]),
    ]


def _room(outcome: Outcome) -> str:
    crowding = f"排队 run queue {outcome.crowding:.1f} per core at most"
    if outcome.in_time:
        return crowding
    return f"{crowding}: 机器过忙，时限未判 too crowded to judge what was late"


def _as_dict(outcome: Outcome) -> dict[str, object]:
    found, load = outcome.judgement, outcome.load
    return {
        "seed": outcome.plan.seed,
        "minutes": outcome.plan.minutes,
        "holds": found.holds,
        "acknowledged_and_lost": len(found.lost),
        "doubly_applied": len(found.doubled),
        "between_states": len(found.between),
        "otherwise_broken": len(found.broken),
        "broken": list(found.wrong),
        "faults": [_fault(one) for one in outcome.befallen],
        "visits": dict(sorted(load.endings.items())),
        "rate_per_s": load.rate_per_s,
        "ordinary_per_s": round(load.ordinary_per_s, 1),
        "replies": load.replies,
        "refused_by_code": dict(sorted(load.refused.items())),
        "no_answer": load.no_answer,
        "late": load.late,
        "late_s_max": round(load.late_s_max, 1),
        "run_queue_per_core_max": round(outcome.crowding, 1),
        "lateness_judged": outcome.in_time,
        "found_dead": list(outcome.found_dead),
        "converged_s": round(outcome.converged_s, 1),
        "elapsed_s": round(outcome.elapsed_s, 1),
        "broker": outcome.broker,
        "database": outcome.database,
        "repeat": repeated_by(outcome),
    }


def _fault(one: Befallen) -> dict[str, object]:
    return {
        "number": one.fault.number,
        "at_s": round(one.fault.at_s, 1),
        "fault": one.fault.card.kind.value,
        "target": one.fault.card.target,
        "in_order": one.fault.card.clean,
        "lasted_s": round(one.lasted_s, 1),
        "starting_s": _tenths(one.starting_s),
        "recovery_s": _tenths(one.recovery_s),
    }


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
