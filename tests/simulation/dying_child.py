"""Stands for a process that runs seeds: seed 1 kills it, every other one is good."""

import os
import sys

from simulators.simulation.outcome import Outcome


def main() -> None:
    for line in sys.stdin:
        if int(line) == 1:
            os._exit(7)
        print(_good(int(line)).as_json(), flush=True)  # noqa: T201 - that is how it answers


def _good(seed: int) -> Outcome:
    return Outcome(
        seed=seed,
        hours=0.1,
        hash="x",
        events=1,
        settled=1,
        broken=(),
        pending=(),
        faults_injected={},
        struck={},
        rested_after_s=0.0,
    )


if __name__ == "__main__":
    main()
