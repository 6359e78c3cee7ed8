"""Clearing, cycle by cycle: one step a day after a cycle has ended, until its run is closed."""

from collections.abc import Callable
from datetime import date

from simulators.demo.months import answering, issuing, papers, paying
from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene

Step = Callable[[Scene, Run], None]
STEPS: tuple[Step, ...] = (
    issuing.issue,
    answering.answer,
    answering.confirm,
    paying.pay,
    papers.close,
)
"""The first on the day after the cycle's last, and each of the others a day later."""


def work(scene: Scene) -> None:
    """What is to be done today: a step of every run that is not closed."""
    _begin_next(scene)
    for run in scene.runs:
        _step(scene, run)


def finish(scene: Scene) -> None:
    """The story is over: do all that is left to do of every run."""
    _begin_next(scene)
    for run in scene.runs:
        while _step(scene, run):
            pass


def _begin_next(scene: Scene) -> None:
    upcoming = scene.operator.get("/clearing/calendar")
    last = date.fromisoformat(upcoming["last_day"])
    if last < scene.today and all(run.cycle != upcoming["cycle"] for run in scene.runs):
        ways = scene.cast.netting
        number = len(scene.runs)
        scene.runs.append(Run(upcoming["cycle"], number + 1, ways[number % len(ways)], last))


def _step(scene: Scene, run: Run) -> bool:
    if run.done == len(STEPS):
        return False
    STEPS[run.done](scene, run)
    run.done += 1
    return True
