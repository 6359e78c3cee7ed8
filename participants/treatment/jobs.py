"""Runs the workers of several areas, one thread each, until told to stop or one of them dies."""

import logging
import threading
from collections.abc import Mapping

from contracts.delivery.processor import Processor

log = logging.getLogger(__name__)


def run(workers: Mapping[str, Processor], stop: threading.Event) -> int:
    """0 when all ended because of `stop`; 1 when one died, which ends the others.

    A process that goes on with some of its areas would look healthy while others stand still.
    """
    died: list[str] = []
    threads = [
        threading.Thread(target=_loop, name=name, args=(name, worker, stop, died))
        for name, worker in workers.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 1 if died else 0


def _loop(name: str, worker: Processor, stop: threading.Event, died: list[str]) -> None:
    try:
        worker.run(stop)
    except Exception as error:  # noqa: BLE001 - whatever it was, the others must end with it
        # Only the error's type: the texts of a database quote rows, and rows are people.
        log.error("%s cannot go on (%s)", name, type(error).__name__)  # noqa: TRY400
        died.append(name)
        stop.set()
    finally:
        _close(name, worker)


def _close(name: str, worker: Processor) -> None:
    """Leave the group and strike what was sent; a database that is gone does not keep us here."""
    try:
        worker.broker.close()
        worker.outbox.close()
    except Exception as error:  # noqa: BLE001 - its successor sweeps what it left
        log.error("%s did not close cleanly (%s)", name, type(error).__name__)  # noqa: TRY400
