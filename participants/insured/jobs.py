"""Runs the loops of one or more areas until they are told to stop, or until one of them dies."""

import logging
import threading
from collections.abc import Mapping

from contracts.delivery.processor import Processor

log = logging.getLogger(__name__)

STOPPED, DIED = 0, 1


def run(workers: Mapping[str, Processor], stop: threading.Event) -> int:
    """One thread a worker. STOPPED after `stop`; DIED when a worker did, and then all end.

    A process that goes on with some of its areas would look healthy while others stand still.
    """
    died = threading.Event()
    threads = [
        threading.Thread(target=_work, args=(name, worker, stop, died), name=name)
        for name, worker in workers.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return DIED if died.is_set() else STOPPED


def _work(name: str, worker: Processor, stop: threading.Event, died: threading.Event) -> None:
    try:
        worker.run(stop)
    except Exception as error:  # noqa: BLE001
        # Only the error's type: the texts of a database quote rows, and rows are people.
        log.error("%s cannot go on (%s)", name, type(error).__name__)  # noqa: TRY400
        died.set()
        stop.set()
    finally:
        _close(name, worker)


def _close(name: str, worker: Processor) -> None:
    """Leave the group and strike what was sent; a database that is gone does not keep us here."""
    try:
        worker.broker.close()
        worker.outbox.close()
    except Exception as error:  # noqa: BLE001
        kind = type(error).__name__
        log.error("%s did not close cleanly (%s); its successor sweeps", name, kind)  # noqa: TRY400
