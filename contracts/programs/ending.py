"""How a program ends: when it is told to, or in one sentence where somebody can mend the cause."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts.delivery.broker import SendFailed
from contracts.delivery.processor import GaveUp, TooManyDeadLetters
from contracts.programs.settings import NotSet, SettingWrong
from contracts.refusal import Refused

log = logging.getLogger(__name__)

# An error, and what to tell the operator about it, in whole lines.
Trouble = tuple[type[BaseException], Callable[[Any], str]]

# What PostgreSQL's client says when it gets no connection. The first that occurs is meant; its
# whole text is never shown, because it may quote a URL with its password at the wrong place.
_WHY_NO_CONNECTION = (
    ("password authentication failed", "用户名或密码不对"),
    ("no password supplied", "缺少密码"),
    ("does not exist", "没有这个数据库或用户"),
    ("Connection refused", "连接被拒绝"),
    ("could not translate host name", "找不到主机"),
    ("timeout expired", "连接超时"),
    ("too many", "连接数已满"),
)
_UNDEFINED = frozenset({"42P01", "42703"})  # a table, a column


class LoopDied(Exception):
    """A loop of this program could not go on, and the others ended with it."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        super().__init__(name)
        self.name, self.error = name, error


class NotServing(Exception):
    """The HTTP server did not come up; the text is its address, the log has the reason."""


def told_to_stop() -> threading.Event:
    """Set by SIGTERM or Ctrl-C: loops end after the batch, and servers after the requests, at hand.

    From here on the signals do nothing else.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def said_plainly(own: Sequence[Trouble] = ()) -> Iterator[None]:
    """What somebody can mend is told in a sentence, with exit code 1 and without a traceback.

    `own` are a program's own troubles; they come before those that all programs share.
    """
    try:
        yield
    except Exception as error:
        sentence = sentence_of(error, own)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        raise SystemExit(1) from error


def sentence_of(error: BaseException, own: Sequence[Trouble] = ()) -> str | None:
    """What is told about this error; None for one that nobody foresaw: that is a fault of ours."""
    for kind, tell in (*own, *_troubles()):
        if isinstance(error, kind):
            return tell(error)
    return None


def close(*ends: Callable[[], object]) -> None:
    """End each; a database or broker that is gone does not keep us here."""
    for end in ends:
        try:
            end()
        except Exception as error:  # noqa: BLE001
            # What was not struck is sent again by the successor, and is nothing there.
            log.error("not closed cleanly (%s)", type(error).__name__)  # noqa: TRY400


def _troubles() -> tuple[Trouble, ...]:
    # The client is heavy, and only what has used it can fail with its errors.
    from kafka.errors import KafkaError

    return (
        (NotSet, lambda error: f"未设置环境变量 {error}"),
        (SettingWrong, lambda error: f"环境变量有误：{error}"),
        (Refused, str),
        (GaveUp, lambda error: f"数据库持续不可用，已停止：{error}"),
        (TooManyDeadLetters, lambda error: f"连续多条消息处理失败，已停止：{error}"),
        (LoopDied, _of_a_loop),
        (NotServing, lambda error: f"无法提供服务：{error}，原因见日志"),
        (SendFailed, lambda _: "Kafka 未接收消息，可稍后重试"),
        (KafkaError, lambda error: f"Kafka 不可用（{type(error).__name__}），请检查 YIDI_KAFKA"),
        (PoolTimeout, lambda _: "数据库不可用：连接数已满"),
        (DBAPIError, lambda error: _of_a_database(error.orig or error)),
        (psycopg2.Error, _of_a_database),
    )


def _of_a_loop(died: LoopDied) -> str:
    told = None if died.error is None else sentence_of(died.error)
    return told or f"{died.name} 无法继续，已停止，原因见日志"


def _of_a_database(error: BaseException) -> str:
    state = getattr(error, "pgcode", None)
    if state in _UNDEFINED:
        return "数据库结构不是最新，请先执行 migrate"
    if state is not None:
        return f"数据库出错（{type(error).__name__} {state}）"
    whys = (why for words, why in _WHY_NO_CONNECTION if words in str(error))
    return f"数据库不可用：{next(whys, type(error).__name__)}"
