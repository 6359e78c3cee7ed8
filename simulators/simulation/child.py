"""A process that runs seeds, one a line of its input, and answers with one line of JSON each.

Its own, because only a new interpreter can be given PYTHONHASHSEED: sets keep one order then.
"""

import faulthandler
import sys
from pathlib import Path

from simulators.simulation.databases import Templates
from simulators.simulation.run import simulate
from simulators.simulation.seeds import longest_s


def main(admin_url: str, prefix: str, hours: str, folder: str) -> None:
    for line in sys.stdin:
        # Whoever waits for a lock that a sleeper holds waits for ever: it ends, and says where.
        faulthandler.dump_traceback_later(longest_s(float(hours)), exit=True)
        outcome = simulate(
            int(line),
            float(hours),
            Templates(admin_url, prefix),
            folder=Path(folder) if folder else None,
        )
        faulthandler.cancel_dump_traceback_later()
        print(outcome.as_json(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
