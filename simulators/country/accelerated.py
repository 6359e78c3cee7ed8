"""`yidi demo --country --days N`: a week of the whole country, or a year of it, scaled down."""

import logging
import time
from calendar import monthrange
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as wall
from random import Random
from typing import Any

import httpx

from contracts.clock import SHANGHAI, shanghai_date_of
from simulators.agency import Client
from simulators.country import registering, telling
from simulators.country.days import Days
from simulators.country.stepped import SteppedCountry, stepped_country
from simulators.country.street import Street
from simulators.demo.books import read_books
from simulators.demo.narrator import Narrator
from simulators.running.moved_clock import MovedClock
from simulators.stack.servers import Servers, servers
from simulators.truths import TRUTHS, broken, pending
from simulators.world.country import Country, draw_country
from simulators.world.kinds import visits_a_day
from simulators.world.places import places

SCALE = 1_000
PEOPLE_LEAST, PEOPLE_MOST = 500, 6_000
AT_ONCE = 24
"""People who are at a hospital's desk at the same time."""
DAWN = wall(0, 0, 5)
ENDING_TURNS, REST_S = 20, 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long, of which seed, and how many real visits each one stands for."""

    days: int
    seed: int
    scale: float = SCALE


def run(wanted: Wanted, *, as_json: bool) -> dict[str, Any]:
    """Live through the days; the summary that `--json` prints. Raises what went wrong."""
    began = time.perf_counter()
    logging.getLogger().setLevel(logging.CRITICAL)
    narrator, clock = Narrator(aloud=not as_json), MovedClock()
    first = first_day(shanghai_date_of(clock.now()), wanted.days)
    clock.move_to(datetime.combine(first, DAWN, tzinfo=SHANGHAI))
    country = draw_country(wanted.seed, wanted.scale, _people(wanted), first)
    days = [first + timedelta(days=n) for n in range(wanted.days)]
    visits = sum(len(country.visits_of(day)) for day in days)
    narrator.say(
        f"{len(places())} 个地区，{len(country.people)} 名参保人在外；{first} 起 {wanted.days} 天，"
        f"{visits:,} 人次（1:{wanted.scale:,.0f}，全国每天 {visits_a_day():,.0f}）。"
    )
    with servers(kafka=False, durable=False) as given:
        narrator.say(f"{given.database} · {given.broker}")
        with narrator.telling(visits), _living(given, country, clock, narrator, first) as life:
            _prepare(life, narrator)
            for day in days:
                narrator.chapter(f"{day}", "visits, midnight, the close, three sides agree")
                life.live(day)
            figures = _ended(life, narrator)
        return {
            "days": wanted.days,
            "seed": wanted.seed,
            "scale": wanted.scale,
            "first_day": str(first),
            "people": len(country.people),
            "visits": visits,
            **figures,
            "broker": given.broker,
            "database": given.database,
            "elapsed_s": round(time.perf_counter() - began, 1),
        }


def first_day(today: date, days: int) -> date:
    """So that the last day is the last of a month, and the first is not over yet."""
    then = today + timedelta(days=days)
    last = then.replace(day=monthrange(then.year, then.month)[1])
    return last - timedelta(days=days - 1)


def told(summary: dict[str, Any]) -> str:
    """The summary in a sentence for a person."""
    return (
        f"\n完成 done: {summary['days']} 天 × 32 地区，{summary['settled']:,} 笔已结算 settled，"
        f"{summary['reversed']} 笔已冲销 reversed；分录合计 ledger {summary['ledger_sum_fen']}；"
        f"{summary['truths']} 项真相全部成立 hold：{'是' if summary['holds'] else '否'}。"
        f"{summary['elapsed_s']} s, {summary['broker']}, {summary['database']}."
    )


def _people(wanted: Wanted) -> int:
    """Enough that nobody is ill every day, and not more than a laptop registers in seconds."""
    visits = wanted.days * visits_a_day() / wanted.scale
    return int(min(max(visits / 2, PEOPLE_LEAST), PEOPLE_MOST))


@contextmanager
def _living(
    given: Servers, country: Country, clock: MovedClock, narrator: Narrator, first: date
) -> Iterator[Days]:
    limits = httpx.Limits(max_connections=2 * AT_ONCE, max_keepalive_connections=2 * AT_ONCE)
    with (
        stepped_country(given, country, clock) as stepped,
        httpx.Client(timeout=60.0, limits=limits) as http,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        yield Days(
            stepped=stepped,
            street=Street(stepped.world, http, clock),
            operator=Client(stepped.world.hub_api, stepped.world.tokens.operator, http),
            pool=pool,
            random=Random(country.seed),
            step=narrator.stepped,
            first=first,
        )


def _prepare(life: Days, narrator: Narrator) -> None:
    """Everybody's registration is in force before the first day begins."""
    narrator.chapter("备案", "Everybody registers where they live")
    stepped = life.stepped
    people = stepped.world.country.people
    registering.file_all(stepped.world.deployment, stepped.log, stepped.clock, people)
    registering.wait_until(stepped.sides.hub, len(people), stepped.world.check)
    narrator.say(f"{len(people)} 人备案生效。")


def _ended(life: Days, narrator: Narrator) -> dict[str, Any]:
    """All is quiet: the tables, the books, and every truth."""
    stepped, street = life.stepped, life.street
    left = _come_to_rest(stepped)
    for run in life.runs:
        telling.run_told(narrator, run)
    narrator.chapter("核对", "What must be true of the whole country is looked at, by name")
    faults = broken(stepped.sides, street.witness, stepped.clock.now())
    books = read_books(stepped.sides.hub)
    rows = telling.by_kind(street.tally)
    telling.kinds_told(narrator, rows)
    telling.pairs_told(narrator, street.tally)
    telling.habits_told(narrator, street.tally)
    _faults_told(narrator, stepped, [*(f"{one.truth}: {one.what}" for one in faults), *left])
    return {
        "areas": len(stepped.world.deployment.areas),
        "settled": books.settled,
        "reversed": books.reversed,
        "expired": books.expired,
        "pending": books.pending,
        "breaks": books.breaks,
        "ledger_sum_fen": books.ledger_sum_fen,
        "agreed_days": life.agreed_days,
        "kinds": rows,
        "habits": {habit.value: count for habit, count in street.tally.habits.items()},
        "midnight": street.tally.midnight,
        "refused": dict(street.tally.refused),
        "unexpected": street.tally.unexpected,
        "runs": [
            {
                "month": run.month,
                "lines": run.lines,
                "payable_fen": run.payable_fen,
                "receivable_fen": run.receivable_fen,
                "compared": run.compared,
                "equal": run.equal,
            }
            for run in life.runs
        ],
        "truths": len(TRUTHS),
        "broken": [f"{one.truth}: {one.what}" for one in faults],
        "left": left,
        "holds": not faults and not left and not street.tally.unexpected,
    }


def _come_to_rest(stepped: SteppedCountry) -> list[str]:
    """What is still on its way when jobs, messages and sweepers have had their turns."""
    for _ in range(ENDING_TURNS):
        stepped.run_jobs()
        stepped.settle_down()
        if not (left := pending(stepped.sides)):
            return []
        stepped.sweep()
        time.sleep(REST_S)
    return left


def _faults_told(narrator: Narrator, stepped: SteppedCountry, faults: list[str]) -> None:
    for one in faults:
        narrator.say(f"✗ {one}")
    if not faults:
        moved = f"{stepped.moved:,}"
        narrator.say(f"{len(TRUTHS)} 项真相全部成立；共处理 {moved} 条消息，无一遗留。")
