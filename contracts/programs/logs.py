"""What every program's log looks like: one line format, one instant for all, and no identities."""

import logging
import time
import traceback
from collections.abc import Mapping
from types import TracebackType

LINE = "%(asctime)s.%(msecs)03dZ %(levelname)s %(threadName)s %(name)s: %(message)s"
LEVELS: Mapping[str, int] = {
    "": logging.INFO,
    "kafka": logging.WARNING,  # it tells every connection and every rebalance
    # It calls every connection that closes an error, our own closing too (a closed socket is read
    # once more, an AttributeError). What that means is told by whoever waited on the connection.
    "kafka.net.transport": logging.CRITICAL,
}

Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Of an error its type and place only: its text may quote a row, and rows are about people.

    A record is one line, whatever it says: a line of the log is then never half of another's, and
    nothing that is quoted in one can look like a line of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        return " ¦ ".join(super().format(record).splitlines())

    def formatException(self, ei: Caught) -> str:  # noqa: N802 - the library's name for it
        kind, _, trace = ei
        if kind is None:
            return ""
        return "".join([*traceback.format_tb(trace), kind.__name__])


def log_to_stderr() -> None:
    """Set this process's logging, once; where there is one already, only its levels."""
    formatter = Discreet(LINE, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler])
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
