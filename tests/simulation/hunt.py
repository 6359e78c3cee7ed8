"""Runs seeds in a process of its own, with one planted fault or none, until one of them fails.

Only tests start it: neither the product nor its simulators know of planted faults.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from simulators.simulation import plan
from simulators.simulation.databases import Templates
from simulators.simulation.outcome import Outcome
from simulators.simulation.plan import Kind
from simulators.simulation.run import simulate
from tests.simulation.planted import PENDING, PLANTED

HOURS = 0.2
CASES_PER_HOUR = 160
# Per hour: rougher than the seeds of every day, so that a few of them are enough.
ROUGH: Mapping[Kind, int] = {
    Kind.CRASH: 60,
    Kind.KILL: 12,
    Kind.PAUSE: 12,
    Kind.DOUBT: 8,
    Kind.DATABASE_RESTART: 8,
    Kind.BROKER_STOP: 8,
    Kind.REPEATING: 8,
    Kind.SLOW: 4,
    Kind.FORGETFUL: 4,
    Kind.POISON: 4,
    Kind.HOLD: 16,
}
NOTHING = ""
LASTS_AT_MOST_S = 1_200


@dataclass(frozen=True, slots=True)
class Hunted:
    """What one seed found: names of truths, or PENDING; nothing when all was well."""

    seed: int
    found: Sequence[str]
    told: Sequence[str]


def hunted(
    on: Templates, name: str, seeds: Sequence[int], *, is_planted: bool = True
) -> list[Hunted]:
    """What seeds find, in a child process, up to the first that finds what was planted.

    Without `is_planted` the sound product lives on the stage of that fault, through all seeds.
    """
    asked = [name, "planted" if is_planted else "sound", on.admin_url, on.prefix]
    command = [sys.executable, "-m", "tests.simulation.hunt", *asked, *map(str, seeds)]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=LASTS_AT_MOST_S,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},  # the same seed, the same run
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    return [Hunted(**json.loads(line)) for line in ran.stdout.splitlines()]


def main(name: str, how: str, admin_url: str, prefix: str, *seeds: str) -> None:
    is_planted = how == "planted" and name != NOTHING
    wanted = set(PLANTED[name].found) if is_planted else set()
    for seed in map(int, seeds):
        found = _one(name, Templates(admin_url, prefix), seed, is_planted=is_planted)
        print(json.dumps({"seed": found.seed, "found": found.found, "told": found.told}))  # noqa: T201
        if wanted & set(found.found):
            return


def _one(name: str, on: Templates, seed: int, *, is_planted: bool = True) -> Hunted:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "USUAL", ROUGH)
        patch.setattr(plan, "CASES_PER_HOUR", CASES_PER_HOUR)
        drawn = plan.planned(seed, HOURS)
        if name != NOTHING:
            PLANTED[name].around(patch)
            drawn = PLANTED[name].staged(drawn)
        if name != NOTHING and is_planted:
            PLANTED[name].plant(patch)
        outcome = simulate(seed, HOURS, on, plan=drawn)
    return Hunted(seed, _names(outcome), _told(outcome))


def _names(outcome: Outcome) -> list[str]:
    found = {one.truth for one in outcome.broken}
    return sorted(found | {PENDING} if outcome.pending else found)


def _told(outcome: Outcome) -> list[str]:
    return [*(f"{one.truth}: {one.what}" for one in outcome.broken[:3]), *outcome.pending[:3]]


if __name__ == "__main__":
    main(*sys.argv[1:])
