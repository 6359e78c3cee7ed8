"""Tells the story once, and sums it up."""

import json
import logging
import time
from random import Random

import httpx

from contracts.clock import SystemClock
from simulators.demo.books import Books, read_books
from simulators.demo.closing import clear_the_month, close_the_day, explain
from simulators.demo.narrator import Narrator
from simulators.demo.plot import load_plot
from simulators.demo.registering import register
from simulators.demo.stage import Stage
from simulators.demo.treating import everyday, treat_the_teacher
from simulators.demo.troubles import TROUBLES, go_wrong
from simulators.running.embedded import embedded_world
from simulators.running.separate import separate_world
from simulators.running.world import World
from simulators.stack.servers import servers

VISITS = 36


def run(*, kafka: bool, as_json: bool, seed: int, visits: int = VISITS) -> dict[str, object]:
    """The whole story; the summary that `--json` prints. Raises what went wrong, if anything."""
    began = time.perf_counter()
    # The story pauses an area on purpose: what the parts then log belongs to the story.
    logging.getLogger().setLevel(logging.CRITICAL)
    narrator = Narrator(aloud=not as_json)
    plot = load_plot()
    world_of = separate_world if kafka else embedded_world
    with servers(kafka=kafka, durable=False, in_memory=True) as given:
        narrator.chapter("开始", "A country in miniature comes up")
        narrator.say(f"{given.database} · {given.broker}")
        with world_of(given, plot.areas) as world, httpx.Client(timeout=30.0) as http:
            stage = Stage(world, plot, narrator, http, Random(seed), SystemClock(), visits)
            with narrator.telling(_steps(stage)):
                register(stage)
                treat_the_teacher(stage)
                everyday(stage)
                go_wrong(stage)
                today = close_the_day(stage)
                payable_fen, receivable_fen = clear_the_month(stage, today)
                explain(stage)
            books = _books(world)
    return {
        "settled": books.settled,
        "reversed": books.reversed,
        "expired": books.expired,
        "rejected": books.rejected,
        "pending": books.pending,
        "breaks": books.breaks,
        "ledger_sum_fen": books.ledger_sum_fen,
        "payable_fen": payable_fen,
        "receivable_fen": receivable_fen,
        "areas": len(plot.areas),
        "seed": seed,
        "broker": given.broker,
        "database": given.database,
        "elapsed_s": round(time.perf_counter() - began, 1),
    }


def _steps(stage: Stage) -> int:
    """What the progress bar counts: registrations, the stay, visits, troubles, three closings."""
    return len(stage.plot.registrations) + 1 + stage.visits + len(TROUBLES) + 3


def _books(world: World) -> Books:
    engine = world.deployment.hub_engine("books")
    try:
        return read_books(engine)
    finally:
        engine.dispose()


def printed(summary: dict[str, object]) -> str:
    return json.dumps(summary, ensure_ascii=False, indent=2)


def told(summary: dict[str, object]) -> str:
    """The summary in a sentence for a person."""
    return (
        f"\n完成 done: {summary['settled']} 笔已结算 settled, "
        f"{summary['reversed']} 笔已冲销 reversed, "
        f"{summary['expired']} 笔超时作废 expired, {summary['rejected']} 笔拒绝 rejected; "
        f"对账差错 breaks {summary['breaks']}, 分录合计 ledger sum {summary['ledger_sum_fen']}. "
        f"{summary['elapsed_s']} s, {summary['broker']}, {summary['database']}."
    )
