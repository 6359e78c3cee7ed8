"""A process that runs seeds, one a line of its input, and answers with one line of JSON each.

Its own, because only a new interpreter can be given PYTHONHASHSEED: sets keep one order then.
"""

import logging
import sys
from pathlib import Path

from simulators.simulation.databases import Templates
from simulators.simulation.run import simulate


def main(admin_url: str, prefix: str, hours: str, folder: str) -> None:
    logging.disable(logging.CRITICAL)  # the programs complain of every fault, and rightly so
    for line in sys.stdin:
        outcome = simulate(
            int(line),
            float(hours),
            Templates(admin_url, prefix),
            folder=Path(folder) if folder else None,
        )
        print(outcome.as_json(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
