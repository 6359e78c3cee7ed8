"""How long a month's clearing takes: preview, freeze, proof by the ledger, and statements."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine

from contracts.codes import AreaCode, areas
from contracts.delivery import bulk
from contracts.delivery.engine import engine_of
from hub.domain.clearing import ClearingRun
from hub.services import clearing, preview
from hub.store.db import migrate
from simulators.bench.clearing_books import write_month
from simulators.stack.postgres import create_database
from simulators.stack.servers import servers

CYCLE = "2026-03"
FIRST, OPENED = date(2026, 2, 28), date(2026, 4, 1)
"""One day of the month before: it comes late."""
NOW = datetime(2026, 4, 21, 1, 0, tzinfo=UTC)
SETTLEMENTS = 25_000_000
LIMIT_S = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was cleared, and how long each part took. Money in fen.

    `cleared_s` is the whole run with its commits: open, freeze, prove, issue.
    """

    database: str
    settlements: int
    buckets: int
    pair_days: int
    lines: int
    statements: int
    payable_fen: int
    receivable_fen: int
    state: str
    preview_s: float
    freeze_s: float
    issue_s: float
    cleared_s: float

    @property
    def is_in_time(self) -> bool:
        return self.cleared_s <= LIMIT_S

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    def told(self) -> str:
        return (
            f"{self.database}\n"
            f"{self.settlements:,}笔结算，{self.buckets:,}个日合计，{self.pair_days:,}个结算日结对，"
            f"{self.lines:,}行清算明细，{self.statements}份通知\n"
            f"预览 {self.preview_s:.2f} s · 冻结核对 {self.freeze_s:.2f} s"
            f" · 签发 {self.issue_s:.2f} s · 合计 {self.cleared_s:.2f} s（上限 {LIMIT_S:.0f} s）\n"
            f"应付 {self.payable_fen} = 应收 {self.receivable_fen} · {self.state}"
        )


def run(settlements: int, tell: Callable[[str], None]) -> Cleared:
    """Write a month of all areas on a durable PostgreSQL, and clear it."""
    with servers(kafka=False, durable=True, tell=tell) as found:
        url = create_database(found.database_url, f"clearing_month_{time.time_ns()}")
        migrate(url)
        engine = engine_of(url, name="clearing month")
        try:
            tell("writing the month …")
            write(engine, list(areas()), settlements)
            tell("clearing it …")
            return cleared(engine, found.database)
        finally:
            engine.dispose()


def write(engine: Engine, between: Sequence[AreaCode], settlements: int) -> None:
    with engine.begin() as tx:
        write_month(tx, between, settlements, first=FIRST, opened=OPENED, now=NOW)


def cleared(engine: Engine, database: str) -> Cleared:
    """Preview the month, run it to `issued`, and say what came of it."""
    shown, preview_s = _timed(
        engine, lambda tx: preview.preview(tx, CYCLE, NOW, sees=lambda _: True)
    )
    frozen, freeze_s = _timed(engine, _frozen)
    (issued, said), issue_s = _timed(
        engine, lambda tx: clearing.issue(tx, frozen.run_id, by="bench", now=NOW)
    )
    assert sum(shown.payable.values()) == issued.payable_fen, "the preview said something else"
    [(settlements, buckets)] = _rows(engine, "SELECT sum(visits), count(*) FROM daily_totals")
    [(pair_days,)] = _rows(engine, "SELECT count(*) FROM clearing_pair_days")
    [(lines,)] = _rows(engine, "SELECT count(*) FROM clearing_lines")
    return Cleared(
        database=database,
        settlements=int(settlements),
        buckets=buckets,
        pair_days=pair_days,
        lines=lines,
        statements=len(said),
        payable_fen=issued.payable_fen,
        receivable_fen=issued.receivable_fen,
        state=issued.state.value,
        preview_s=preview_s,
        freeze_s=freeze_s,
        issue_s=issue_s,
        cleared_s=freeze_s + issue_s,
    )


def _frozen(tx: Connection) -> ClearingRun:
    opened = clearing.open_run(tx, CYCLE, now=NOW)
    return clearing.freeze(tx, opened.run_id, by="bench", now=NOW)


def _timed(engine: Engine, work: Callable[[Connection], T]) -> tuple[T, float]:
    began = time.perf_counter()
    with engine.begin() as tx:
        found = work(tx)
    return found, time.perf_counter() - began


def _rows(engine: Engine, statement: str) -> list[tuple[int, ...]]:
    with engine.connect() as tx:
        return bulk.fetch(tx, statement)
