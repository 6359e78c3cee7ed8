"""How each kind of fault is done to a country, and undone."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

from simulators.simulation.country import Country
from simulators.simulation.engines import lose_answer
from simulators.simulation.places import API
from simulators.simulation.plan import Fault, Kind, Plan
from simulators.simulation.processes import Span
from simulators.simulation.record_log import Weather
from simulators.simulation.rhythm import party_of
from simulators.simulation.sessions import terminate
from simulators.simulation.steps import Step, crash
from simulators.simulation.wires import Wires
from simulators.truth_checks.days import EXPIRES

POISONED = ("hub.settlements", "hub.calculations")
POISONS: tuple[bytes, ...] = (
    b"\x00\xff poison",
    b'{"poison": 1}',
    b'{"head": {"kind": "NoSuchKind", "sender": "poison"}, "body": {}}',
)
"""Unsigned, so that none of them is read; every one has the word in it."""
AWAITED = frozenset({Kind.CRASH, Kind.DOUBT, Kind.HOLD, Kind.KILL})
"""They are counted when they strike: who is down, or never comes there, is not struck."""
CALM_CUT_PERCENT, CUT_PERCENT = 3, 60


@dataclass(slots=True)
class Trouble:
    """Everything faults are done to; `done` counts what was done, and not what was planned."""

    country: Country
    wires: Wires
    admin_url: str
    random: Random
    done: Counter[str] = field(default_factory=Counter)

    def await_all(self, plan: Plan) -> None:
        scheduler = self.country.stage.scheduler
        for fault in plan.faults:
            scheduler.after(fault.at_s, partial(self.strike, fault))

    def strike(self, fault: Fault) -> None:
        stage = self.country.stage
        stage.events.note(
            "fault", fault.kind, f"{fault.who} {fault.step} {fault.table} {fault.lasts_s:.3f}"
        )
        stage.rhythm.stir(fault.who)
        if fault.kind not in AWAITED:
            self.done[fault.kind] += 1
        undo = FAULTS[fault.kind](self, fault)
        if undo is not None:
            stage.scheduler.after(fault.lasts_s, partial(self._undo, fault, undo))

    def away(self) -> dict[str, list[Span]]:
        """When each party could not work, as `Sides.away` wants it.

        A broker that is away is no excuse: who expires settlements, and who tells a hospital at T,
        needs a database of its own and nobody else. Nor is another process of the hub, unless it
        stands still and holds the rows; nor is the hub's API, for nobody waits for its people.
        """
        found: dict[str, list[Span]] = {}
        for name, process in self.country.processes.items():
            spans = found.setdefault(party_of(name), [])
            is_no_excuse = name == API or name.startswith("gateway")  # the other gateway is up
            spans += process.stood_still() if is_no_excuse else process.away()
        hub = self.country.processes
        found[EXPIRES] = [*hub[EXPIRES].away(), *hub["hub.work"].stood_still()]
        return found

    def calm(self) -> None:
        """Faults have stopped: nothing is armed any more."""
        self.country.stage.steps.armed.clear()
        self.country.stage.steps.holds.clear()

    def _undo(self, fault: Fault, undo: Callable[[], object]) -> None:
        self.country.stage.events.note("fault", "over", f"{fault.kind} {fault.who}")
        self.country.stage.rhythm.stir(fault.who)
        undo()

    def weather(self, **changes: object) -> Callable[[], object]:
        """Change the broker's; the undoing puts back what these were in calm."""
        log, calm = self.country.stage.log, Weather()
        log.weather = replace(log.weather, **changes)  # type: ignore[arg-type]  # names of fields
        back = {name: getattr(calm, name) for name in changes}

        def undo() -> None:
            log.weather = replace(log.weather, **back)

        return undo


Strike = Callable[[Trouble, Fault], Callable[[], object] | None]


def _crash(at: Trouble, fault: Fault) -> None:
    process = at.country.processes[fault.who]

    def strike() -> None:
        process.comes_back_after_s = fault.lasts_s
        at.done[Kind.CRASH] += 1
        crash()

    at.country.stage.steps.armed[fault.who, fault.step] = strike


def _hold(at: Trouble, fault: Fault) -> None:
    process = at.country.processes[fault.who]

    def strike() -> None:
        at.done[Kind.HOLD] += 1
        process.hold(fault.lasts_s)

    at.country.stage.steps.holds[fault.who, fault.table] = strike


def _doubt(at: Trouble, fault: Fault) -> None:
    def strike() -> None:
        at.done[Kind.DOUBT] += 1
        lose_answer()

    at.country.stage.steps.armed[fault.who, Step.COMMIT_ANSWERED] = strike


def _kill(at: Trouble, fault: Fault) -> None:
    process = at.country.processes[fault.who]
    if process.is_up:
        at.done[Kind.KILL] += 1
        process.comes_back_after_s = fault.lasts_s
        process.crash()


def _pause(at: Trouble, fault: Fault) -> Callable[[], object]:
    process = at.country.processes[fault.who]
    process.pause()
    return process.go_on


def _sharing(at: Trouble, fault: Fault) -> tuple[str, list[str]]:
    """The database of a process, and all processes on it."""
    processes = at.country.processes
    url = processes[fault.who].database_url
    return url, [name for name, one in processes.items() if one.database_url == url]


def _restart_database(at: Trouble, fault: Fault) -> None:
    terminate(at.admin_url, _sharing(at, fault)[0])


def _lose_database(at: Trouble, fault: Fault) -> Callable[[], object]:
    url, names = _sharing(at, fault)
    for name in names:
        at.country.processes[name].lose_database()
    terminate(at.admin_url, url)

    def undo() -> None:
        for name in names:
            at.country.processes[name].find_database()

    return undo


def _cut_off(at: Trouble, _fault: Fault) -> Callable[[], object]:
    at.wires.cut_percent = CUT_PERCENT

    def undo() -> None:
        at.wires.cut_percent = CALM_CUT_PERCENT

    return undo


def _poison(at: Trouble, _fault: Fault) -> None:
    topic, value = at.random.choice(POISONED), at.random.choice(POISONS)
    at.country.stage.log.append("poison", topic, b"poison", value)


def _stop_broker(at: Trouble, _fault: Fault) -> Callable[[], object]:
    return at.weather(is_stopped=True)


FAULTS: Mapping[Kind, Strike] = {
    Kind.CRASH: _crash,
    Kind.DOUBT: _doubt,
    Kind.KILL: _kill,
    Kind.PAUSE: _pause,
    Kind.DATABASE_RESTART: _restart_database,
    Kind.DATABASE_AWAY: _lose_database,
    Kind.BROKER_STOP: _stop_broker,
    Kind.SLOW: lambda at, _: at.weather(late_percent=40, late_s=12.0),
    Kind.REPEATING: lambda at, _: at.weather(repeat_percent=25, redeliver_percent=20),
    Kind.FORGETFUL: lambda at, _: at.weather(lost_ack_percent=25, lost_commit_percent=40),
    Kind.CUT_OFF: _cut_off,
    Kind.POISON: _poison,
    Kind.HOLD: _hold,
}
