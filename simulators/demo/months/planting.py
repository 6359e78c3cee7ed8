"""Faults planted at a side behind everybody's back, and found while the day is still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from simulators.demo.months.matters import Treated
from simulators.demo.months.rhythm import pass_until
from simulators.demo.months.scene import Scene
from simulators.demo.months.traffic import plan, treat
from simulators.demo.months.words import side_of
from simulators.demo.stage import expect

WITHIN_S = 60
"""A one-sided record shows within a minute of its own time."""
BILL = "hip-replacement"
_OF = "WHERE settlement_id = :id"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to a row of whose books, and what the hub calls the difference."""

    called: str
    role: str
    zh: str
    statements: tuple[str, ...]


MORE = f"""
    UPDATE settlements SET total_fen = total_fen + 700, in_scope_fen = in_scope_fen + 700,
        cash_fen = cash_fen + 700 {_OF}
"""
SHIFT = f"UPDATE grants SET pool_fen = pool_fen - 700, cash_fen = cash_fen + 700 {_OF}"
LOST = (f"DELETE FROM workings {_OF}", f"DELETE FROM grants {_OF}")
GIVEN_BACK = f"""
    UPDATE settlements SET state = 'reversed', reversed_on = business_date,
        reversed_at = settled_at {_OF}
"""
FAULTS = (
    Fault("amount", "treatment", "就医地多记 7 元", (MORE,)),
    Fault("fund_split", "insured", "参保地把 7 元记错了基金", (SHIFT,)),
    Fault("only_at_hub", "insured", "参保地丢了一笔记录", LOST),
    Fault("status", "treatment", "就医地误记为已撤销", (GIVEN_BACK,)),
)


def plant(scene: Scene) -> None:
    """Four patients settle, four rows are changed, and the comparison of the open day sees it."""
    scene.chapter("日间连续对账", "Faults are planted, and found the same minute")
    scene.settle_down()
    # However slow the machine is: no time passes between a settlement and its fault.
    with scene.clock.standing():
        hit = [_hit(scene, number, fault) for number, fault in enumerate(FAULTS)]
    since = scene.clock.now()
    found = _found_within(scene, {one.settlement_id for one in hit})
    _told(scene, found, hit, since)
    scene.disputed.add(hit[0].on)
    scene.touched |= {one.settlement_id for one in hit}


def _hit(scene: Scene, number: int, fault: Fault) -> Treated:
    """Somebody settles, of a pair of areas that no other fault concerns, and the fault is there."""
    planned = scene.cast.registrations[number * 8 + 1]
    [one] = treat(scene, [plan(scene, planned, BILL)])
    _planted(scene, fault, one)
    return one


def _planted(scene: Scene, fault: Fault, one: Treated) -> None:
    insured, treatment = one.pair
    of = f"{fault.role}.{insured if fault.role == 'insured' else treatment}"
    heard = f"SELECT state FROM {_table(fault)} {_OF}"
    scene.wait(
        "this side has booked it",
        lambda: scene.rows(of, heard, id=one.settlement_id) == [("settled",)],
    )
    with scene.engines[of].begin() as tx:
        for statement in fault.statements:
            tx.execute(text(statement), {"id": one.settlement_id})


def _table(fault: Fault) -> str:
    return "grants" if fault.role == "insured" else "settlements"


def _found_within(scene: Scene, ids: set[UUID]) -> list[dict[str, Any]]:
    """Time goes on second by second until every one of them shows."""

    def look() -> list[dict[str, Any]] | None:
        shown = scene.operator.get("/open-day")["differences"]
        mine = [one for one in shown if UUID(one["settlement_id"] or str(UUID(int=0))) in ids]
        return mine if {UUID(one["settlement_id"]) for one in mine} == ids else None

    return list(pass_until(scene, "the open day shows what differs", look))


def _told(
    scene: Scene, found: Sequence[dict[str, Any]], hit: Sequence[Treated], since: datetime
) -> None:
    by_id = {one["settlement_id"]: one for one in found}
    rows, slowest_s = [], 0
    for fault, one in zip(FAULTS, hit, strict=True):
        shown = by_id[str(one.settlement_id)]
        seconds = max(1, round((datetime.fromisoformat(shown["found_at"]) - since).total_seconds()))
        slowest_s = max(slowest_s, seconds)
        side = side_of(shown["area"], shown["role"])
        rows.append([fault.zh, side, shown["zh"].partition("：")[0], f"{seconds} 秒"])
    scene.table(["做了什么", "哪一方", "发现为", ">用时"], rows)
    expect(slowest_s <= WITHIN_S, f"found after {slowest_s} s")
    scene.say("当日尚未日终：均为暂列，过了约定时间仍不一致才是差错 (provisional until then)。")
    scene.figures |= {"planted": len(hit), "found_within_a_minute": True}
    scene.seconds["found_after_s"] = slowest_s
