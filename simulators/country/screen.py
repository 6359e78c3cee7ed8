"""The live screen of the country: rates, waits, kinds, busiest pairs, the weather of routes."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from sqlalchemy import Engine, text

from simulators.country.tally import Tally
from simulators.country.telling import KIND_ZH, name
from simulators.country.traffic import Traffic
from simulators.world.habits import in_chinese
from simulators.world.kinds import kinds

PAIRS, SECONDS_OF_RATE = 10, 10
WEATHER_ZH = {"clear": "通畅", "slow": "缓慢", "down": "中断"}
_WEATHER = "SELECT condition, array_agg(insured_area) FROM route_weather GROUP BY condition"
_STANDING = "SELECT state, count(*) FROM settlements GROUP BY state"


@dataclass(slots=True)
class Screen:
    """Looks at the tally of the hospitals and at the hub's database; it changes nothing."""

    tally: Tally
    traffic: Traffic
    hub: Engine
    _looked: deque[tuple[float, int]] = field(
        default_factory=lambda: deque(maxlen=SECONDS_OF_RATE + 1)
    )

    def look(self, now_s: float) -> None:
        """Once a second, for the rate."""
        self._looked.append((now_s, self.tally.settled))

    def per_second(self) -> float:
        """Settlements of the last seconds."""
        if len(self._looked) < 2:
            return 0.0
        (then_s, then), (now_s, now) = self._looked[0], self._looked[-1]
        return (now - then) / max(now_s - then_s, 0.001)

    def line(self) -> str:
        """All of it in one line, where there is no screen."""
        waits = self.tally.waits_ms()
        return (
            f"{self.per_second():.1f}/s · 已结算 settled {self.tally.settled} · "
            f"p50 {waits['p50']:.0f} ms p99 {waits['p99']:.0f} ms · {self._weather_told()}"
        )

    def drawn(self) -> RenderableType:
        return Group(
            f"[bold]异地 · 32 个地区[/bold]   {self.line()}   [dim]Ctrl-C 结束[/dim]",
            Columns([self._kinds(), self._pairs(), self._counts()], padding=(0, 2)),
        )

    def _kinds(self) -> Table:
        table = Table("类别", "人次", "次均基金（元）", "公布（元）", title="就诊")
        for kind, one in kinds().items():
            of = self.tally.kinds[kind]
            table.add_row(
                KIND_ZH[kind],
                f"{of.visits:,}",
                f"{of.mean_fund_fen / 100:,.0f}",
                f"{one.fund_fen / 100:,.0f}",
            )
        return table

    def _pairs(self) -> Table:
        table = Table("参保地 → 就医地", "笔数", title="最忙的方向")
        for (home, away), count in self.tally.pairs.most_common(PAIRS):
            table.add_row(f"{name(home)} → {name(away)}", str(count))
        return table

    def _counts(self) -> Table:
        table = Table("", "", title="其他", show_header=False)
        for what, count in self._counted():
            table.add_row(what, str(count))
        return table

    def _counted(self) -> list[tuple[str, Any]]:
        states = self._rows(_STANDING)
        return [
            *((f"枢纽 {state}", count) for state, count in sorted(states)),
            *((zh, self.tally.habits[habit]) for habit, zh in in_chinese().items()),
            *((f"拒绝 [{code}]", count) for code, count in sorted(self.tally.refused.items())),
            ("结果未知", self.tally.unknown),
            ("排不上队", self.traffic.turned_away),
            ("意外应答", len(self.tally.unexpected)),
        ]

    def _weather_told(self) -> str:
        found = dict(self._rows(_WEATHER))
        told = [
            f"{zh} {len(found[condition])}"
            + ("" if condition == "clear" else f"（{''.join(map(name, found[condition]))}）")
            for condition, zh in WEATHER_ZH.items()
            if condition in found
        ]
        return "路况 " + ("，".join(told) or "未知")

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.hub.connect() as tx:
            return [tuple(row) for row in tx.execute(text(query))]
