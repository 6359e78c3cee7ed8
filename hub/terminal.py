"""How the hub's programs end: after the batch at hand, or in one sentence when they must."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError

from contracts.delivery.processor import GaveUp, TooManyDeadLetters
from contracts.refusal import Refused
from hub.settings import NotSet

log = logging.getLogger(__name__)


def told_to_stop() -> threading.Event:
    """Set by SIGTERM or Ctrl-C: the loops end after the batch they are at."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def said_plainly() -> Iterator[None]:
    """What an operator can mend is said in one sentence, without a traceback."""
    try:
        yield
    except NotSet as error:
        raise _failed(f"未设置环境变量 {error}") from error
    except ValidationError as error:
        wrong = [".".join(map(str, fault["loc"])) for fault in error.errors()]
        names = "、".join(f"YIDI_{name.upper()}" for name in wrong)
        raise _failed(f"环境变量有误：{names}") from error
    except GaveUp as error:
        raise _failed(f"数据库持续不可用，已停止：{error}") from error
    except TooManyDeadLetters as error:
        raise _failed(f"连续多条消息处理失败，已停止：{error}") from error
    except Refused as error:
        raise _failed(str(error)) from error


def _failed(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(1)


def close(*ends: Callable[[], object]) -> None:
    """End each; a database or broker that is gone does not keep us here."""
    for end in ends:
        try:
            end()
        except Exception as error:  # noqa: BLE001
            # What was not struck is sent again by the successor, and is nothing there.
            log.error("not closed cleanly (%s)", type(error).__name__)  # noqa: TRY400
