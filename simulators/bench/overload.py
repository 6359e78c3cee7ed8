"""Five times what can be done: how much is still done meanwhile, and how soon all is well again."""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from contracts.clock import SystemClock
from contracts.refusal import RefusalCode
from simulators.bench.http_load import Asked, HttpLoad
from simulators.bench.load import Answered
from simulators.bench.stage import Bench, Setting, Tell, standing
from simulators.bench.statistics import Latency, latency_of
from simulators.bench.validity import Verdict
from simulators.bench.verdict import RunInvalid, drained, judged

TIMES = 5
WINDOW = 300
RAMP_S = 4.0
BEST_AT_MOST = 1_000
"""Settlements a second that are written beforehand; the load shares its cores with the rest."""
WELL_MS = 1_000
"""All is well once every request of a second has a yes, and 99 in 100 within this."""
FINAL_WITHIN_S = 30.0
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Work:
    """Settlements done and asked for, a second; and how many cores the load itself took."""

    per_s: float
    asked_per_s: float
    load_cores: float
    began_s: float
    ended_s: float
    """As `time.perf_counter` has it."""
    started_at: datetime
    ended_at: datetime

    def when(self) -> dict[str, str]:
        return {
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "ended_at": self.ended_at.isoformat(timespec="milliseconds"),
        }

    @property
    def per_core_left(self) -> float:
        """The hospitals' own machines are none of ours: what the load took was not there."""
        return self.per_s / ((os.cpu_count() or 1) - self.load_cores)


@dataclass(frozen=True, slots=True)
class Overload:
    """Rates are settlements a second, as they were: `asked_per_s` is what came to the door.

    `recovered_s` None: not within the time that was watched.
    """

    best: Work
    done: Work
    latency: Latency
    turned_away: Mapping[str, int]
    unknown: int
    unknown_settled: int
    recovered_s: int | None
    verdict: Verdict
    samples: Mapping[str, Sequence[Answered]]

    @property
    def asked_per_s(self) -> float:
        return self.done.asked_per_s

    @property
    def times(self) -> float:
        """How many times the best was really asked for: the load has its limits as well."""
        return self.asked_per_s / self.best.per_s

    @property
    def kept(self) -> float:
        return self.done.per_s / self.best.per_s

    @property
    def kept_per_core(self) -> float:
        """The same, of the machine that the load left to those who work."""
        return self.done.per_core_left / self.best.per_core_left

    def as_dict(self) -> dict[str, object]:
        return {
            "best_per_s": round(self.best.per_s, 1),
            "asked_per_s": round(self.asked_per_s, 1),
            "asked_times": round(self.times, 2),
            "done_per_s": round(self.done.per_s, 1),
            "kept": round(self.kept, 3),
            "kept_per_core": round(self.kept_per_core, 3),
            "load_cores": [round(one.load_cores, 3) for one in (self.best, self.done)],
            "p50_ms": self.latency.p50_ms,
            "p99_ms": self.latency.p99_ms,
            "turned_away": dict(self.turned_away),
            "unknown": self.unknown,
            "unknown_settled": self.unknown_settled,
            "recovered_s": self.recovered_s,
            **self.verdict.as_dict(),
            "windows": {"best": self.best.when(), "five times": self.done.when()},
        }

    def told(self) -> str:
        away = ", ".join(f"{code}: {n:,}" for code, n in sorted(self.turned_away.items()))
        back = "not seen" if self.recovered_s is None else f"after {self.recovered_s} s"
        kept = f"{self.kept:.0%} of the best, {self.kept_per_core:.0%} beside the load's own work"
        asked = f"{self.asked_per_s:,.0f}/s asked, {self.times:.1f} times that"
        lines = (
            f"{self.best.per_s:,.0f}/s with {WINDOW} under way",
            f"{asked}: {self.done.per_s:,.0f}/s done, {kept}",
            f"what was let in: p50 {self.latency.p50_ms}, p99 {self.latency.p99_ms} ms",
            f"turned away: {away or 'nobody'}",
            f"{self.unknown} told 'unknown', of which {self.unknown_settled} were settled by T",
            f"well again at half the best: {back}",
            self.verdict.told(),
        )
        return "\n".join(lines)


def run(seconds: float, setting: Setting) -> Overload:
    """A third of the time each: the best there is, five times as much, and half of it."""
    with standing(setting) as bench:
        return measure(bench, seconds / 3, setting.tell)


def measure(bench: Bench, third: float, tell: Tell, ramp_s: float = RAMP_S) -> Overload:
    """On a stage with a gateway, on which nothing was asked yet; `third` is seconds."""
    load = bench.load
    assert isinstance(load, HttpLoad), "overload is made over HTTP"
    tell(f"the best: {WINDOW} settlements under way for {third:.0f} s")
    best = _best(load, third, ramp_s)
    drained(bench)
    first = len(load.answers)
    tell(f"{TIMES} times as much: {TIMES * best.per_s:,.0f} a second for {third:.0f} s")
    done, refused = _overloaded(load, best.per_s, third, ramp_s)
    half = len(load.answers)
    tell(f"half of the best: {best.per_s / 2:,.0f} a second for {third:.0f} s")
    recovered_s = _recovered(load, best.per_s, third)
    drained(bench)
    tell("asking what became of the unknown, and counting")
    settled = _made_certain(bench, load)
    verdict = judged(bench, load.asked + settled)
    refuse_faults(load.refused)
    return Overload(
        best=best,
        done=done,
        latency=latency_of(waits_of_what_was_due(load.answers, done)),
        turned_away=refused,
        unknown=len(load.unknown),
        unknown_settled=settled,
        recovered_s=recovered_s,
        verdict=verdict,
        samples={
            "best": load.answers[:first],
            "five times": load.answers[first:half],
            "half": load.answers[half:],
        },
    )


def refuse_faults(refused: Mapping[str, int]) -> None:
    """RunInvalid where somebody was not turned away but met a fault of ours."""
    said = {code.value for code in RefusalCode} - {RefusalCode.INTERNAL_FAULT.value}
    if faults := {code: count for code, count in refused.items() if code not in said}:
        raise RunInvalid(f"answered with a fault: {faults}")


def _best(load: HttpLoad, seconds: float, ramp_s: float) -> Work:
    load.prepare(int(BEST_AT_MOST * seconds))
    load.keep_waiting(WINDOW, ramp_s)
    begun = _Begun(len(load.answers), load.begun)
    load.keep_waiting(WINDOW, seconds - ramp_s)
    return begun.work(load)


@dataclass(frozen=True, slots=True)
class _Begun:
    """Where the load's counts, the clock and the load's own processor time stood."""

    answers: int
    begun: int
    at_s: float = field(default_factory=time.perf_counter)
    load_s: float = field(default_factory=time.process_time)
    started_at: datetime = field(default_factory=_CLOCK.now)

    def work(self, load: HttpLoad) -> Work:
        ended_s, load_s = time.perf_counter(), time.process_time() - self.load_s
        took_s = ended_s - self.at_s
        per_s = (len(load.answers) - self.answers) / took_s
        asked_per_s = (load.begun - self.begun) / took_s
        return Work(
            per_s=per_s,
            asked_per_s=asked_per_s,
            load_cores=load_s / took_s,
            began_s=self.at_s,
            ended_s=ended_s,
            started_at=self.started_at,
            ended_at=_CLOCK.now(),
        )


def _overloaded(
    load: HttpLoad, best: float, seconds: float, ramp_s: float
) -> tuple[Work, Counter[str]]:
    load.prepare(int(TIMES * best * seconds))
    before = Counter(load.refused)
    load.at_rate(TIMES * best, ramp_s)
    begun = _Begun(len(load.answers), load.begun)
    load.at_rate(TIMES * best, seconds - ramp_s)
    return begun.work(load), load.refused - before


def waits_of_what_was_due(answers: Sequence[Answered], work: Work) -> list[int]:
    """Of the requests of this time, whenever their yes came: the late ones are the long ones."""
    return [one.waited_us for one in answers if work.began_s <= one.due_s < work.ended_s]


def _recovered(load: HttpLoad, best: float, seconds: float) -> int | None:
    """After how many seconds every later one was well; what is under way is not waited for."""
    well = []
    for _ in range(int(seconds)):
        first, refused = len(load.answers), load.refused.total()
        load.at_rate(best / 2, 1.0)
        answers = [one.waited_us for one in load.answers[first:]]
        is_quick = bool(answers) and latency_of(answers).p99_ms <= WELL_MS
        well.append(is_quick and load.refused.total() == refused)
    bad = [n for n, is_well in enumerate(well, start=1) if not is_well]
    last_bad = bad[-1] if bad else 0
    return None if last_bad == len(well) else last_bad


def _made_certain(bench: Bench, load: HttpLoad) -> int:
    """Ask 5203 for each unknown until it is certain; how many turn out to be settled."""
    settled = 0
    until = time.monotonic() + FINAL_WITHIN_S
    with httpx.Client(base_url=f"http://{load.host}:{load.port}") as http:
        for asked in load.unknown:
            while (answer := _asked(http, load, asked)) == "unknown":
                bench.parts.check()
                if time.monotonic() > until:
                    raise TimeoutError(f"{asked.msgid} is still unknown")
                time.sleep(0.2)
            settled += answer == "settled"
    return settled


def _asked(http: httpx.Client, load: HttpLoad, asked: Asked) -> str:
    reply = http.post("/", content=load.question(asked)).json()
    if reply["infcode"] == 0:
        return "settled"
    return "unknown" if "[2004]" in reply["err_msg"] else "void"
